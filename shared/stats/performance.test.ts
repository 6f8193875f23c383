import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accuracyOfMatrix,
  aucSamplingError,
  averagePrecision,
  averagePrecisionSamplingError,
  averageScores,
  brierScore,
  calibrationCurve,
  classScores,
  cohensKappa,
  confusionMatrix,
  equalCountBins,
  estimateMulticlass,
  estimatePerformance,
  expectedCalibrationError,
  fitIsotonic,
  isotonicAt,
  logLoss,
  matthewsCorrelation,
  mergeRegression,
  multiclassAucError,
  multiclassF1Error,
  multiclassSamplingError,
  needsCalibration,
  normalisedProbabilities,
  noRegression,
  outcomesOf,
  regressionErrors,
  regressionMoments,
  regressionScores,
  rocAuc,
  samplingErrorOf,
  samplingErrors,
  type ScoredRows,
  xoshiro128,
} from './index.ts';
import { closeness, golden, relativeError, sample, uniform, worst } from './testing.ts';

const digits = 1e-12;

describe('predicted classes', () => {
  type Triple = readonly [precision: number[], recall: number[], f1: number[]];
  type Average = readonly [precision: number, recall: number, f1: number];
  type Case = {
    seed: number;
    n: number;
    classes: number;
    skill: number;
    matrix: number[][];
    accuracy: number;
    each: Triple;
    macro: Average;
    weighted: Average;
    mcc: number;
    kappa: number;
  };
  const cases = golden<Case>('performance', 'classes').map((each) => {
    const { seed, n, classes, skill } = each;
    const [first, right, other] = [0, 1, 2].map((at) => uniform(seed + at, n));
    const truth = first.map((u) => Math.floor(u * u * classes));
    const predicted = truth.map((t, row) => (right[row] < skill ? t : Math.floor(other[row] * classes)));
    return { expected: each, matrix: confusionMatrix(truth, predicted, classes) };
  });

  test('have scikit-learn’s confusion matrix and accuracy', () => {
    expect(cases.length).toBeGreaterThan(70);
    expect(cases.map(({ matrix }) => matrix)).toEqual(cases.map(({ expected }) => expected.matrix));
    const error = worst(cases, ({ matrix, expected }) =>
      closeness(accuracyOfMatrix(matrix), expected.accuracy),
    );
    expect(error).toBeLessThan(digits);
  });

  test('have its precision, recall and F1, of each class, macro and weighted', () => {
    for (const { matrix, expected } of cases) {
      const of = outcomesOf(matrix).map(classScores);
      const each = (['precision', 'recall', 'f1'] as const).map((name) => of.map((scores) => scores[name]));
      expect(
        worst(
          each.flat().map((value, at) => ({ value, at })),
          ({ value, at }) => closeness(value, expected.each.flat()[at]),
        ),
      ).toBeLessThan(digits);
      for (const average of ['macro', 'weighted'] as const) {
        const { precision, recall, f1 } = averageScores(matrix, average);
        expect(closeness(precision, expected[average][0])).toBeLessThan(digits);
        expect(closeness(recall, expected[average][1])).toBeLessThan(digits);
        expect(closeness(f1, expected[average][2])).toBeLessThan(digits);
      }
    }
  });

  test('have its Matthews correlation and Cohen’s κ', () => {
    expect(
      worst(cases, ({ matrix, expected }) => closeness(matthewsCorrelation(matrix), expected.mcc)),
    ).toBeLessThan(digits);
    expect(
      worst(cases, ({ matrix, expected }) => closeness(cohensKappa(matrix), expected.kappa)),
    ).toBeLessThan(digits);
  });

  test('specificity is the recall of all other classes', () => {
    expect(
      classScores(
        outcomesOf([
          [8, 2],
          [1, 9],
        ])[1],
      ).specificity,
    ).toBe(0.8);
    expect(
      classScores(
        outcomesOf([
          [8, 2],
          [1, 9],
        ])[0],
      ).specificity,
    ).toBe(0.9);
  });

  test('of parts add up, and those that are none are refused', () => {
    expect(() => confusionMatrix([0, 2], [0, 1], 2)).toThrow(
      new RangeError('Row 1 has the classes 2 and 1; they go from 0 to 1.'),
    );
    expect(() => confusionMatrix([0], [0, 1], 2)).toThrow(
      new RangeError('There are 1 labels and 2 predictions: one of each a row.'),
    );
    expect(accuracyOfMatrix(confusionMatrix([], [], 2))).toBeNaN();
    expect(averageScores(confusionMatrix([], [], 2), 'macro').f1).toBeNaN();
    expect(matthewsCorrelation(confusionMatrix([], [], 2))).toBeNaN();
    expect(cohensKappa(confusionMatrix([], [], 2))).toBeNaN();
  });
});

/** As golden/performance.py draws them. */
function scored(seed: number, n: number, skill: number, grain: number) {
  const noise = uniform(seed + 1, n);
  const positive = uniform(seed, n).map((u) => Number(u < 0.4));
  const raw = positive.map((p, row) => skill * (0.2 + 0.6 * p) + (1 - skill) * noise[row]);
  return { positive, scores: raw.map((s) => (grain ? Math.floor(s * grain) / grain : s)) };
}

describe('scores', () => {
  type Case = {
    seed: number;
    n: number;
    skill: number;
    grain: number;
    auc: number;
    ap: number;
    brier: number;
    logLoss: number;
    curves: Record<'uniform' | 'quantile', readonly [scores: number[], shares: number[]]>;
    points: number[];
    isotonic: number[];
  };
  const cases = golden<Case>('performance', 'scores').map((expected) => ({
    expected,
    ...scored(expected.seed, expected.n, expected.skill, expected.grain),
  }));

  test('have scikit-learn’s AUC and average precision, ties among them', () => {
    expect(cases.length).toBeGreaterThan(50);
    const ofAuc = worst(cases, ({ positive, scores, expected }) =>
      closeness(rocAuc(positive, scores)(), expected.auc),
    );
    expect(ofAuc).toBeLessThan(digits);
    const ofPrecision = worst(cases, ({ positive, scores, expected }) =>
      closeness(averagePrecision(positive, scores)(), expected.ap),
    );
    expect(ofPrecision).toBeLessThan(digits);
  });

  test('have its Brier score and log loss', () => {
    const ofBrier = worst(cases, ({ positive, scores, expected }) =>
      closeness(brierScore(positive, scores)(), expected.brier),
    );
    expect(ofBrier).toBeLessThan(digits);
    const ofLoss = worst(cases, ({ positive, scores, expected }) => {
      const clipped = scores.map((p) => Math.min(Math.max(p, 0.01), 0.99));
      return closeness(logLoss(clipped.map((p, row) => (positive[row] ? p : 1 - p)))(), expected.logLoss);
    });
    expect(ofLoss).toBeLessThan(digits);
  });

  test.each(['uniform', 'quantile'] as const)('have its calibration curve over %s bins', (strategy) => {
    for (const { positive, scores, expected } of cases) {
      const curve = calibrationCurve(positive, scores, { bins: 7, strategy });
      const [means, shares] = expected.curves[strategy];
      expect(curve).toHaveLength(means.length);
      expect(
        worst(
          curve.map((bin, at) => ({ bin, at })),
          ({ bin, at }) => Math.max(closeness(bin.score, means[at]), closeness(bin.positives, shares[at])),
        ),
      ).toBeLessThan(digits);
      expect(curve.reduce((sum, { count }) => sum + count, 0)).toBe(scores.length);
    }
  });

  test('have its isotonic probabilities', () => {
    const error = worst(cases, ({ positive, scores, expected }) => {
      const fitted = fitIsotonic(scores, positive);
      return worst(
        expected.points.map((point, at) => ({ point, at })),
        ({ point, at }) => closeness(isotonicAt(fitted, point), expected.isotonic[at]),
      );
    });
    // Between two scores that are close the slope has few digits.
    expect(error).toBeLessThan(1e-9);
  });
});

describe('isotonic regression', () => {
  test('interpolates the published fit', () => {
    const fitted = fitIsotonic([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0, 0, 1, 0, 1, 0, 1, 1]);
    const found = [0.25, 0.35, 0.45, 0.55, 0.65, 0.75].map((score) => isotonicAt(fitted, score));
    expect(found.map((value) => Number(value.toFixed(12)))).toEqual([0.25, 0.5, 0.5, 0.5, 0.75, 1]);
    expect(isotonicAt(fitted, Number.NaN)).toBeNaN();
  });

  test('never falls, keeps the mean, and fits counts as the rows they are of', () => {
    const rows = fc.array(fc.record({ score: fc.nat(8), target: fc.nat(1) }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(rows, (some) => {
        const fitted = fitIsotonic(
          some.map(({ score }) => score),
          some.map(({ target }) => target),
        );
        const means = some.map(({ score }) => isotonicAt(fitted, score));
        const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
        expect(sum(means)).toBeCloseTo(sum(some.map(({ target }) => target)), 9);
        fitted.y.slice(1).forEach((y, at) => expect(y).toBeGreaterThanOrEqual(fitted.y[at]));
        const bins = [...new Set(some.map(({ score }) => score))].toSorted((a, b) => b - a);
        const of = (bin: number) => some.filter(({ score }) => score === bin);
        const binned = fitIsotonic(
          bins,
          bins.map((bin) => sum(of(bin).map(({ target }) => target)) / of(bin).length),
          bins.map((bin) => of(bin).length),
        );
        for (const { score } of some)
          expect(isotonicAt(binned, score)).toBeCloseTo(isotonicAt(fitted, score), 12);
      }),
    );
  });

  test('refuses no rows, and rows that are no numbers', () => {
    expect(() => fitIsotonic([], [])).toThrow(RangeError);
    expect(() => fitIsotonic([1], [1], [0])).toThrow(RangeError);
    expect(() => fitIsotonic([1, Number.NaN], [1, 0])).toThrow(
      new RangeError('Row 1 has the score NaN and the target 0; both must be finite.'),
    );
  });
});

describe('calibration', () => {
  test('is needed where scores lie, and not where they are right, perfect, few or of one class', () => {
    const draws = uniform(77, 4000);
    const scores = uniform(78, 4000);
    const right = scores.map((score, row) => Number(draws[row] < score));
    const lying = scores.map((score, row) => Number(draws[row] < score ** 3));
    expect(needsCalibration(lying, scores)).toBe(true);
    expect(
      needsCalibration(
        scores.map((score) => Number(score > 0.5)),
        scores,
      ),
    ).toBe(false);
    expect(
      needsCalibration(
        right.map(() => 1),
        scores,
      ),
    ).toBe(false);
    expect(needsCalibration([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4])).toBe(false);
    const fitted = fitIsotonic(scores, lying);
    const error = (of: number[]) => expectedCalibrationError(equalCountBins(lying, of));
    expect(error(scores)).toBeGreaterThan(0.1);
    expect(error(scores.map((score) => isotonicAt(fitted, score)))).toBeLessThan(0.02);
  });

  test('errors need rows for two bins', () => {
    expect(() => equalCountBins([1, 0, 1], [0.1, 0.2, 0.3])).toThrow(RangeError);
    expect(equalCountBins([1, 0, 1, 0], [0.4, 0.3, 0.2, 0.1])).toEqual([
      { count: 2, score: 0.15000000000000002, positives: 0.5 },
      { count: 2, score: 0.35, positives: 0.5 },
    ]);
    expect(expectedCalibrationError([])).toBe(0);
  });
});

describe('predicted numbers', () => {
  type Case = {
    seed: number;
    n: number;
    shape: string;
    noise: number;
    mae: number;
    mse: number;
    rmse: number;
    mape: number;
    r2: number;
    ev: number;
  };
  const cases = golden<Case>('performance', 'numbers').map((expected) => {
    const truth = sample(expected.shape, expected.seed, expected.n);
    const errors = sample('normal', expected.seed + 1, expected.n);
    return { expected, truth, predicted: truth.map((value, row) => value + expected.noise * errors[row]) };
  });

  test('have scikit-learn’s scores', () => {
    expect(cases.length).toBeGreaterThan(100);
    const pairs = cases.map(({ expected, truth, predicted }) => {
      const found = regressionScores(regressionMoments(truth, predicted));
      return [
        [found.meanAbsoluteError, expected.mae],
        [found.meanSquaredError, expected.mse],
        [found.rootMeanSquaredError, expected.rmse],
        [found.meanAbsolutePercentageError, expected.mape],
        [found.rSquared, expected.r2],
        [found.explainedVariance, expected.ev],
      ] as const;
    });
    // A variance that is a millionth of the mean has fewer digits, in either.
    const isFar = (at: number) => cases[at].expected.shape === 'far';
    pairs.forEach((pair, at) => {
      expect(worst(pair, ([found, expected]) => closeness(found, expected))).toBeLessThan(
        isFar(at) ? 1e-8 : digits,
      );
    });
  });

  test('merge from parts, and leave out rows that are not finite', () => {
    const { truth, predicted } = cases[cases.length - 10];
    const half = truth.length >> 1;
    const part = (from: number, to: number) =>
      regressionMoments(truth.slice(from, to), predicted.slice(from, to));
    const merged = regressionScores(mergeRegression(part(0, half), part(half, truth.length)));
    const whole = regressionScores(regressionMoments(truth, predicted));
    expect(closeness(merged.rSquared, whole.rSquared)).toBeLessThan(digits);
    expect(closeness(merged.rootMeanSquaredError, whole.rootMeanSquaredError)).toBeLessThan(digits);
    expect(mergeRegression(noRegression, part(0, half))).toEqual(part(0, half));
    const gaps = regressionMoments([...truth, Number.NaN, 1], [...predicted, 1, Infinity]);
    expect(regressionScores(gaps)).toEqual(whole);
    expect(regressionScores(noRegression).rSquared).toBeNaN();
    expect(regressionScores(noRegression).meanAbsoluteError).toBeNaN();
    expect(() => regressionMoments([1], [])).toThrow(RangeError);
  });

  test('have NannyML’s sampling errors', () => {
    type Errors = {
      seed: number;
      n: number;
      shape: string;
      mae: number;
      mse: number;
      rmse: number;
      mape: number;
    };
    const known = golden<Errors>('estimates', 'regression');
    expect(known).toHaveLength(12);
    for (const { seed, n, shape, ...expected } of known) {
      const truth = sample(shape, seed, n).map((value) => value + 1);
      const errors = sample('normal', seed + 1, n);
      const found = regressionErrors(
        regressionMoments(
          truth,
          truth.map((value, row) => value + 0.3 * errors[row]),
        ),
        123,
      );
      // Far from zero the errors themselves have lost digits.
      const bound = shape === 'far' ? 1e-8 : 1e-11;
      expect(relativeError(found.meanAbsoluteError, expected.mae)).toBeLessThan(bound);
      expect(relativeError(found.meanSquaredError, expected.mse)).toBeLessThan(bound);
      expect(relativeError(found.rootMeanSquaredError, expected.rmse)).toBeLessThan(bound);
      expect(relativeError(found.meanAbsolutePercentageError, expected.mape)).toBeLessThan(bound);
    }
  });
});

describe('performance without labels', () => {
  type Errors = Record<'accuracy' | 'precision' | 'recall' | 'specificity' | 'f1', number> & {
    rocAuc?: number;
    averagePrecision?: number;
  };
  type Case = {
    seed: number;
    n: number;
    classes: number;
    estimate: Record<string, number>;
    errors?: Errors;
    ece?: number;
  };

  /** As golden/estimates.py draws them. */
  function drawn({ seed, n, classes }: Case) {
    const all = Array.from({ length: classes }, (_, c) => c);
    const raw = all.map((c) => uniform(seed + c, n));
    const total = raw[0].map((_, row) => all.reduce((sum, c) => sum + (raw[c][row] + 0.01), 0));
    const scores = raw.map((of) => of.map((u, row) => (u + 0.01) / total[row]));
    const probabilities = scores.map((of) => of.map((s) => 0.1 + 0.8 * s * s));
    const predicted = total.map((_, row) =>
      all.reduce((best, c) => (scores[c][row] > scores[best][row] ? c : best), 0),
    );
    const draws = uniform(seed + classes, n);
    const others = uniform(seed + classes + 1, n);
    const truth = predicted.map((p, row) => (draws[row] < 0.7 ? p : Math.floor(others[row] * classes)));
    const rows = all.map(
      (c): ScoredRows => ({
        scores: scores[c],
        probabilities: probabilities[c],
        predicted: predicted.map((p) => p === c),
      }),
    );
    return { scores, predicted, truth, rows };
  }

  const cases = golden<Case>('estimates', 'cbpe');

  test('is NannyML’s estimate, of two classes and of several', () => {
    expect(cases).toHaveLength(30);
    for (const each of cases) {
      const { rows } = drawn(each);
      const options = { decimals: 5 };
      const found =
        each.classes === 2 ? estimatePerformance(rows[1], options) : estimateMulticlass(rows, options);
      const pairs = Object.entries(found).map(([name, value]) => ({ value, expected: each.estimate[name] }));
      expect(pairs).toHaveLength(7);
      expect(worst(pairs, ({ value, expected }) => closeness(value, expected))).toBeLessThan(digits);
    }
  });

  test('strays by chance as far as NannyML says', () => {
    const known = cases.flatMap(({ errors, ...each }) =>
      errors ? [{ errors, ...drawn(each), classes: each.classes }] : [],
    );
    expect(known.length).toBeGreaterThan(10);
    for (const { errors, truth, predicted, scores, classes } of known) {
      const outcomes = outcomesOf(confusionMatrix(truth, predicted, classes));
      const of = outcomes.map(samplingErrors);
      const isTwo = classes === 2;
      for (const name of ['accuracy', 'precision', 'recall', 'specificity', 'f1'] as const) {
        const several =
          name === 'f1'
            ? multiclassF1Error(outcomes, 300)
            : multiclassSamplingError(
                of.map((each) => each[name]),
                300,
              );
        const matrix = confusionMatrix(truth, predicted, classes);
        const right = accuracyOfMatrix(matrix);
        const plain = name === 'accuracy' ? Math.sqrt((right * (1 - right)) / 300) : several;
        const found = isTwo ? samplingErrorOf(of[1][name], 300) : plain;
        expect(relativeError(found, errors[name])).toBeLessThan(digits);
      }
      const aucErrors = scores.map((own, c) =>
        aucSamplingError(
          own,
          truth.map((t) => Number(t === c)),
          truth.map((t) => Number(t !== c)),
        ),
      );
      const ofAuc = isTwo ? samplingErrorOf(aucErrors[1], 300) : multiclassAucError(aucErrors, 300);
      expect(relativeError(ofAuc, errors.rocAuc ?? ofAuc)).toBeLessThan(digits);
    }
    expect(known.filter(({ errors }) => errors.rocAuc !== undefined).length).toBeGreaterThan(5);
  });

  test('strays in average precision about as far as NannyML’s draws say', () => {
    const known = cases.filter(({ errors }) => errors?.averagePrecision !== undefined);
    expect(known.length).toBeGreaterThan(5);
    for (const each of known) {
      const { truth, scores } = drawn(each);
      const error = averagePrecisionSamplingError(truth, scores[1], xoshiro128([1, 2, 3, 4]));
      expect(samplingErrorOf(error, 300) / (each.errors?.averagePrecision ?? 0)).toBeGreaterThan(0.6);
      expect(samplingErrorOf(error, 300) / (each.errors?.averagePrecision ?? 0)).toBeLessThan(1.7);
    }
  });

  test('has NannyML’s calibration error', () => {
    const known = cases.filter(({ ece }) => ece !== undefined);
    expect(known.length).toBeGreaterThan(5);
    const error = worst(known, (each) => {
      const { truth, scores } = drawn(each);
      return closeness(expectedCalibrationError(equalCountBins(truth, scores[1])), each.ece ?? Number.NaN);
    });
    expect(error).toBeLessThan(digits);
  });

  test('is the same of a histogram of scores as of its rows', () => {
    const bin = fc.record({
      p: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      count: fc.integer({ min: 0, max: 120 }),
    });
    fc.assert(
      fc.property(fc.array(bin, { minLength: 1, maxLength: 12 }), (bins) => {
        const histogram: ScoredRows = {
          scores: bins.map((_, at) => at),
          probabilities: bins.map(({ p }) => p),
          predicted: bins.map((_, at) => at > 5),
          counts: bins.map(({ count }) => count),
        };
        const all = bins.flatMap(({ count }, at) => new Array<number>(count).fill(at));
        const rows: ScoredRows = {
          scores: all,
          probabilities: all.map((at) => bins[at].p),
          predicted: all.map((at) => at > 5),
        };
        const [binned, plain] = [estimatePerformance(histogram), estimatePerformance(rows)];
        for (const [name, value] of Object.entries(plain))
          expect(closeness(binned[name as keyof typeof binned], value)).toBeLessThan(1e-9);
      }),
    );
  });

  test('is what ten probabilities give by hand', () => {
    const p = [0.05, 0.1, 0.2, 0.35, 0.45, 0.55, 0.6, 0.75, 0.9, 0.97];
    const found = estimatePerformance({ scores: p, probabilities: p, predicted: p.map((s) => s >= 0.5) });
    expect(found.accuracy).toBeCloseTo(0.762, 12);
    expect(found.precision).toBeCloseTo(0.754, 12);
    expect(found.recall).toBeCloseTo(0.766260162601626, 12);
    expect(found.specificity).toBeCloseTo(0.7578740157480315, 12);
    expect(found.f1).toBeCloseTo(0.7600806451612903, 12);
    expect(found.rocAuc).toBeCloseTo(0.8496895205172523, 12);
    expect(found.averagePrecision).toBeCloseTo(0.8288742095754291, 12);
  });

  test('leaves out rows without a score, and has no answer without rows', () => {
    const some = { scores: [0.2, 0.7], probabilities: [0.3, 0.8], predicted: [0, 1] };
    const gaps = {
      scores: [0.2, Number.NaN, 0.7, 0.5],
      probabilities: [0.3, 0.5, 0.8, Number.NaN],
      predicted: [0, 1, 1, 1],
    };
    expect(estimatePerformance(gaps)).toEqual(estimatePerformance(some));
    const none = estimatePerformance({ scores: [], probabilities: [], predicted: [] });
    expect(Object.values(none).every(Number.isNaN)).toBe(true);
    const sure = estimatePerformance({ scores: [0.2, 0.7], probabilities: [1, 1], predicted: [0, 1] });
    expect(sure.rocAuc).toBeNaN();
    expect(sure.averagePrecision).toBe(1);
  });

  test('probabilities of several classes add up to one', () => {
    const [a, b] = normalisedProbabilities([
      [0.2, 0, 1],
      [0.6, 0, 1],
    ]);
    expect([...a].map((p) => Number(p.toFixed(12)))).toEqual([0.25, 0.5, 0.5]);
    expect([...b].map((p) => Number(p.toFixed(12)))).toEqual([0.75, 0.5, 0.5]);
  });
});
