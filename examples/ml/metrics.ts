import { type Classifier, type Examples, indexLabels } from './examples.ts';

export type Evaluation = {
  accuracy: number;
  logLoss: number;
  /** Binary, or the mean over classes of one against the rest. */
  rocAuc: number;
  f1Macro: number;
  /** [true class, predicted class] counts, both in the classifier's order. */
  confusion: number[][];
};

/** All of the metrics below for a classifier on labelled rows; labels it does not know count as wrong. */
export function evaluate(model: Classifier, { rows, labels }: Examples): Evaluation {
  const probabilities = model.predictProbabilities(rows, labels.length);
  const predicted = predictedLabels(probabilities, model.classes);
  return {
    accuracy: accuracy(labels, predicted),
    logLoss: logLoss(labels, probabilities, model.classes),
    rocAuc: rocAuc(labels, probabilities, model.classes),
    f1Macro: f1Macro(labels, predicted),
    confusion: confusionMatrix(labels, predicted, model.classes),
  };
}

/** The most probable class of each row; the first one in a tie. */
export function predictedLabels(probabilities: Float64Array, classes: readonly string[]): string[] {
  return Array.from({ length: probabilities.length / classes.length }, (_, row) => {
    const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    return classes[own.indexOf(Math.max(...own))];
  });
}

/** NaN without rows. */
export function accuracy(labels: readonly string[], predicted: readonly string[]): number {
  return labels.filter((label, at) => label === predicted[at]).length / labels.length;
}

/** Mean of −ln p(true class), with p kept within [ε, 1 − ε] as scikit-learn's log_loss does for doubles. */
export function logLoss(
  labels: readonly string[],
  probabilities: Float64Array,
  classes: readonly string[],
): number {
  const { targets } = indexLabels(labels, classes);
  let sum = 0;
  targets.forEach((target, row) => {
    const p = target < 0 ? 0 : probabilities[row * classes.length + target];
    sum -= Math.log(Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON));
  });
  return sum / labels.length;
}

/**
 * Area under the ROC curve of the second class for two classes, else the unweighted mean over classes of
 * one against the rest. A class without both kinds of row is left out; NaN when none is left.
 */
export function rocAuc(
  labels: readonly string[],
  probabilities: Float64Array,
  classes: readonly string[],
): number {
  const column = (at: number) => labels.map((_, row) => probabilities[row * classes.length + at]);
  const isClass = (at: number) => labels.map((label) => label === classes[at]);
  if (classes.length === 2) return binaryAuc(isClass(1), column(1));
  const areas = classes
    .map((_, at) => binaryAuc(isClass(at), column(at)))
    .filter((area) => !Number.isNaN(area));
  return areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

/** Mann–Whitney U over n₊n₋, tied scores sharing their mean rank; NaN without both kinds of row. */
export function binaryAuc(positive: readonly boolean[], scores: readonly number[]): number {
  const order = scores.map((_, at) => at).toSorted((a, b) => scores[a] - scores[b]);
  let ranks = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    let positives = 0;
    for (; to < order.length && scores[order[to]] === scores[order[from]]; to++) {
      if (positive[order[to]]) positives++;
    }
    ranks += positives * ((from + 1 + to) / 2);
  }
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Unweighted mean over all classes seen of 2 TP / (2 TP + FP + FN). */
export function f1Macro(labels: readonly string[], predicted: readonly string[]): number {
  const { classes } = indexLabels([...labels, ...predicted]);
  const confusion = confusionMatrix(labels, predicted, classes);
  const scores = classes.map((_, at) => {
    const actual = confusion[at].reduce((sum, count) => sum + count, 0);
    const claimed = confusion.reduce((sum, row) => sum + row[at], 0);
    return (2 * confusion[at][at]) / (actual + claimed);
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Counts by [true class, predicted class]; rows whose true label is none of `classes` are left out. */
export function confusionMatrix(
  labels: readonly string[],
  predicted: readonly string[],
  classes: readonly string[],
): number[][] {
  const actual = indexLabels(labels, classes).targets;
  const claimed = indexLabels(predicted, classes).targets;
  const counts = classes.map(() => classes.map(() => 0));
  actual.forEach((row, at) => {
    if (row >= 0 && claimed[at] >= 0) counts[row][claimed[at]]++;
  });
  return counts;
}
