/** How often class `truth` was answered as class `predicted`: counts[truth][predicted]. Matrices of parts add up. */
export type ConfusionMatrix = readonly (readonly number[])[];

/**
 * Counts rows of classes that are numbers from 0 to `classes` − 1.
 *
 * @throws RangeError for columns of different lengths, and for a class that is none
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  if (truth.length !== predicted.length)
    throw new RangeError(
      `There are ${truth.length} labels and ${predicted.length} predictions: one of each a row.`,
    );
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < truth.length; row++) {
    const cells = counts[truth[row]];
    if (cells?.[predicted[row]] === undefined)
      throw new RangeError(
        `Row ${row} has the classes ${truth[row]} and ${predicted[row]}; they go from 0 to ${classes - 1}.`,
      );
    cells[predicted[row]]++;
  }
  return counts;
}

/** One class against all others: rows with it and without it, as predicted; expected rows may be fractions. */
export type Outcomes = {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
};

/** The outcomes of each class against all others. */
export function outcomesOf(matrix: ConfusionMatrix): Outcomes[] {
  const rows = total(matrix);
  return matrix.map((cells, at) => {
    const truePositives = cells[at];
    const falseNegatives = sum(cells) - truePositives;
    const falsePositives = sum(matrix.map((row) => row[at])) - truePositives;
    const trueNegatives = rows - truePositives - falseNegatives - falsePositives;
    return { truePositives, falsePositives, falseNegatives, trueNegatives };
  });
}

/** The share of rows that are predicted right; NaN for no rows. */
export function accuracyOfOutcomes(outcomes: Outcomes): number {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = outcomes;
  return (truePositives + trueNegatives) / (truePositives + falsePositives + falseNegatives + trueNegatives);
}

/** All of them between 0 and 1, and 0 where the denominator is. */
export type ClassScores = {
  /** tp / (tp + fp) */
  readonly precision: number;
  /** tp / (tp + fn), also called sensitivity */
  readonly recall: number;
  /** tn / (tn + fp) */
  readonly specificity: number;
  /** 2tp / (2tp + fp + fn) */
  readonly f1: number;
};

/** As scikit-learn's precision_recall_fscore_support, and NannyML's specificity. */
export function classScores(outcomes: Outcomes): ClassScores {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = outcomes;
  return {
    precision: share(truePositives, truePositives + falsePositives),
    recall: share(truePositives, truePositives + falseNegatives),
    specificity: share(trueNegatives, trueNegatives + falsePositives),
    f1: share(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
  };
}

/**
 * The scores of all classes as one: their mean over the classes that occur as truth or prediction (`macro`), or
 * weighted by how often each is the truth (`weighted`); as scikit-learn averages. NaN for no rows.
 */
export function averageScores(matrix: ConfusionMatrix, average: 'macro' | 'weighted'): ClassScores {
  const classes = outcomesOf(matrix).map((outcomes) => ({
    scores: classScores(outcomes),
    support: outcomes.truePositives + outcomes.falseNegatives,
    isPresent: outcomes.truePositives + outcomes.falseNegatives + outcomes.falsePositives > 0,
  }));
  const weights = classes.map(({ support, isPresent }) =>
    average === 'weighted' ? support : Number(isPresent),
  );
  const mean = (name: keyof ClassScores) =>
    sum(classes.map(({ scores }, at) => scores[name] * weights[at])) / sum(weights);
  return {
    precision: mean('precision'),
    recall: mean('recall'),
    specificity: mean('specificity'),
    f1: mean('f1'),
  };
}

/** The share of rows whose class is the true one; NaN for no rows. */
export function accuracyOfMatrix(matrix: ConfusionMatrix): number {
  return sum(matrix.map((cells, at) => cells[at])) / total(matrix);
}

/**
 * Matthews's correlation of truth and prediction for any number of classes, between −1 and 1; 0 where either is always
 * the same class. Matthews, 1975; Gorodkin, Computational Biology and Chemistry 28, 2004; as scikit-learn's
 * matthews_corrcoef.
 */
export function matthewsCorrelation(matrix: ConfusionMatrix): number {
  const rows = total(matrix);
  const [truth, predicted] = marginals(matrix);
  const together = sum(truth.map((count, at) => count * predicted[at]));
  const spread = (counts: number[]) => rows ** 2 - sum(counts.map((count) => count ** 2));
  const scale = Math.sqrt(spread(truth) * spread(predicted));
  if (rows === 0) return Number.NaN;
  const hits = sum(matrix.map((cells, at) => cells[at]));
  return scale === 0 ? 0 : (hits * rows - together) / scale;
}

/**
 * Cohen's κ = (pₒ − pₑ) / (1 − pₑ): agreement beyond what the marginals alone would give. NaN where they leave nothing to
 * agree on, as for a single class. Cohen, Educational and Psychological Measurement 20, 1960; as scikit-learn's
 * cohen_kappa_score.
 */
export function cohensKappa(matrix: ConfusionMatrix): number {
  const rows = total(matrix);
  const [truth, predicted] = marginals(matrix);
  const expected = sum(truth.map((count, at) => (count * predicted[at]) / rows));
  const apart = rows - expected;
  return apart === 0 ? Number.NaN : 1 - (rows - sum(matrix.map((cells, at) => cells[at]))) / apart;
}

function marginals(matrix: ConfusionMatrix): [truth: number[], predicted: number[]] {
  return [matrix.map(sum), matrix.map((_, at) => sum(matrix.map((cells) => cells[at])))];
}

const total = (matrix: ConfusionMatrix): number => sum(matrix.map(sum));

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
