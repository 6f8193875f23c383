import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countScores, mergeScores, type ScoresByClass } from '../../profiles/index.ts';
import { estimatePerformance } from '../../stats/index.ts';
import { closeness, golden, uniform, worst } from '../../stats/testing.ts';
import { estimateOf } from './estimate.ts';
import { type Calibrator, estimatedPerformance, fitCalibrator } from './index.ts';
import { counted, given, numberRows, twoClassRows, uniforms, usual } from './testing.ts';

type Rows = ReturnType<typeof twoClassRows>;

const scoresOf = (rows: Rows): ScoresByClass =>
  countScores(
    rows.map(({ predicted }) => predicted),
    rows.map(({ score }) => score),
  );
const calibratorOf = (rows: Rows, classes: readonly string[] | null = null) =>
  fitCalibrator(counted(rows), { source: 'evaluation-set', classes, minLabelled: 100 });
const fitted = (rows: Rows): Calibrator => {
  const found = calibratorOf(rows);
  if ('why' in found) throw new Error(found.why);
  return found;
};
const input = (rows: Rows, calibrator: ReturnType<typeof calibratorOf>, minRows = 200) => ({
  segment: '',
  scores: scoresOf(rows),
  calibrator,
  minRows,
});
const accuracyOf = (rows: Rows) =>
  rows.filter(({ predicted, label }) => predicted === label).length / rows.length;

describe('estimates of scores in bins', () => {
  test('are NannyML’s of the rows, within a bin', () => {
    type Case = {
      seed: number;
      n: number;
      classes: number;
      estimate: { accuracy: number; rocAuc: number; f1: number };
    };
    const cases = golden<Case>('estimates', 'cbpe').filter(({ classes, n }) => classes === 2 && n >= 100);
    expect(cases.length).toBeGreaterThanOrEqual(9);
    const x = Array.from({ length: 2_001 }, (_, at) => at / 2_000);
    const probability = { x, y: x.map((score) => 0.1 + 0.8 * score * score) };
    const error = worst(cases, ({ seed, n, estimate: expected }) => {
      const raw = [uniform(seed, n), uniform(seed + 1, n)];
      const scores = [0, 1].map((of) =>
        raw[of].map((u, row) => (u + 0.01) / (raw[0][row] + 0.01 + (raw[1][row] + 0.01))),
      );
      const predicted = scores[0].map((score, row) => Number(score < scores[1][row]));
      const calibrator: Calibrator = {
        source: 'evaluation-set',
        rows: n,
        figures: {},
        errors: {},
        kind: 'binary',
        classes: ['0', '1'],
        probability,
      };
      const found = estimateOf(
        countScores(
          predicted.map(String),
          predicted.map((each, row) => scores[each][row]),
        ),
        calibrator,
      );
      const of = (turned: boolean) =>
        estimatePerformance({
          scores: scores[1],
          probabilities: scores[1].map((score) => 0.1 + 0.8 * score * score).map((p) => (turned ? 1 - p : p)),
          predicted: predicted.map((each) => (turned ? 1 - each : each)),
        }).f1;
      expect(closeness(of(false), expected.f1)).toBeLessThan(1e-9);
      return Math.max(
        closeness(found.accuracy, expected.accuracy),
        closeness(found.auc ?? Number.NaN, expected.rocAuc),
        closeness(found['macro-f1'] ?? Number.NaN, (of(false) + of(true)) / 2),
      );
    });
    expect(error).toBeLessThan(1e-3);
  });

  test('are those of all hours together, in whatever order', () => {
    const calibrator = fitted(twoClassRows(uniforms(3), 2_000, { power: 2 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 250 }), (rows, seed) => {
        const all = twoClassRows(uniforms(seed), rows + 1);
        const at = seed % rows;
        const merged = mergeScores(scoresOf(all.slice(0, at)), scoresOf(all.slice(at)));
        const [whole, parts] = [
          estimatedPerformance({ ...input(all.toReversed(), calibrator, 1) }, usual),
          estimatedPerformance({ ...input(all, calibrator, 1), scores: merged }, usual),
        ];
        expect(parts).toEqual(whole);
      }),
    );
  });

  test('come near to the truth though scores lie, and of several classes too', () => {
    const draw = uniforms(17);
    const calibrator = fitted(twoClassRows(draw, 5_000, { power: 3 }));
    expect(calibrator).toMatchObject({ kind: 'binary', probability: { x: expect.any(Array) } });
    const window = twoClassRows(draw, 5_000, { power: 3, sharpness: 0.3 });
    const { value } = estimatedPerformance(input(window, calibrator), usual);
    expect(Math.abs((value ?? 0) - accuracyOf(window))).toBeLessThan(0.02);
    const several = (rows: Rows) =>
      rows.map((each, at) =>
        at % 3
          ? each
          : { ...each, predicted: 'maybe', label: each.label === each.predicted ? 'maybe' : 'no' },
      );
    const ofSeveral = fitted(several(twoClassRows(draw, 5_000, { power: 3 })));
    expect(ofSeveral.kind).toBe('several');
    const found = estimatedPerformance(input(several(window), ofSeveral), usual);
    expect(found.items.map(({ metric }) => metric)).toEqual(['accuracy']);
    expect(Math.abs((found.value ?? 0) - accuracyOf(several(window)))).toBeLessThan(0.03);
  });

  test('leave scores alone that are right, and come back from JSON', () => {
    const calibrator = fitted(twoClassRows(uniforms(23), 400));
    expect(calibrator).toMatchObject({ kind: 'binary', classes: ['no', 'yes'] });
    expect(JSON.parse(JSON.stringify(calibrator))).toEqual(calibrator);
    // Where every label is as predicted there is nothing to fit.
    const sure = twoClassRows(uniforms(24), 400).map((each) => ({ ...each, label: String(each.predicted) }));
    expect(fitted(sure)).toMatchObject({ probability: null });
  });
});

describe('estimated performance', () => {
  const labelled = twoClassRows(uniforms(7), 2_000);

  test('has no verdict of odd input, and says why', () => {
    const rows = labelled.slice(0, 300);
    const calibrator = fitted(labelled);
    const why = (some: Rows, by: ReturnType<typeof calibratorOf> = calibrator) => {
      const { verdict, reason } = estimatedPerformance(input(some, by), usual);
      expect(verdict).toBe('insufficient-data');
      return reason;
    };
    expect(why([])).toBe('The window has no predictions of a class.');
    expect(why(rows.slice(0, 199))).toBe(
      '199 of 199 predictions have a probability; at least 200 are needed (min_rows).',
    );
    expect(why(rows.map((each) => ({ ...each, score: Number.NaN })))).toBe(
      'None of 300 predictions has a probability: the version answers a class alone, or NaN.',
    );
    expect(why(rows.map((each, at) => ({ ...each, score: at % 9 ? 0.5 : -4 })))).toBe(
      'The scores are no probabilities: 34 of 300 lie outside of 0 to 1.',
    );
    expect(why(rows.map((each, at) => (at % 3 ? each : { ...each, predicted: 'other' })))).toBe(
      '100 of 300 predictions are of classes that the labelled rows of the version do not have.',
    );
    expect(why(rows, { why: 'The version names no evaluation set.' })).toBe(
      'The version names no evaluation set.',
    );
  });

  test('of rows that teach nothing has no calibrator, and says why', () => {
    expect(calibratorOf([])).toEqual({
      why: 'Only of classes can it be estimated how many are right, not of numbers.',
    });
    expect(calibratorOf(numberRows(uniforms(1), 300))).toEqual({
      why: 'Only of classes can it be estimated how many are right, not of numbers.',
    });
    expect(calibratorOf(labelled.slice(0, 99))).toEqual({
      why: '99 labelled rows have a probability; at least 100 are needed to calibrate (min_labelled).',
    });
    expect(calibratorOf(labelled.map((each) => ({ ...each, score: null })))).toEqual({
      why: 'None of 2000 predictions has a probability: the version answers a class alone, or NaN.',
    });
    // A single class: the accuracy alone can be told.
    const one = labelled.map((each) => ({ ...each, predicted: 'yes', label: 'yes' }));
    const found = estimatedPerformance(input(one, fitted(one)), usual);
    expect(found).toMatchObject({ metric: 'accuracy', items: [{ metric: 'accuracy' }] });
  });

  test('takes bounds that are given at their word', () => {
    const rows = input(labelled.slice(0, 500), fitted(labelled));
    const { value } = estimatedPerformance(rows, usual);
    const at = (lower: number) => estimatedPerformance(rows, given('accuracy', { lower })).verdict;
    expect([at(value ?? 0), at((value ?? 0) + 1e-9)]).toEqual(['ok', 'breached']);
  });

  test('does not give the alarm in more than one window of 100 where nothing changes', () => {
    const draw = uniforms(37);
    for (const [rows, power] of [
      [200, 1],
      [500, 1],
      [300, 3],
    ] as const) {
      const calibrator = fitted(twoClassRows(draw, 3_000, { power }));
      const breached = Array.from({ length: 1_000 }, () =>
        estimatedPerformance(input(twoClassRows(draw, rows, { power }), calibrator), usual),
      ).filter(({ verdict }) => verdict === 'breached');
      expect(breached.length).toBeLessThanOrEqual(10);
    }
  });

  test('of a model that is always right, and too modest, is no breach; that it became less sure still is', () => {
    const draw = uniforms(41);
    const perfect = (rows: number, sharpness: number, several = false) =>
      twoClassRows(draw, rows, { sharpness }).map((each, at) => {
        const predicted = several && at % 3 === 0 ? 'maybe' : each.predicted;
        return { ...each, predicted, label: String(predicted) };
      });
    for (const several of [false, true]) {
      const calibrator = fitted(perfect(2_000, 0.6, several));
      expect(calibrator).toMatchObject({ figures: { accuracy: { value: 1 } }, probability: null });
      const breached = (sharpness: number) =>
        Array.from({ length: 200 }, () =>
          estimatedPerformance(input(perfect(200, sharpness, several), calibrator), usual),
        ).filter(({ verdict }) => verdict === 'breached').length;
      expect(breached(0.6)).toBeLessThanOrEqual(2);
      expect(breached(0.1)).toBeGreaterThanOrEqual(198);
    }
  });

  test('is held against the labels of a calibrator that was kept without an estimate', () => {
    const { estimated, ...kept } = fitted(labelled);
    const { bounds } = estimatedPerformance(input(labelled.slice(0, 500), kept), usual);
    expect(bounds?.lower).toBeLessThan((kept.figures.accuracy?.value ?? 0) - 0.05 + 1e-12);
    expect(Math.abs((estimated?.accuracy ?? 0) - (kept.figures.accuracy?.value ?? 0))).toBeLessThan(0.02);
  });

  test('sees a model that has become less sure at once, or gradually, and none that errs as sure as before', () => {
    const draw = uniforms(43);
    const calibrator = fitted(twoClassRows(draw, 3_000, { sharpness: 0.8 }));
    const verdict = (options: { sharpness: number; flipped?: number }) =>
      estimatedPerformance(input(twoClassRows(draw, 1_000, options), calibrator), usual).verdict;
    for (let repeat = 0; repeat < 20; repeat++) expect(verdict({ sharpness: 0.4 })).toBe('breached');
    const first = Array.from({ length: 10 }, (_, n) => verdict({ sharpness: 0.8 - (n + 1) * 0.06 })).indexOf(
      'breached',
    );
    expect(first).toBeGreaterThanOrEqual(1);
    expect(first).toBeLessThanOrEqual(5);
    // What the inputs mean has changed, and the inputs have not: only labels show it.
    expect(verdict({ sharpness: 0.8, flipped: 0.4 })).toBe('ok');
  });
});
