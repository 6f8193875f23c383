import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accuracy,
  f1,
  type Figure,
  logLoss,
  lowerConfidenceBound,
  meanAbsoluteError,
  pairedDifferences,
  rocAuc,
  rootMeanSquaredError,
  xoshiro128,
} from './index.ts';

/** The same to 10 digits; no value is no value. */
const isClose = (a: number, b: number) => Object.is(a, b) || Math.abs(a - b) < 1e-10;

const truth = [0, 1, 2, 2, 1, 0, 1, 2, 0, 1];
const predicted = [0, 2, 2, 1, 1, 0, 1, 2, 2, 0];
const positive = [0, 1, 1, 0, 1, 0, 1, 1, 0, 0];
const scores = [0.1, 0.4, 0.35, 0.8, 0.65, 0.4, 0.9, 0.4, 0.1, 0.65];
const weights = [3, 1, 2, 1, 0, 2, 1, 5, 1, 2];

describe('figures', () => {
  test('are those of scikit-learn 1.8 on the same rows, with and without weights', () => {
    expect(accuracy(truth, predicted)()).toBeCloseTo(0.6, 12);
    expect(f1(truth, predicted, { classes: 3 })()).toBeCloseTo(0.6031746031746031, 12);
    expect(f1(truth, predicted, { classes: 3 })(weights)).toBeCloseTo(0.6420311714429362, 12);
    expect(f1(positive, [0, 1, 0, 0, 1, 1, 1, 1, 0, 1], { classes: 2, positive: 1 })()).toBeCloseTo(
      0.7272727272727273,
      12,
    );
    expect(rocAuc(positive, scores)()).toBeCloseTo(0.62, 12);
    expect(rocAuc(positive, scores)(weights)).toBeCloseTo(0.5802469135802468, 12);
    const ofTruth = [0.9, 0.2, 0.6, 0.05, 0.999, 0.5, 0.75, 0.3, 1e-20, 1];
    expect(logLoss(ofTruth)()).toBeCloseTo(4.194593527799384, 12);
    expect(meanAbsoluteError([3, -0.5, 2, 7.25], [2.5, 0, 2.1, 8])()).toBeCloseTo(0.4625, 12);
    const rmse = rootMeanSquaredError([3, -0.5, 2, 7.25], [2.5, 0, 2.1, 8]);
    expect(rmse()).toBeCloseTo(0.5178078794301995, 12);
    expect(rmse([1, 0, 4, 2])).toBeCloseTo(0.44960299948160615, 12);
  });

  test('have no value where they mean nothing', () => {
    expect(accuracy([], [])()).toBeNaN();
    expect(rocAuc([1, 1], [0.2, 0.3])()).toBeNaN();
    expect(rocAuc([1, 0], [0.2, Number.NaN])()).toBeNaN();
    expect(rocAuc([1, 0], [0.2, 0.3])([1, 0])).toBeNaN();
  });

  const rows = fc.array(fc.record({ truth: fc.nat(2), predicted: fc.nat(2), score: fc.nat(6) }), {
    minLength: 1,
    maxLength: 30,
  });

  test('say of a row that counts twice what they say of two such rows', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(3), { minLength: 30, maxLength: 30 }), (some, counts) => {
        const repeated = some.flatMap((row, at) => Array.from({ length: counts[at] ?? 0 }, () => row));
        for (const take of figuresOf) {
          const [weighted, plain] = [take(some)(counts.slice(0, some.length)), take(repeated)()];
          expect(isClose(weighted, plain)).toBe(true);
        }
      }),
    );
  });

  test('AUC is the share of pairs that are in order, ties counting half', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const pairs = some
          .filter((row) => row.truth > 0)
          .flatMap((p) =>
            some.filter((row) => row.truth === 0).map((n) => (Math.sign(p.score - n.score) + 1) / 2),
          );
        const share = pairs.reduce((sum, won) => sum + won, 0) / pairs.length;
        const auc = rocAuc(
          some.map((row) => row.truth > 0),
          some.map((row) => row.score),
        )();
        expect(isClose(auc, share)).toBe(true);
      }),
    );
  });

  type Row = { truth: number; predicted: number; score: number };
  const column = (some: readonly Row[], name: keyof Row) => some.map((row) => row[name]);
  const figuresOf: ((some: readonly Row[]) => Figure)[] = [
    (some) => accuracy(column(some, 'truth'), column(some, 'predicted')),
    (some) => f1(column(some, 'truth'), column(some, 'predicted'), { classes: 3 }),
    (some) => f1(column(some, 'truth'), column(some, 'predicted'), { classes: 3, positive: 1 }),
    (some) => rocAuc(column(some, 'truth'), column(some, 'score')),
    (some) => rootMeanSquaredError(column(some, 'truth'), column(some, 'score')),
    (some) => meanAbsoluteError(column(some, 'truth'), column(some, 'score')),
  ];
});

describe('random numbers', () => {
  test('are those of the published generator', () => {
    const next = xoshiro128([1, 2, 3, 4]);
    expect(Array.from({ length: 10 }, () => next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });
});

describe('the paired bootstrap', () => {
  const seed = [1, 2, 3, 4] as const;
  /** A share of rows that are right, by a period: 10 of 12 for 6, and so on. */
  const rightBut = (rows: number, every: number) =>
    accuracy(
      Array.from({ length: rows }, () => 1),
      Array.from({ length: rows }, (_, row) => Number(row % every !== 0)),
    );

  test('gives the same differences for the same seed', () => {
    const figures = { a: rightBut(200, 4), b: rightBut(200, 5), rows: 200 };
    expect(pairedDifferences(figures, 50, xoshiro128(seed))).toEqual(
      pairedDifferences(figures, 50, xoshiro128(seed)),
    );
  });

  test('finds no difference between a model and itself, since both see the same draws', () => {
    const figures = { a: rightBut(300, 4), b: rightBut(300, 4), rows: 300 };
    const differences = pairedDifferences(figures, 100, xoshiro128(seed));
    expect(new Set(differences)).toEqual(new Set([0]));
    expect(lowerConfidenceBound(differences, 0.95)).toBe(0);
  });

  test('bounds a mean as the normal distribution does', () => {
    const values = Array.from({ length: 2000 }, (_, row) => (row % 5 === 0 ? 1 : 0));
    const zero = meanAbsoluteError(values, values);
    const share = meanAbsoluteError(
      values,
      values.map(() => 0),
    );
    const differences = pairedDifferences({ a: zero, b: share, rows: 2000 }, 2000, xoshiro128(seed));
    const error = Math.sqrt((0.2 * 0.8) / 2000);
    expect(lowerConfidenceBound(differences, 0.95)).toBeCloseTo(0.2 - 1.645 * error, 2.5);
    expect(lowerConfidenceBound(differences, 0.5)).toBeCloseTo(0.2, 2.5);
  });

  test('leaves out draws on which a figure means nothing', () => {
    expect(lowerConfidenceBound([Number.NaN, 2, 1, 3], 0.5)).toBe(2);
    expect(lowerConfidenceBound([Number.NaN], 0.95)).toBeNaN();
  });
});
