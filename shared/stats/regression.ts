import { mergeMoments, type Moments, noMoments, observed, variance } from './moments.ts';

/** What the figures of a regression need, in a size that does not grow; of parts it adds up by {@link mergeRegression}. */
export type RegressionMoments = {
  readonly truth: Moments;
  /** truth − prediction, its absolute value, its square, and its absolute value as a share of the truth. */
  readonly error: Moments;
  readonly absolute: Moments;
  readonly squared: Moments;
  readonly share: Moments;
};

/** Least truth that an error is a share of, as in scikit-learn: the distance from 1 to the next number. */
const leastTruth = Number.EPSILON;

export const noRegression: RegressionMoments = {
  truth: noMoments,
  error: noMoments,
  absolute: noMoments,
  squared: noMoments,
  share: noMoments,
};

/** Rows where truth or prediction is not finite are left out. */
export function regressionMoments(truth: ArrayLike<number>, predicted: ArrayLike<number>): RegressionMoments {
  if (truth.length !== predicted.length)
    throw new RangeError(
      `There are ${truth.length} labels and ${predicted.length} predictions: one of each a row.`,
    );
  const all = {
    truth: { ...noMoments },
    error: { ...noMoments },
    absolute: { ...noMoments },
    squared: { ...noMoments },
    share: { ...noMoments },
  };
  for (let row = 0; row < truth.length; row++) {
    const error = truth[row] - predicted[row];
    if (!Number.isFinite(error)) continue;
    observed(all.truth, truth[row]);
    observed(all.error, error);
    observed(all.absolute, Math.abs(error));
    observed(all.squared, error * error);
    observed(all.share, Math.abs(error) / Math.max(Math.abs(truth[row]), leastTruth));
  }
  return all;
}

export function mergeRegression(a: RegressionMoments, b: RegressionMoments): RegressionMoments {
  return {
    truth: mergeMoments(a.truth, b.truth),
    error: mergeMoments(a.error, b.error),
    absolute: mergeMoments(a.absolute, b.absolute),
    squared: mergeMoments(a.squared, b.squared),
    share: mergeMoments(a.share, b.share),
  };
}

export type RegressionScores = {
  /** Mean absolute error and root mean squared error in units of the truth; mean squared error in their square. */
  readonly meanAbsoluteError: number;
  readonly meanSquaredError: number;
  readonly rootMeanSquaredError: number;
  /** Mean of |error| / |truth|, a share and no percentage; huge where a truth is 0. */
  readonly meanAbsolutePercentageError: number;
  /** 1 − Σ error² / Σ (truth − mean)², at most 1. NaN for fewer than two rows. */
  readonly rSquared: number;
  /** 1 − variance of the errors / variance of the truth: R² as if no error were the same for all rows. */
  readonly explainedVariance: number;
};

/**
 * Each as scikit-learn defines it; where the truth never varies, R² and explained variance are 1 without errors and else
 * 0. NaN for no rows.
 */
export function regressionScores({
  truth,
  error,
  absolute,
  squared,
  share,
}: RegressionMoments): RegressionScores {
  const mean = (moments: Moments) => (moments.count === 0 ? Number.NaN : moments.mean);
  const meanSquaredError = mean(squared);
  const explained = (left: number) => (truth.squares === 0 ? Number(left === 0) : 1 - left / truth.squares);
  return {
    meanAbsoluteError: mean(absolute),
    meanSquaredError,
    rootMeanSquaredError: Math.sqrt(meanSquaredError),
    meanAbsolutePercentageError: mean(share),
    rSquared: truth.count < 2 ? Number.NaN : explained(squared.mean * squared.count),
    explainedVariance: truth.count === 0 ? Number.NaN : explained(error.squares),
  };
}

/**
 * Standard errors of the means over `rows` rows that are like the reference's: σ / √n, and for the root σ / √(4 n MSE) by
 * the delta method; as NannyML's sampling error. R² and explained variance have none.
 */
export function regressionErrors(reference: RegressionMoments, rows: number) {
  const error = (moments: Moments) => Math.sqrt(variance(moments) / rows);
  return {
    meanAbsoluteError: error(reference.absolute),
    meanSquaredError: error(reference.squared),
    rootMeanSquaredError: error(reference.squared) / Math.sqrt(4 * reference.squared.mean),
    meanAbsolutePercentageError: error(reference.share),
  };
}
