/**
 * How good predictions are. A figure is taken once over its rows and can then be asked again and again as if
 * each row stood there `weights[row]` times, which is what resampling needs; without weights each stands
 * there once. It is NaN where it has no meaning, as for no rows.
 */
export type Figure = (weights?: ArrayLike<number>) => number;

/** The least and most that a probability counts as, so that one sure error is not infinitely bad. */
const leastProbability = 1e-15;

/** Share of rows whose predicted class is the true one. */
export function accuracy(truth: ArrayLike<number>, predicted: ArrayLike<number>): Figure {
  return mean(Float64Array.from(truth, (label, row) => Number(label === predicted[row])));
}

/**
 * Mean of −ln p over what each row's true class was given, in nats; p is kept within [1e-15, 1]. As scikit-learn's log_loss,
 * which since 1.3 keeps p within 2.2e-16 of 0 and 1.
 */
export function logLoss(ofTruth: ArrayLike<number>): Figure {
  return mean(Float64Array.from(ofTruth, (p) => -Math.log(Math.min(Math.max(p, leastProbability), 1))));
}

/** Mean of (p − y)² over the probabilities of the positive class, between 0 and 1: Brier, Monthly Weather Review 78, 1950. */
export function brierScore(positive: ArrayLike<number | boolean>, probabilities: ArrayLike<number>): Figure {
  return mean(Float64Array.from(probabilities, (p, row) => (p - Number(positive[row])) ** 2));
}

/** Mean of |truth − predicted|. */
export function meanAbsoluteError(truth: ArrayLike<number>, predicted: ArrayLike<number>): Figure {
  return mean(Float64Array.from(truth, (value, row) => Math.abs(value - predicted[row])));
}

/** √ of the mean of (truth − predicted)². */
export function rootMeanSquaredError(truth: ArrayLike<number>, predicted: ArrayLike<number>): Figure {
  const squares = mean(Float64Array.from(truth, (value, row) => (value - predicted[row]) ** 2));
  return (weights) => Math.sqrt(squares(weights));
}

/**
 * F1 = 2tp / (2tp + fp + fn) of class `positive`; without it the unweighted mean over the classes that occur
 * as truth or prediction (macro). Classes are numbers from 0 to `classes` − 1. van Rijsbergen, Information
 * Retrieval, 1979; as scikit-learn's f1_score with average 'binary' and 'macro'.
 */
export function f1(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  { classes, positive }: { classes: number; positive?: number },
): Figure {
  const counted = positive === undefined ? Array.from({ length: classes }, (_, at) => at) : [positive];
  return (weights) => {
    const hits = new Float64Array(classes);
    // How often a class was the truth, and how often the prediction: 2tp + fp + fn in one.
    const mentions = new Float64Array(classes);
    for (let row = 0; row < truth.length; row++) {
      const weight = weights ? weights[row] : 1;
      mentions[truth[row]] += weight;
      mentions[predicted[row]] += weight;
      if (truth[row] === predicted[row]) hits[truth[row]] += weight;
    }
    const present = counted.filter((at) => mentions[at] > 0);
    return present.reduce((sum, at) => sum + (2 * hits[at]) / mentions[at], 0) / present.length;
  };
}

/**
 * Area under the ROC curve: the chance that a positive row scores above a negative one, a tie counting half
 * (the Mann–Whitney statistic). NaN unless both kinds of rows are there, and where a score is NaN. Hanley and
 * McNeil, Radiology 143, 1982.
 */
export function rocAuc(positive: ArrayLike<number | boolean>, scores: ArrayLike<number>): Figure {
  return ranked(positive, scores, (each) => {
    let won = 0;
    let below = 0;
    let above = 0;
    each((positives, negatives) => {
      won += positives * (below + negatives / 2);
      below += negatives;
      above += positives;
    });
    return won / (above * below);
  });
}

/**
 * Average precision: Σ (Rₖ − Rₖ₋₁) Pₖ over the distinct scores from the highest down, Pₖ and Rₖ the precision and recall
 * of calling all rows from there up positive. NaN without positive rows, and where a score is NaN. As scikit-learn's
 * average_precision_score.
 */
export function averagePrecision(positive: ArrayLike<number | boolean>, scores: ArrayLike<number>): Figure {
  return ranked(positive, scores, (each) => {
    let rows = 0;
    let positives = 0;
    each((more, others) => {
      positives += more;
      rows += more + others;
    });
    const all = positives;
    let sum = 0;
    // From the lowest score up, what is left is what lies from there up.
    each((more, others) => {
      if (more > 0) sum += more * (positives / rows);
      positives -= more;
      rows -= more + others;
    });
    return sum / all;
  });
}

/** How many positive and how many negative rows have each distinct score, in rising order. */
type EachScore = (take: (positives: number, negatives: number) => void) => void;

/** A figure of the order of the scores, which is found once for all weights. */
function ranked(
  positive: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
  figure: (each: EachScore) => number,
): Figure {
  if (Array.from(scores).some(Number.isNaN)) return () => Number.NaN;
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row).toSorted(
    (a, b) => scores[a] - scores[b],
  );
  // In the order of the scores, since this is gone through once for every resample.
  const isPositive = Uint8Array.from(order, (row) => Number(positive[row]));
  const endsTie = Uint8Array.from(order, (row, at) => Number(scores[row] !== scores[order[at + 1]]));
  return (weights) =>
    figure((take) => {
      let positives = 0;
      let negatives = 0;
      for (let at = 0; at < order.length; at++) {
        const weight = weights ? weights[order[at]] : 1;
        if (isPositive[at]) positives += weight;
        else negatives += weight;
        if (!endsTie[at]) continue;
        take(positives, negatives);
        positives = 0;
        negatives = 0;
      }
    });
}

function mean(values: Float64Array): Figure {
  return (weights) => {
    let sum = 0;
    let count = 0;
    for (let row = 0; row < values.length; row++) {
      const weight = weights ? weights[row] : 1;
      sum += weight * values[row];
      count += weight;
    }
    return sum / count;
  };
}
