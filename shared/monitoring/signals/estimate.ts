import { scoreBins, type ScoresByClass } from '../../profiles/index.ts';
import { estimatePerformance, type Isotonic, isotonicAt } from '../../stats/index.ts';
import type { CalibratedScores, EstimatedMetric } from './calibrator.ts';
import { type BinaryScores, inUnit, probabilityOf } from './scores-binary.ts';

/** The probability that a score of the second class, or of the predicted one, makes. */
export function calibrated(probability: Isotonic | null, score: number): number {
  return probability ? isotonicAt(probability, score) : score;
}

/** The figures to be expected; NaN where one has no meaning. */
export function estimateOf(
  scores: ScoresByClass,
  calibrator: CalibratedScores,
): { readonly accuracy: number } & Readonly<Partial<Record<EstimatedMetric, number>>> {
  if (calibrator.kind === 'several') {
    let [rows, hits] = [0, 0];
    for (const [name, { counts }] of scores) {
      const known = Object.hasOwn(calibrator.byClass, name) ? calibrator.byClass[name] : undefined;
      for (const [bin, count] of inUnit(counts).entries()) {
        rows += count;
        hits += count * calibrated(known ?? calibrator.probability, probabilityOf(bin));
      }
    }
    return { accuracy: hits / rows };
  }
  const { probabilities, ...columns } = columnsOf(scores, calibrator);
  const { accuracy, f1, rocAuc } = estimatePerformance({ ...columns, probabilities });
  const { f1: ofNegative } = estimatePerformance({
    ...columns,
    probabilities: probabilities.map((p) => 1 - p),
    predicted: columns.predicted.map((predicted) => 1 - predicted),
  });
  return { accuracy, 'macro-f1': (f1 + ofNegative) / 2, auc: rocAuc };
}

/** How often which class is to be expected to be true, by score and by what was predicted. */
export function expectedOf(scores: ScoresByClass, calibrator: BinaryCalibration) {
  const found: BinaryScores = {
    positives: new Float64Array(scoreBins),
    negatives: new Float64Array(scoreBins),
  };
  const outcomes = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  const columns = columnsOf(scores, calibrator);
  for (const [row, count] of columns.counts.entries()) {
    const [positives, negatives] = [
      count * columns.probabilities[row],
      count * (1 - columns.probabilities[row]),
    ];
    found.positives[columns.bins[row]] += positives;
    found.negatives[columns.bins[row]] += negatives;
    const isPositive = columns.predicted[row] === 1;
    outcomes[isPositive ? 'truePositives' : 'falseNegatives'] += positives;
    outcomes[isPositive ? 'falsePositives' : 'trueNegatives'] += negatives;
  }
  return { scores: found, outcomes };
}

type BinaryCalibration = Extract<CalibratedScores, { readonly kind: 'binary' }>;

/** By bin of the second class's probability and predicted class: how many rows, and how likely it is true of them. */
function columnsOf(scores: ScoresByClass, { classes: [negative, positive], probability }: BinaryCalibration) {
  const columns = {
    bins: [] as number[],
    scores: [] as number[],
    predicted: [] as number[],
    counts: [] as number[],
    probabilities: [] as number[],
  };
  for (const [name, isPositive] of [
    [positive, 1],
    [negative, 0],
  ] as const) {
    const found = scores.get(name);
    if (!found) continue;
    for (const [at, count] of inUnit(found.counts).entries()) {
      if (count === 0) continue;
      const bin = isPositive ? at : scoreBins - 1 - at;
      columns.bins.push(bin);
      columns.scores.push(probabilityOf(bin));
      columns.predicted.push(isPositive);
      columns.counts.push(count);
      columns.probabilities.push(calibrated(probability, probabilityOf(bin)));
    }
  }
  return columns;
}
