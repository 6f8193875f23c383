import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeOutcomes } from '../../outcomes/outcome.ts';
import { closeness, golden, sample, uniform, worst } from '../../stats/testing.ts';
import { performance, type PerformanceBaseline, performanceFigures } from './index.ts';
import { counted, given, hourOf, numberRows, twoClassRows, uniforms, usual } from './testing.ts';

const figuresOf = (rows: Parameters<typeof counted>[0], classes: readonly string[] | null = null) =>
  performanceFigures(counted(rows), classes);
const value = (rows: Parameters<typeof counted>[0], metric: keyof ReturnType<typeof figuresOf>['figures']) =>
  figuresOf(rows).figures[metric]?.value ?? Number.NaN;

const baselineOf = (rows: Parameters<typeof counted>[0]): PerformanceBaseline => ({
  ...figuresOf(rows),
  source: 'evaluation-set',
});
const input = (
  rows: Parameters<typeof counted>[0],
  baseline: PerformanceBaseline | null,
  minLabelled = 100,
) => ({ segment: '', outcome: counted(rows), classes: null, baseline, minLabelled });

const row = (predicted: string | null, score: number | null, label: string | number, at = 0) => ({
  predictionId: `${at}`,
  at,
  predicted,
  score,
  label,
});

describe('figures of labelled rows', () => {
  test('have scikit-learn’s accuracy and macro F1', () => {
    type Case = {
      seed: number;
      n: number;
      classes: number;
      skill: number;
      accuracy: number;
      macro: number[];
    };
    const cases = golden<Case>('performance', 'classes').map((expected) => {
      const { seed, n, classes, skill } = expected;
      const [first, right, other] = [0, 1, 2].map((at) => uniform(seed + at, n));
      const truth = first.map((u) => Math.floor(u * u * classes));
      const predicted = truth.map((t, at) => (right[at] < skill ? t : Math.floor(other[at] * classes)));
      return { expected, rows: truth.map((t, at) => row(`${predicted[at]}`, null, `${t}`, at)) };
    });
    expect(cases.length).toBeGreaterThan(70);
    const error = worst(cases, ({ rows, expected }) =>
      Math.max(
        closeness(value(rows, 'accuracy'), expected.accuracy),
        closeness(value(rows, 'macro-f1'), expected.macro[2]),
      ),
    );
    expect(error).toBeLessThan(1e-12);
  });

  test('have scikit-learn’s AUC where scores lie on few steps, and else within the pairs of a bin', () => {
    type Case = { seed: number; n: number; skill: number; grain: number; auc: number };
    const cases = golden<Case>('performance', 'scores').map((expected) => {
      const noise = uniform(expected.seed + 1, expected.n);
      const rows = uniform(expected.seed, expected.n).map((u, at) => {
        const isPositive = u < 0.4;
        const raw = expected.skill * (0.2 + 0.6 * Number(isPositive)) + (1 - expected.skill) * noise[at];
        const p = expected.grain ? Math.floor(raw * expected.grain) / expected.grain : raw;
        return row(p >= 0.5 ? 'b' : 'a', Math.max(p, 1 - p), isPositive ? 'b' : 'a', at);
      });
      return { expected, auc: figuresOf(rows, ['a', 'b']).figures.auc?.value ?? Number.NaN };
    });
    const ofGrain = (isExact: boolean) => cases.filter(({ expected }) => (expected.grain === 4) === isExact);
    expect(worst(ofGrain(true), ({ auc, expected }) => closeness(auc, expected.auc))).toBeLessThan(1e-12);
    expect(worst(ofGrain(false), ({ auc, expected }) => closeness(auc, expected.auc))).toBeLessThan(2e-3);
  });

  test('have scikit-learn’s errors of numbers', () => {
    type Case = {
      seed: number;
      n: number;
      shape: string;
      noise: number;
      mae: number;
      rmse: number;
      r2: number;
    };
    const cases = golden<Case>('performance', 'numbers').map((expected) => {
      const truth = sample(expected.shape, expected.seed, expected.n);
      const errors = sample('normal', expected.seed + 1, expected.n);
      const rows = truth.map((label, at) => row(null, label + expected.noise * errors[at], label, at));
      return { expected, figures: figuresOf(rows).figures };
    });
    const error = worst(cases, ({ figures, expected }) =>
      Math.max(
        closeness(figures.mae?.value ?? Number.NaN, expected.mae),
        closeness(figures.rmse?.value ?? Number.NaN, expected.rmse),
      ),
    );
    expect(error).toBeLessThan(1e-9);
    // Of labels that lie a million of their spreads from 0 there are few digits, or none.
    const varied = cases.filter(({ expected: { shape, n } }) => shape !== 'far' && n > 2);
    const known = varied.filter(({ figures }) => figures.r2);
    expect(known.length).toBeGreaterThan(40);
    expect(
      worst(known, ({ figures, expected }) => closeness(figures.r2?.value ?? Number.NaN, expected.r2)),
    ).toBeLessThan(1e-9);
    expect(
      varied.filter(({ figures }) => !figures.r2).every(({ expected }) => expected.shape === 'constant'),
    ).toBe(true);
  });

  test('have the balanced accuracy and log loss that they are defined by', () => {
    const rows = [
      row('yes', 0.75, 'yes', 0),
      row('yes', 0.75, 'no', 1),
      row('no', 0.875, 'no', 2),
      row('no', 0.875, 'no', 3),
    ];
    expect(value(rows, 'balanced-accuracy')).toBeCloseTo((1 + 2 / 3) / 2, 12);
    const loss = -(Math.log(0.75) + Math.log(0.25) + 2 * Math.log(0.875)) / 4;
    expect(value(rows, 'log-loss')).toBeCloseTo(loss, 2);
    // All wrong and sure of it: as bad as it gets, and finite.
    expect(value([row('yes', 1, 'no', 0), row('no', 1, 'yes', 1)], 'log-loss')).toBeCloseTo(
      Math.log(2048),
      9,
    );
  });

  test('have errors that are those of repeated samples', () => {
    const draw = uniforms(71);
    for (const [of, rows, metrics] of [
      [twoClassRows, 400, ['accuracy', 'balanced-accuracy', 'macro-f1', 'auc', 'log-loss']],
      [numberRows, 400, ['mae', 'rmse', 'r2']],
    ] as const) {
      const samples = Array.from({ length: 300 }, () => figuresOf(of(draw, rows)).figures);
      for (const metric of metrics) {
        const found = samples.map(
          (figures) => figures[metric] ?? { value: Number.NaN, deviation: Number.NaN },
        );
        const mean = found.reduce((sum, each) => sum + each.value, 0) / found.length;
        const deviation = Math.sqrt(
          found.reduce((sum, each) => sum + (each.value - mean) ** 2, 0) / found.length,
        );
        const said = found.reduce((sum, each) => sum + each.deviation, 0) / found.length / Math.sqrt(rows);
        // Never far too small; that of F1 is as large as it can be.
        expect(said / deviation).toBeGreaterThan(0.85);
        expect(said / deviation).toBeLessThan(1.5);
      }
    }
  });

  test('are the same of all hours as of their sum, in whatever order rows come', () => {
    const some = fc.array(
      fc.record({
        predicted: fc.constantFrom('yes', 'no'),
        score: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(null)),
        label: fc.constantFrom('yes', 'no', 'maybe'),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(some, some, (a, b) => {
        const rows = [...a, ...b].map((each, at) => ({ ...each, at, predictionId: `${at}` }));
        const first = counted(rows.slice(0, a.length), hourOf(0));
        const both = mergeOutcomes(first, counted(rows.slice(a.length), hourOf(1)));
        expect(performanceFigures(both)).toEqual(figuresOf(rows));
        expect(performanceFigures(both)).toEqual(figuresOf(rows.toReversed()));
      }),
    );
  });
});

describe('performance', () => {
  test('has no verdict of odd input, and says why', () => {
    const draw = uniforms(5);
    const baseline = baselineOf(twoClassRows(draw, 500));
    const none = performance({ ...input([], baseline), outcome: null }, usual);
    expect(none).toMatchObject({
      verdict: 'insufficient-data',
      reason:
        '0 of 0 rows have a prediction and a label that can be held against it; at least 100 are needed (min_labelled).',
      items: [],
      value: null,
    });
    expect(performance(input([], null, 0), usual).verdict).toBe('insufficient-data');
    const few = performance(input(twoClassRows(draw, 99), baseline), usual);
    expect(few.reason).toBe(
      '99 of 99 rows have a prediction and a label that can be held against it; at least 100 are needed (min_labelled).',
    );
    const unusable = performance(input([row(null, 1, 'text')], baseline), usual);
    expect(unusable.reason).toContain(
      '0 of 1 rows have a prediction and a label that can be held against it, and 1 labels cannot;',
    );
    const without = performance(input(twoClassRows(draw, 200), null), usual);
    expect(without).toMatchObject({
      verdict: 'insufficient-data',
      reason: 'The version has no baseline to hold it against.',
      value: expect.any(Number),
    });
    const numbers = performance(input(numberRows(draw, 200), baseline), usual);
    expect(numbers).toMatchObject({ verdict: 'insufficient-data', metric: 'mae' });
    expect(numbers.reason).toBe("The baseline has no 'mae' to hold it against.");
  });

  test('of one class, of NaN scores, of unseen labels and of all wrong has what can be had', () => {
    const rows = Array.from({ length: 200 }, (_, at) => row('yes', 0.9, 'yes', at));
    const one = performanceFigures(counted(rows), ['no', 'yes']);
    expect(one.figures).toMatchObject({ accuracy: { value: 1 }, 'macro-f1': { value: 1 } });
    expect(one.missing.auc).toBe('All labels are of one class.');
    expect(figuresOf(rows).missing.auc).toBe(
      'It takes exactly two classes, of predictions and labels together.',
    );
    const bare = rows.map((each, at) => ({ ...each, score: Number.NaN, label: at % 2 ? 'yes' : 'no' }));
    expect(figuresOf(bare).missing['log-loss']).toBe(
      'None of 200 predictions has a probability: the version answers a class alone, or NaN.',
    );
    expect(figuresOf(bare.map((each) => ({ ...each, score: -3 }))).missing.auc).toBe(
      'The scores are no probabilities: 200 of 200 lie outside of 0 to 1.',
    );
    const unseen = rows.map((each, at) => ({ ...each, label: at < 50 ? 'maybe' : 'yes' }));
    expect(performanceFigures(counted(unseen), ['no', 'yes'])).toMatchObject({
      figures: { accuracy: { value: 0.75 }, 'balanced-accuracy': { value: 0.5 } },
      missing: { auc: 'It takes exactly two classes, of predictions and labels together.' },
    });
    const wrong = performance(
      input(
        rows.map((each) => ({ ...each, label: 'no' })),
        baselineOf(twoClassRows(uniforms(9), 500)),
      ),
      usual,
    );
    expect(wrong).toMatchObject({ verdict: 'breached', value: 0, metric: 'accuracy' });
    expect(wrong.items.map(({ verdict }) => verdict).toSorted()).toEqual([
      'breached',
      'breached',
      'breached',
      'breached',
      'insufficient-data',
    ]);
    const same = Array.from({ length: 200 }, (_, at) => row(null, 3, 3, at));
    expect(figuresOf(same)).toMatchObject({
      figures: { mae: { value: 0 }, rmse: { value: 0 } },
      missing: { r2: 'The labels are all alike, or differ too little for their size.' },
    });
  });

  test('takes bounds that are given at their word, whatever the baseline', () => {
    const rows = twoClassRows(uniforms(3), 500);
    const accuracy = value(rows, 'accuracy');
    const of = (lower: number) => performance(input(rows, null), given('accuracy', { lower }));
    expect(of(accuracy + 1e-9)).toMatchObject({ verdict: 'breached', bounds: { lower: accuracy + 1e-9 } });
    expect(of(accuracy).verdict).toBe('ok');
    const { band = { lower: 0, upper: 0 } } = of(0);
    expect(band.upper - band.lower).toBeCloseTo(2 * 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / 500), 3);
    const bands = of(0).items.map(({ band: each }) => (each ? each.upper - each.lower : 0));
    expect(bands.map((width) => width > 0 && width < 0.3)).toEqual(bands.map(() => true));
  });

  test('does not give the alarm in more than one window of 200 where nothing changes', () => {
    const draw = uniforms(31);
    for (const [of, rows] of [
      [twoClassRows, 120],
      [twoClassRows, 600],
      [numberRows, 120],
    ] as const) {
      const baseline = baselineOf(of(draw, 5_000));
      const breached = Array.from({ length: 1_000 }, () =>
        performance(input(of(draw, rows), baseline), usual),
      ).filter(({ verdict }) => verdict === 'breached');
      expect(breached.length).toBeLessThanOrEqual(5);
    }
  });

  test('sees a sudden change in its window, and a gradual one before it is whole', () => {
    const draw = uniforms(41);
    const baseline = baselineOf(twoClassRows(draw, 5_000));
    const windowWith = (flipped: number) =>
      performance(input(twoClassRows(draw, 1_000, { flipped }), baseline), usual).verdict;
    for (let repeat = 0; repeat < 20; repeat++) expect(windowWith(0.25)).toBe('breached');
    // One of 40 labels more is turned round in each window, up to one of four.
    const first = Array.from({ length: 10 }, (_, n) => windowWith((n + 1) / 40)).indexOf('breached');
    expect(first).toBeGreaterThanOrEqual(1);
    expect(first).toBeLessThanOrEqual(6);
    const numbers = baselineOf(numberRows(draw, 5_000));
    for (let repeat = 0; repeat < 20; repeat++) {
      const wider = input(numberRows(draw, 1_000, { deviation: 1.5 }), numbers);
      expect(performance(wider, usual).verdict).toBe('breached');
    }
  });
});
