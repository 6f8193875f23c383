import { scoreBins, type ScoresByClass } from '../../profiles/index.ts';

/**
 * How many rows of two classes have which probability of the second one, in bins [i, i + 1) / 1,024: made of the scores of
 * both predicted classes, those of the first turned round, since there a probability p of what was predicted is 1 − p.
 */
export type BinaryScores = { readonly positives: Float64Array; readonly negatives: Float64Array };

/** More scores than this outside of 0 to 1 are no probabilities, but distances, logits or votes. */
const outsideShareMax = 0.01;

/** Scores by class, of which there are any; those outside of 0 to 1 in the outermost bins, those without left out. */
export function inUnit(counts: Float64Array): Float64Array {
  const bins = counts.slice(1, scoreBins + 1);
  bins[0] += counts[0];
  bins[scoreBins - 1] += counts[scoreBins + 1];
  return bins;
}

/** Rows with a score, without one, and with one that is outside of 0 to 1. */
export function scoredRows(...some: readonly ScoresByClass[]): {
  readonly scored: number;
  readonly without: number;
  readonly outside: number;
} {
  const sum = { scored: 0, without: 0, outside: 0 };
  for (const scores of some)
    for (const { counts, without } of scores.values()) {
      for (const count of counts) sum.scored += count;
      sum.without += without;
      sum.outside += counts[0] + counts[scoreBins + 1];
    }
  return sum;
}

/** Why scores are no probabilities; `undefined` where they are. */
export function whyNoProbabilities(...some: readonly ScoresByClass[]): string | undefined {
  const { scored, without, outside } = scoredRows(...some);
  if (scored === 0)
    return without === 0
      ? 'There are no predictions with a class.'
      : `None of ${without} predictions has a probability: the version answers a class alone, or NaN.`;
  if (outside > outsideShareMax * scored)
    return `The scores are no probabilities: ${outside} of ${scored} lie outside of 0 to 1.`;
  return undefined;
}

/** The probabilities of the second class, by whether it was true. */
export function binaryScores(
  right: ScoresByClass,
  wrong: ScoresByClass,
  [negative, positive]: readonly [string, string],
): BinaryScores {
  const positives = new Float64Array(scoreBins);
  const negatives = new Float64Array(scoreBins);
  const add = (scores: ScoresByClass, name: string, into: Float64Array) => {
    const found = scores.get(name);
    if (!found) return;
    const bins = inUnit(found.counts);
    for (let bin = 0; bin < scoreBins; bin++)
      into[name === positive ? bin : scoreBins - 1 - bin] += bins[bin];
  };
  add(right, positive, positives);
  add(wrong, positive, negatives);
  add(right, negative, negatives);
  add(wrong, negative, positives);
  return { positives, negatives };
}

/** The middle of a bin. */
export function probabilityOf(bin: number): number {
  return (bin + 0.5) / scoreBins;
}

/**
 * The area under the ROC curve and its variance, of counts: the share of pairs of a positive and a negative row in which
 * the positive one scores higher, a tie and a pair in one bin counting half; variance after DeLong, DeLong and
 * Clarke-Pearson, Biometrics 44, 1988. Both NaN unless both kinds of rows are there.
 */
export function aucOfBins({ positives, negatives }: BinaryScores): {
  readonly auc: number;
  readonly variance: number;
} {
  const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
  const [allPositives, allNegatives] = [total(positives), total(negatives)];
  // Of each kind: Σ and Σ² of the share of the other kind that a row wins against.
  const won = { sum: 0, squares: 0 };
  const lost = { sum: 0, squares: 0 };
  let [below, under] = [0, 0];
  for (let bin = 0; bin < positives.length; bin++) {
    const [p, n] = [positives[bin], negatives[bin]];
    const ofPositive = (below + n / 2) / allNegatives;
    const ofNegative = (allPositives - under - p / 2) / allPositives;
    won.sum += p * ofPositive;
    won.squares += p * ofPositive ** 2;
    lost.sum += n * ofNegative;
    lost.squares += n * ofNegative ** 2;
    below += n;
    under += p;
  }
  const spread = ({ sum, squares }: typeof won, count: number) =>
    Math.max(squares / count - (sum / count) ** 2, 0) / count;
  return {
    auc: won.sum / allPositives,
    variance: spread(won, allPositives) + spread(lost, allNegatives),
  };
}

/** Mean of −ln p of the class that was true, and its variance over rows; p is the middle of a bin. NaN without rows. */
export function logLossOfBins({ positives, negatives }: BinaryScores): {
  readonly loss: number;
  readonly variance: number;
} {
  let [rows, sum, squares] = [0, 0, 0];
  const add = (count: number, loss: number) => {
    rows += count;
    sum += count * loss;
    squares += count * loss * loss;
  };
  for (let bin = 0; bin < positives.length; bin++) {
    add(positives[bin], -Math.log(probabilityOf(bin)));
    add(negatives[bin], -Math.log(1 - probabilityOf(bin)));
  }
  const loss = sum / rows;
  return { loss, variance: Math.max(squares / rows - loss * loss, 0) };
}
