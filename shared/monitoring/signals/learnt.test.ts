import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignalResult, Verdict } from '../signal.ts';
import { learnBounds, learntWindowsMax } from './index.ts';
import { normals, pastOf, uniforms } from './testing.ts';

const figure = { name: 'p95-ms', metric: 'p95-ms' };
const setting = { kind: 'learnt', sigmas: 3, windows: 5 } as const;

const result = (value: number | null, verdict: Verdict = 'ok'): SignalResult => ({
  signal: 'latency',
  segment: '',
  severity: 'warning',
  verdict,
  metric: 'p95-ms',
  value,
  bounds: null,
  items: [{ ...figure, value, bounds: null, verdict, basis: 'summaries' }],
});
const past = (values: readonly number[]) => pastOf(values.map((value) => result(value)));
const learnt = (
  ...[of, as = setting, side = { side: 'both' }]: [
    Parameters<typeof learnBounds>[0],
    Parameters<typeof learnBounds>[2]?,
    Parameters<typeof learnBounds>[3]?,
  ]
) => {
  const found = learnBounds(of, figure, as, side);
  if ('why' in found) throw new Error(found.why);
  return found;
};

describe('learnt bounds', () => {
  test('are so many deviations, over all windows and not one less, around their mean', () => {
    // numpy.std([1, 2, 3, 4, 5]) is √2.
    expect(learnt(past([1, 2, 3, 4, 5]))).toEqual({
      ...figure,
      bounds: { lower: 3 - 3 * Math.SQRT2, upper: 3 + 3 * Math.SQRT2 },
      mean: 3,
      deviation: Math.SQRT2,
      sigmas: 3,
      windows: 5,
      from: past([0])[0]?.windowEnd,
      to: past([0, 0, 0, 0, 0])[4]?.windowEnd,
    });
  });

  test('are learnt of windows that were no breach, also of those before there were bounds', () => {
    const some = pastOf([
      result(100, 'breached'),
      ...[1, 2, 3].map((value) => result(value, 'insufficient-data')),
      result(null, 'insufficient-data'),
      ...[4, 5].map((value) => result(value)),
    ]);
    expect(learnt(some)).toMatchObject({ mean: 3, windows: 5 });
    expect(learnBounds(some.slice(0, -1), figure, setting, { side: 'both' })).toEqual({
      why: "4 earlier windows without a breach have 'p95-ms'; bounds are learnt of at least 5 (thresholds.p95-ms.learnt.windows).",
    });
    expect(learnBounds([], figure, setting, { side: 'both' })).toHaveProperty('why');
    expect(learnBounds(past([1, 2, 3, 4, Number.NaN]), figure, setting, { side: 'both' })).toHaveProperty(
      'why',
    );
  });

  test('are the same in whatever order windows are given, and forget those of long ago', () => {
    const values = Array.from({ length: learntWindowsMax + 10 }, (_, at) => (at < 10 ? 1e6 : at));
    const windows = past(values);
    fc.assert(
      fc.property(fc.shuffledSubarray(windows, { minLength: windows.length }), (shuffled) => {
        expect(learnt(shuffled)).toEqual(learnt(windows));
      }),
      { numRuns: 20 },
    );
    expect(learnt(windows)).toMatchObject({ windows: learntWindowsMax, mean: 54.5 });
  });

  test('have only the sides that the figure can be bad on, and can reach', () => {
    const some = past([0.97, 0.98, 0.99, 1, 1]);
    expect(Object.keys(learnt(some, setting, { side: 'both', least: 0, most: 1 }).bounds)).toEqual(['lower']);
    expect(Object.keys(learnt(some, setting, { side: 'lower' }).bounds)).toEqual(['lower']);
    expect(Object.keys(learnt(some, setting, { side: 'upper' }).bounds)).toEqual(['upper']);
    expect(learnt(past([0, 0, 0, 0, 0]), setting, { side: 'both', least: 0, most: 1 }).bounds).toEqual({
      upper: 0,
    });
  });

  test.each([
    [5, 0.07],
    [10, 0.022],
    [30, 0.0065],
    [90, 0.0035],
  ])('of %i windows leave %f of what did not change outside', (windows, share) => {
    const normal = normals(uniforms(windows));
    const runs = 20_000;
    let outside = 0;
    for (let run = 0; run < runs; run++) {
      const { bounds } = learnt(past(Array.from({ length: windows }, normal)), { ...setting, windows });
      const next = normal();
      if (next < (bounds.lower ?? 0) || next > (bounds.upper ?? 0)) outside++;
    }
    expect(outside / runs).toBeGreaterThan(share * 0.6);
    expect(outside / runs).toBeLessThan(share * 1.4);
  });
});
