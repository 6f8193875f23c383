import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyTally, mergeSummaries, type Summary } from '../../summaries/index.ts';
import { traffic, type Traffic, trafficOf } from './index.ts';
import { counts, given, pastOf, uniforms, usual } from './testing.ts';

const of = (calls: number, rows = calls, errors = 0): Traffic => ({ calls, rows, errors });
const same = (n: number, each: Traffic): Traffic[] => Array.from({ length: n }, () => each);
const input = (now: Traffic, weeks: readonly Traffic[] = [], days: readonly Traffic[] = []) => ({
  segment: '',
  traffic: now,
  weeks,
  days,
});
const item = (result: ReturnType<typeof traffic>, name: string) =>
  result.items.find((each) => each.name === name);

describe('traffic', () => {
  test('is counted of callers, and not of copies; the same of all parts as of their sum', () => {
    const summary = fc
      .record({
        at: fc.nat(7_200_000),
        variant: fc.constantFrom('stable' as const, 'canary' as const, 'mirror' as const),
        calls: fc.array(fc.nat(50), { minLength: 5, maxLength: 5 }),
        rows: fc.nat(500),
      })
      .map(
        ({ at, variant, calls: [good = 0, bad = 0, many = 0, failed = 0, late = 0], rows }): Summary => ({
          ...emptyTally({ deployment: 'main', variant, version: 1, digest: 'd' }, at),
          calls: { '2xx': good, '4xx': bad, '429': many, '500': failed, '504': late },
          rows,
        }),
      );
    fc.assert(
      fc.property(fc.array(summary, { maxLength: 20 }), (some) => {
        const seen = some.filter(({ variant }) => variant !== 'mirror');
        const sum = (figure: (each: Summary) => number) => seen.reduce((all, each) => all + figure(each), 0);
        const expected = {
          calls: sum(({ calls }) => Object.values(calls).reduce((all, each) => all + each, 0)),
          rows: sum(({ rows }) => rows),
          errors: sum(({ calls }) => calls['500'] + calls['504']),
        };
        expect(trafficOf(some)).toEqual(expected);
        expect(trafficOf(mergeSummaries(some, 3_600_000))).toEqual(expected);
      }),
    );
  });

  test('has no verdict before there is anything to compare with, and says why', () => {
    expect(traffic(input(of(0)), usual)).toMatchObject({
      verdict: 'insufficient-data',
      metric: 'calls',
      reason:
        'There are 0 earlier weeks and 0 earlier days to compare with; at least 3 of either are needed, or thresholds.',
    });
    const young = traffic(input(of(50), same(2, of(40)), same(2, of(40))), usual);
    expect(item(young, 'calls')).toMatchObject({ verdict: 'insufficient-data', value: 50 });
    expect(item(young, 'no-traffic')).toMatchObject({ verdict: 'ok' });
    expect(item(young, 'error-rate')).toMatchObject({ verdict: 'ok', value: 0 });
    const few = traffic(input(of(19, 19, 19), [], same(3, of(19))), usual);
    expect(item(few, 'error-rate')).toMatchObject({
      verdict: 'insufficient-data',
      value: null,
      reason: 'The window has 19 calls; an error rate is told of at least 20.',
    });
  });

  test('that stays away is an item of its own, where some is usual', () => {
    const silent = traffic(input(of(0), same(4, of(200))), usual);
    expect(silent).toMatchObject({ verdict: 'breached', value: 0 });
    expect(item(silent, 'no-traffic')).toMatchObject({ verdict: 'breached', bounds: { lower: 1 } });
    // At night there may be none.
    expect(traffic(input(of(0), same(4, of(3))), usual).verdict).toBe('ok');
    expect(traffic(input(of(0), same(4, of(0))), usual).verdict).toBe('ok');
    expect(item(traffic(input(of(0), [...same(3, of(90)), of(0)]), usual), 'no-traffic')?.verdict).toBe('ok');
  });

  test('is held against weeks, against days where there are too few, and against what is given', () => {
    const days = same(7, of(1_000));
    expect(traffic(input(of(1_000), same(3, of(100)), days), usual).verdict).toBe('breached');
    expect(traffic(input(of(1_000), same(2, of(100)), days), usual).verdict).toBe('ok');
    const { bounds } = traffic(input(of(1_000), [], days), usual);
    expect(bounds).toEqual({ lower: 500, upper: 2_000 });
    expect(traffic(input(of(10)), given('calls', { lower: 11 }))).toMatchObject({
      verdict: 'breached',
      bounds: { lower: 11 },
    });
    const learnt = traffic(
      { ...input(of(500)), past: pastOf(same(6, of(100)).map((each) => traffic(input(each), usual))) },
      { ...usual, thresholds: { calls: { kind: 'learnt', sigmas: 3, windows: 6 } } },
    );
    expect(learnt).toMatchObject({
      verdict: 'breached',
      learnt: [{ metric: 'calls', mean: 100, windows: 6 }],
    });
  });

  test('does not give the alarm in more than one window of 100 where nothing changes', () => {
    const draw = uniforms(53);
    const count = counts(draw);
    for (const mean of [3, 25, 400, 20_000]) {
      const window = () => {
        const calls = count(mean);
        return of(calls, calls * 4, Math.min(calls, count(0.01 * calls)));
      };
      const breached = Array.from({ length: 1_000 }, () =>
        traffic(input(window(), Array.from({ length: 4 }, window)), usual),
      ).filter(({ verdict }) => verdict === 'breached');
      expect(breached.length).toBeLessThanOrEqual(10);
    }
  });

  test('that triples, thins out or fails is seen in its window, and where it grows before it has tripled', () => {
    const count = counts(uniforms(59));
    const weeks = Array.from({ length: 4 }, () => of(count(1_000)));
    const verdict = (calls: number, errors = 0) =>
      traffic(input(of(calls, calls, errors), weeks), usual).verdict;
    expect([verdict(3_000), verdict(300), verdict(1_000, 100)]).toEqual(['breached', 'breached', 'breached']);
    const first = Array.from({ length: 10 }, (_, n) => verdict(1_000 + 200 * (n + 1))).indexOf('breached');
    expect(first).toBeGreaterThanOrEqual(3);
    expect(first).toBeLessThanOrEqual(6);
  });
});
