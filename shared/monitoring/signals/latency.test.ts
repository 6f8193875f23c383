import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyTally, latencyBucket, mergeCounts, type Summary } from '../../summaries/index.ts';
import { latency, latencyOf } from './index.ts';
import { given, normals, pastOf, uniforms, usual } from './testing.ts';

const countsOf = (milliseconds: readonly number[]) => {
  const counts = new Map<number, number>();
  for (const each of milliseconds) {
    const bucket = latencyBucket(each * 1_000);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return counts;
};
const input = (milliseconds: readonly number[], past: ReturnType<typeof pastOf> = []) => ({
  segment: '',
  latency: countsOf(milliseconds),
  minRows: 200,
  past,
});
const draws = (seed: number) => {
  const normal = normals(uniforms(seed));
  // A median of 20 ms with a long tail: the 99th percentile is five times as much.
  return (calls: number, slower = 1) =>
    Array.from({ length: calls }, () => 20 * slower * Math.exp(0.7 * normal()));
};

describe('latency', () => {
  test('is that of the rank, within 1.6 %, and of callers alone', () => {
    const some = Array.from({ length: 1_000 }, (_, at) => at + 1);
    const { items } = latency(input(some), given('p95-ms', { upper: 1 }));
    const at = (metric: string) => items.find((each) => each.metric === metric)?.value ?? 0;
    expect(Math.abs(at('p95-ms') / 950 - 1)).toBeLessThan(0.016);
    expect(Math.abs(at('p99-ms') / 990 - 1)).toBeLessThan(0.016);
    const summary = (variant: Summary['variant']): Summary => ({
      ...emptyTally({ deployment: 'main', variant, version: 1, digest: 'd' }, 0),
      latency: countsOf([10]),
    });
    expect([...latencyOf([summary('stable'), summary('canary'), summary('mirror')]).values()]).toEqual([2]);
  });

  test('is the same of all parts as of their sum, in whatever order', () => {
    const calls = fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(calls, calls, (a, b) => {
        const whole = latency({ ...input([...a, ...b]), minRows: 1 }, usual);
        expect(
          latency({ ...input([]), latency: mergeCounts([countsOf(b), countsOf(a)]), minRows: 1 }, usual),
        ).toEqual(whole);
      }),
    );
  });

  test('has no verdict of few calls, nor before it knows what is usual, and says why', () => {
    expect(latency(input([]), usual)).toMatchObject({
      verdict: 'insufficient-data',
      value: null,
      reason: '0 calls were answered or took too long; at least 200 are needed (min_rows).',
    });
    expect(latency({ ...input([]), minRows: 0 }, usual).verdict).toBe('insufficient-data');
    expect(latency(input(draws(1)(199)), usual).reason).toBe(
      '199 calls were answered or took too long; at least 200 are needed (min_rows).',
    );
    const early = latency(input(draws(1)(200)), usual);
    expect(early).toMatchObject({ verdict: 'insufficient-data', value: expect.any(Number) });
    expect(early.reason).toContain(
      "0 earlier windows without a breach have 'p95-ms'; bounds are learnt of at least 10",
    );
  });

  test('does not give the alarm in more than one window of 100 where nothing changes, learning as it goes', () => {
    for (const [seed, calls] of [
      [61, 250],
      [67, 2_000],
    ] as const) {
      const draw = draws(seed);
      let past: ReturnType<typeof pastOf> = [];
      let breached = 0;
      for (let n = 0; n < 1_000; n++) {
        const result = latency(input(draw(calls), past), usual);
        if (result.verdict === 'breached') breached++;
        past = [...past, { windowEnd: n, result }].slice(-100);
      }
      expect(breached).toBeLessThanOrEqual(10);
    }
  });

  test('that doubles is seen in its window, and where it grows before it has doubled', () => {
    const draw = draws(73);
    const past = pastOf(Array.from({ length: 30 }, () => latency(input(draw(1_000)), usual)));
    const result = latency(input(draw(1_000, 2), past), usual);
    expect(result).toMatchObject({ verdict: 'breached', learnt: [{ windows: 30 }, { windows: 30 }] });
    expect(result.band?.lower).toBeGreaterThan(result.bounds?.upper ?? Infinity);
    const [p95, p99] = ['p95-ms', 'p99-ms'].map((each) => result.items.find(({ metric }) => metric === each));
    expect(p95?.band).toEqual(result.band);
    expect(p99?.band?.lower).toBeGreaterThan(p95?.value ?? Infinity);
    const first = Array.from({ length: 10 }, (_, n) =>
      latency(input(draw(1_000, 1 + (n + 1) / 10), past), usual),
    ).findIndex(({ verdict }) => verdict === 'breached');
    expect(first).toBeGreaterThanOrEqual(2);
    expect(first).toBeLessThanOrEqual(7);
  });
});
