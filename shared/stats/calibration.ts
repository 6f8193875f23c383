import { quantile } from './bins.ts';
import { rocAuc } from './figures.ts';
import { fitIsotonic, isotonicAt } from './isotonic.ts';

/** Rows whose scores are alike: how many, the mean of their scores and the share of them that are positive. */
export type CalibrationBin = { readonly count: number; readonly score: number; readonly positives: number };

/** Fewest rows that two bins can be made of, and the bins that an error is taken over. */
const rowsMin = 4;
const binsUsual = 10;

/** Above this the scores part the classes so well that calibration has nothing to fit. */
const nearlyPerfect = 0.999;
const folds = 10;

/**
 * Bins with equally many rows, in rising order of score: ⌊n / bins⌋ each and the rest in the last; half as many bins as
 * rows where that is fewer. As NannyML bins for its calibration error. Ties stay in the order given.
 *
 * @throws RangeError for fewer than four rows
 */
export function equalCountBins(
  positive: ArrayLike<number>,
  scores: ArrayLike<number>,
  bins = binsUsual,
): CalibrationBin[] {
  const rows = scores.length;
  if (rows < rowsMin) throw new RangeError(`${rows} rows make no two bins; at least ${rowsMin} are needed.`);
  const wanted = rows <= 2 * bins ? Math.floor(rows / 2) : bins;
  const width = Math.floor(rows / wanted);
  const count = Math.floor(rows / width);
  const order = Uint32Array.from({ length: rows }, (_, row) => row).toSorted((a, b) => scores[a] - scores[b]);
  return Array.from({ length: count }, (_, at) =>
    binOf(order.subarray(at * width, at + 1 === count ? rows : (at + 1) * width), positive, scores),
  );
}

/**
 * A reliability diagram: the bins of equal width over [0, 1] (`uniform`) or of equal counts by quantiles (`quantile`)
 * that have rows. A bin holds its upper edge and not its lower one, except the first. As scikit-learn's calibration_curve.
 */
export function calibrationCurve(
  positive: ArrayLike<number>,
  scores: ArrayLike<number>,
  {
    bins = 5,
    strategy = 'uniform',
  }: { readonly bins?: number; readonly strategy?: 'uniform' | 'quantile' } = {},
): CalibrationBin[] {
  const sorted = Float64Array.from(scores).toSorted();
  // Rounded as numpy rounds them, since with ties a last digit decides.
  const inner = Array.from({ length: bins - 1 }, (_, at) =>
    strategy === 'uniform' ? (at + 1) * (1 / bins) : quantile(sorted, ((at + 1) * (1 / bins) * 100) / 100),
  );
  const rows = Array.from({ length: bins }, () => [] as number[]);
  for (let row = 0; row < scores.length; row++) {
    const below = inner.findIndex((edge) => scores[row] <= edge);
    rows[below === -1 ? bins - 1 : below].push(row);
  }
  return rows.filter((some) => some.length > 0).map((some) => binOf(some, positive, scores));
}

/**
 * Expected calibration error: the mean over all rows of |score − share of positives| of the bin they are in, between 0 and
 * 1; NaN for no rows. Naeini, Cooper and Hauskrecht, AAAI 2015.
 */
export function expectedCalibrationError(bins: readonly CalibrationBin[]): number {
  const rows = bins.reduce((sum, { count }) => sum + count, 0);
  return bins.reduce(
    (sum, { count, score, positives }) => sum + (count / rows) * Math.abs(score - positives),
    0,
  );
}

/**
 * Do isotonic probabilities lie nearer to the truth than the scores do, on rows they were not fitted on? Each tenth of
 * the positive and of the negative rows, in the order given, is predicted by a fit of the others; then both calibration
 * errors are compared. Not for a single class, for fewer than ten rows of either, nor for scores that part the classes
 * almost perfectly (AUC above 0.999). After NannyML, which draws its tenths at random.
 */
export function needsCalibration(positive: ArrayLike<number>, scores: ArrayLike<number>): boolean {
  const kinds = [0, 1].map((kind) =>
    Array.from({ length: scores.length }, (_, row) => row).filter(
      (row) => Number(positive[row] > 0) === kind,
    ),
  );
  if (kinds.some((rows) => rows.length < folds)) return false;
  if (rocAuc(positive, scores)() > nearlyPerfect) return false;
  const fold = new Uint8Array(scores.length);
  for (const rows of kinds) for (const [at, row] of rows.entries()) fold[row] = at % folds;
  const calibrated = new Float64Array(scores.length);
  for (let held = 0; held < folds; held++) {
    const weights = fold.map((of) => Number(of !== held));
    const fitted = fitIsotonic(scores, positive, weights);
    for (let row = 0; row < scores.length; row++) {
      if (fold[row] === held) calibrated[row] = isotonicAt(fitted, scores[row]);
    }
  }
  const error = (of: ArrayLike<number>) => expectedCalibrationError(equalCountBins(positive, of));
  return error(calibrated) < error(scores);
}

function binOf(
  rows: ArrayLike<number>,
  positive: ArrayLike<number>,
  scores: ArrayLike<number>,
): CalibrationBin {
  let score = 0;
  let positives = 0;
  for (let at = 0; at < rows.length; at++) {
    score += scores[rows[at]];
    positives += positive[rows[at]];
  }
  return { count: rows.length, score: score / rows.length, positives: positives / rows.length };
}
