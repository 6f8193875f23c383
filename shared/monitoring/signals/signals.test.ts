import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Joined, mergeOutcomes, type Outcome, outcomeOf } from '../../outcomes/outcome.ts';
import { countScores } from '../../profiles/index.ts';
import { emptyTally, latencyBucket, type Summary } from '../../summaries/index.ts';
import type { SignalSetting } from '../settings.ts';
import { itemsMax } from '../signal.ts';
import {
  conceptDrift,
  detectorNames,
  estimatedPerformance,
  excess,
  fitCalibrator,
  insufficient,
  type JudgedSignal,
  latency,
  latencyOf,
  performance,
  performanceFigures,
  traffic,
  trafficOf,
} from './index.ts';
import { hourMilliseconds, hourOf, pastOf, start, usual } from './testing.ts';

const label = fc.constantFrom<string | number>('yes', 'no', 'maybe', 'NaN', '', 0, 1, -1e300, 1e300);
const score = fc.oneof(
  fc.double({ min: 0, max: 1 }),
  fc.constantFrom(null, Number.NaN, Infinity, -Infinity, -3, 7, 1e308, 0, 1),
);
const row = fc.record({
  hour: fc.nat(3),
  predicted: fc.constantFrom('yes', 'no', 'other', '', null, '__proto__', 'constructor'),
  score,
  label,
});
const rows = fc.oneof(
  fc.array(row, { maxLength: 60 }),
  // All of one kind: one class, all wrong, all numbers, all without a score.
  fc
    .record({ each: row, count: fc.nat(300) })
    .map(({ each, count }) => Array.from({ length: count }, (_, at) => ({ ...each, hour: at % 4 }))),
);
// JSON knows no −0.
const bound = fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => each + 0);
const threshold = fc.oneof(
  fc.constant({ kind: 'learnt' as const, sigmas: 3, windows: 1 }),
  fc.record({ lower: bound }).map((bounds) => ({ kind: 'given' as const, bounds })),
  fc.constant({ kind: 'given' as const, bounds: {} }),
);
const setting = fc
  .dictionary(fc.constantFrom('accuracy', 'mae', 'auc', 'adwin', 'calls', 'error-rate', 'p95-ms'), threshold)
  .map((thresholds): SignalSetting => ({ enabled: true, severity: 'critical', thresholds }));

const outcomeOfRows = (
  some: readonly (Omit<Joined, 'at' | 'predictionId'> & { hour: number })[],
): Outcome => {
  const hours = [0, 1, 2, 3].map((hour) => {
    const joined = some
      .filter((each) => each.hour === hour)
      .map((each, at): Joined => ({ ...each, at, predictionId: `${at}` }));
    return outcomeOf(hourOf(hour), joined.length, joined);
  });
  return hours.reduce(mergeOutcomes);
};

/** All signals of one window, by what was counted in it. */
function signalsOf(
  current: Parameters<typeof outcomeOfRows>[0],
  before: Parameters<typeof outcomeOfRows>[0],
  by: SignalSetting,
  summaries: readonly Summary[],
): JudgedSignal[] {
  const [outcome, earlier] = [outcomeOfRows(current), outcomeOfRows(before)];
  const source = 'first-labelled-window';
  const common = { segment: '', minLabelled: 20, minRows: 20 };
  const calibrator = fitCalibrator(earlier, { source, classes: null, minLabelled: 20 });
  const scores = countScores(
    current.map(({ predicted }) => predicted),
    current.map((each) => each.score),
  );
  const baseline = { ...performanceFigures(earlier), source } as const;
  const now = trafficOf(summaries);
  const once = [
    performance({ ...common, outcome, classes: null, baseline }, by),
    estimatedPerformance({ ...common, scores, calibrator }, by),
    conceptDrift(
      {
        ...common,
        from: start,
        to: start + 4 * hourMilliseconds,
        errors: outcome.errors,
        errorsFrom: start,
        state: null,
      },
      { ...by, detectors: detectorNames },
    ).result,
    traffic({ ...common, traffic: now, weeks: [], days: [now, now, now] }, by),
    latency({ ...common, latency: latencyOf(summaries) }, by),
  ];
  const [first] = once;
  return [
    ...once,
    performance({ ...common, outcome, classes: [], baseline, past: first ? pastOf([first]) : [] }, by),
  ];
}

test('every input has an answer: a verdict with figures that are numbers, or none with a reason', () => {
  const calls = fc.array(fc.nat(100), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(
      rows,
      rows,
      setting,
      calls,
      (current, before, by, [good = 0, bad = 0, many = 0, failed = 0, late = 0]) => {
        const summary: Summary = {
          ...emptyTally({ deployment: 'main', variant: 'stable', version: 1, digest: 'd' }, start),
          calls: { '2xx': good, '4xx': bad, '429': many, '500': failed, '504': late },
          latency: new Map(good + late > 0 ? [[latencyBucket(good), good + late]] : []),
        };
        for (const result of signalsOf(current, before, by, [summary])) {
          expect(result.severity).toBe('critical');
          expect(result.verdict === 'insufficient-data').toBe(result.reason !== undefined);
          expect(result.items.length).toBeLessThanOrEqual(itemsMax);
          for (const { verdict, value, bounds, reason, band } of result.items) {
            const { lower = -Infinity, upper = Infinity } = band ?? {};
            expect(value === null ? band === undefined : lower <= value && value <= upper).toBe(true);
            expect(value === null || Number.isFinite(value)).toBe(true);
            expect(verdict === 'insufficient-data').toBe(reason !== undefined);
            expect(verdict === 'breached').toBe(
              value !== null && bounds !== null && excess(value, bounds) > 0 && !reason,
            );
          }
          // What is stored is what is said.
          expect(JSON.parse(JSON.stringify(result))).toEqual(result);
          expect(result.verdict === 'breached').toBe(
            result.items.some(({ verdict }) => verdict === 'breached'),
          );
          expect(result.band).toEqual(result.items.find(({ metric }) => metric === result.metric)?.band);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a signal that has nothing says so in one shape', () => {
  expect(insufficient({ signal: 'skew', segment: '', metric: 'psi' }, usual, 'No reference.')).toEqual({
    signal: 'skew',
    segment: '',
    severity: 'warning',
    verdict: 'insufficient-data',
    reason: 'No reference.',
    metric: 'psi',
    value: null,
    bounds: null,
    items: [],
  });
  expect(detectorNames).toEqual(['adwin', 'page-hinkley', 'ddm', 'eddm']);
});
