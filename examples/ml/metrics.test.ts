import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accuracy, binaryAuc, confusionMatrix, f1Macro, logLoss, predictedLabels, rocAuc } from './index.ts';

const classes = ['0', '1'];
const text = (labels: readonly number[]) => labels.map(String);
const columns = (scores: readonly number[]) => Float64Array.from(scores.flatMap((s) => [1 - s, s]));

/** Twelve rows with a tie, and scikit-learn's figures for them. */
const labels = [1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1];
const scores = [0.9, 0.1, 0.8, 0.65, 0.65, 0.2, 0.4, 0.3, 0.99, 0.55, 0.65, 0.7];

describe('metrics', () => {
  test('equal scikit-learn on two classes', () => {
    expect(rocAuc(text([0, 0, 1, 1]), columns([0.1, 0.4, 0.35, 0.8]), classes)).toBe(0.75);
    expect(logLoss(text([0, 0, 1, 1]), columns([0.1, 0.4, 0.35, 0.8]), classes)).toBeCloseTo(
      0.47228795380917615,
      14,
    );
    expect(rocAuc(text(labels), columns(scores), classes)).toBeCloseTo(0.9142857142857143, 14);
    expect(logLoss(text(labels), columns(scores), classes)).toBeCloseTo(0.417216228537546, 14);
    const predicted = predictedLabels(columns(scores), classes);
    expect(confusionMatrix(text(labels), predicted, classes)).toEqual([
      [3, 2],
      [1, 6],
    ]);
    expect(accuracy(text(labels), predicted)).toBe(0.75);
    // F1 of class 1 is .8 there; of class 0, 2·3 / (5 + 4).
    expect(f1Macro(text(labels), predicted)).toBeCloseTo((0.8 + 6 / 9) / 2, 14);
  });

  test('of three classes take one against the rest, and leave out a class that never or always occurs', () => {
    const names = ['a', 'b', 'c'];
    const probabilities = Float64Array.of(0.6, 0.3, 0.1, 0.2, 0.5, 0.3, 0.5, 0.4, 0.1);
    expect(rocAuc(['a', 'b', 'a'], probabilities, names)).toBe(1);
    expect(rocAuc(['a', 'b', 'b'], probabilities, names)).toBe(1);
    expect(rocAuc(['b', 'a', 'b'], probabilities, names)).toBe(0);
    expect(rocAuc(['a', 'a', 'a'], probabilities, names)).toBeNaN();
  });

  test('AUC is the share of pairs in the right order, ties counting half', () => {
    const row = fc.record({ positive: fc.boolean(), score: fc.integer({ min: 0, max: 8 }) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 40 }), (rows) => {
        const pairs = rows.flatMap((a) =>
          rows.filter((b) => a.positive && !b.positive).map((b) => a.score - b.score),
        );
        fc.pre(pairs.length > 0);
        const right = pairs.reduce((sum, gap) => sum + (gap > 0 ? 1 : gap === 0 ? 0.5 : 0), 0);
        const area = binaryAuc(
          rows.map((each) => each.positive),
          rows.map((each) => each.score),
        );
        expect(area).toBeCloseTo(right / pairs.length, 12);
      }),
    );
  });

  test('an impossible label costs as much as a certain error, not infinity', () => {
    expect(logLoss(['1'], Float64Array.of(1, 0), classes)).toBeCloseTo(-Math.log(Number.EPSILON), 12);
    expect(logLoss(['unknown'], Float64Array.of(0.5, 0.5), classes)).toBeCloseTo(
      -Math.log(Number.EPSILON),
      12,
    );
  });
});
