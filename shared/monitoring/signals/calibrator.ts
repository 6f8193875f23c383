import type { Outcome } from '../../outcomes/index.ts';
import { mergeScores, scoreBins, type ScoresByClass } from '../../profiles/index.ts';
import {
  aucSamplingError,
  fitIsotonic,
  type Isotonic,
  needsCalibration,
  type SamplingError,
  samplingErrorOf,
  samplingErrors,
} from '../../stats/index.ts';
import { estimateOf, expectedOf } from './estimate.ts';
import {
  macroF1Deviation,
  type PerformanceFigures,
  performanceFigures,
  rowsOf,
  twoClasses,
} from './performance-figures.ts';
import {
  type BinaryScores,
  binaryScores,
  inUnit,
  probabilityOf,
  scoredRows,
  whyNoProbabilities,
} from './scores-binary.ts';

export type EstimatedMetric = 'accuracy' | 'macro-f1' | 'auc';

/**
 * How likely a score makes it that a prediction is right, learnt of labelled rows of one version, and how its figures
 * stray by chance. JSON keeps it.
 */
export type Calibrator = CalibratedScores & {
  /** Of the labelled rows it was fitted on. */
  readonly source: 'evaluation-set' | 'first-labelled-window';
  readonly rows: number;
  /** What these rows gave by their labels. */
  readonly figures: PerformanceFigures['figures'];
  /** What these rows give without their labels, which an estimate is held against; absent of calibrators kept before it was. */
  readonly estimated?: Readonly<Partial<Record<EstimatedMetric, number>>>;
  /** The larger of what their labels and what their probabilities make. */
  readonly errors: Readonly<Partial<Record<EstimatedMetric, SamplingError>>>;
};

/** How scores are turned into probabilities. */
export type CalibratedScores =
  | {
      readonly kind: 'binary';
      readonly classes: readonly [negative: string, positive: string];
      /** Of the second class, by its score; `null` where the scores are right as they are. */
      readonly probability: Isotonic | null;
    }
  | {
      readonly kind: 'several';
      /** Of being right, by the score of the predicted class; for classes of few rows that of all together. */
      readonly probability: Isotonic | null;
      readonly byClass: Readonly<Record<string, Isotonic>>;
    };

/** Isotonic steps of fewer rows than this, of either kind, follow chance. */
const rowsOfKindMin = 50;
/** As many rows as tell whether calibration helps; of more an even part is taken. */
const checkedRowsMax = 20_000;

/**
 * Learns of labelled rows how far the scores of a version can be believed: isotonic probabilities where these are nearer
 * to the truth on rows that they were not fitted on, else the scores as they are (as NannyML decides). Of two classes the
 * probability is that of the second one; of more it is that of being right, since only the score of the predicted class is
 * kept.
 *
 * @returns a reason where nothing can be learnt: too few rows, scores that are no probabilities, no classes
 */
export function fitCalibrator(
  outcome: Pick<Outcome, 'classes' | 'numbers'>,
  {
    source,
    classes,
    minLabelled,
  }: Pick<Calibrator, 'source'> & {
    readonly classes: readonly string[] | null;
    readonly minLabelled: number;
  },
): Calibrator | { readonly why: string } {
  const { classes: of } = outcome;
  if (!of) return { why: 'Only of classes can it be estimated how many are right, not of numbers.' };
  const { right, wrong } = of;
  const why = whyNoProbabilities(right, wrong);
  if (why !== undefined) return { why };
  const { scored } = scoredRows(right, wrong);
  if (scored < minLabelled)
    return {
      why: `${scored} labelled rows have a probability; at least ${minLabelled} are needed to calibrate (min_labelled).`,
    };
  const { figures } = performanceFigures({ classes: of, numbers: null }, classes);
  const common = { source, rows: rowsOf(of), figures };
  const two = twoClasses(of.confusion, classes);
  const all = mergeScores(right, wrong);
  if (!two) {
    const hits = [...right.values()].reduce((sum, { counts }) => sum + total(counts), 0);
    const outcomes = { truePositives: hits, falsePositives: scored - hits };
    const { accuracy } = samplingErrors({ ...outcomes, falseNegatives: 0, trueNegatives: 0 });
    const scores: CalibratedScores = { kind: 'several', ...ofSeveral(right, wrong) };
    const estimated = estimatedOf(all, scores);
    const likely = estimated.accuracy ?? 0;
    const expected = { deviation: Math.sqrt(likely * (1 - likely)), share: 1 };
    return { ...common, ...scores, estimated, errors: larger({ accuracy }, { accuracy: expected }) };
  }
  const scores = binaryScores(right, wrong, two);
  const { positives, negatives } = scores;
  const isFitted = isCalibrationNeeded(scores);
  const counts = positives.map((count, bin) => count + negatives[bin]);
  const probability = isFitted
    ? fitIsotonic(
        middles,
        positives.map((count, bin) => count / counts[bin]),
        counts,
      )
    : null;
  const calibration = { kind: 'binary', classes: two, probability } as const;
  const expected = expectedOf(all, calibration);
  return {
    ...common,
    ...calibration,
    estimated: estimatedOf(all, calibration),
    errors: larger(
      errorsOf(scores, binaryOutcomes(right, wrong, two)),
      errorsOf(expected.scores, expected.outcomes),
    ),
  };
}

function estimatedOf(scores: ScoresByClass, calibration: CalibratedScores): Calibrator['estimated'] & object {
  return Object.fromEntries(
    Object.entries(estimateOf(scores, calibration)).filter(([, value]) => Number.isFinite(value)),
  );
}

/**
 * Of each figure the error that is larger. Labels that were all as predicted have none, though what is estimated of
 * scores that are less sure strays with the rows.
 */
function larger(of: Calibrator['errors'], other: Calibrator['errors']): Calibrator['errors'] {
  const names = [...new Set([...Object.keys(of), ...Object.keys(other)])] as EstimatedMetric[];
  return Object.fromEntries(
    names.map((name) => {
      const [a, b] = [of[name], other[name]];
      if (!a || !b) return [name, a ?? b];
      return [name, samplingErrorOf(a, 1) < samplingErrorOf(b, 1) ? b : a];
    }),
  );
}

const middles = Float64Array.from({ length: scoreBins }, (_, bin) => probabilityOf(bin));

function ofSeveral(right: ScoresByClass, wrong: ScoresByClass) {
  const empty = new Float64Array(scoreBins);
  const of = (scores: ScoresByClass, name: string) => {
    const found = scores.get(name);
    return found ? inUnit(found.counts) : empty;
  };
  const all = { positives: empty.slice(), negatives: empty.slice() };
  const byClass: Record<string, Isotonic> = {};
  for (const name of [...new Set([...right.keys(), ...wrong.keys()])].toSorted()) {
    const scores = { positives: of(right, name), negatives: of(wrong, name) };
    for (const kind of ['positives', 'negatives'] as const)
      for (let bin = 0; bin < scoreBins; bin++) all[kind][bin] += scores[kind][bin];
    if (Math.min(total(scores.positives), total(scores.negatives)) >= rowsOfKindMin)
      byClass[name] = isotonicOf(scores);
  }
  return isCalibrationNeeded(all)
    ? { probability: isotonicOf(all), byClass }
    : { probability: null, byClass: {} };
}

function isotonicOf({ positives, negatives }: BinaryScores): Isotonic {
  const counts = positives.map((count, bin) => count + negatives[bin]);
  return fitIsotonic(
    middles,
    positives.map((count, bin) => (counts[bin] === 0 ? 0 : count / counts[bin])),
    counts,
  );
}

/** Whether calibration helps, of an even part of the rows in order of their scores. */
function isCalibrationNeeded({ positives, negatives }: BinaryScores): boolean {
  const rows = total(positives) + total(negatives);
  const every = Math.max(1, rows / checkedRowsMax);
  const truth: number[] = [];
  const scores: number[] = [];
  for (const [counts, positive] of [
    [positives, 1],
    [negatives, 0],
  ] as const) {
    let seen = 0;
    for (let bin = 0; bin < scoreBins; bin++) {
      const before = Math.floor(seen / every);
      seen += counts[bin];
      for (let row = before; row < Math.floor(seen / every); row++) {
        truth.push(positive);
        scores.push(middles[bin]);
      }
    }
  }
  return needsCalibration(truth, scores);
}

function binaryOutcomes(
  right: ScoresByClass,
  wrong: ScoresByClass,
  [negative, positive]: readonly [string, string],
) {
  const of = (scores: ScoresByClass, name: string) => total(scores.get(name)?.counts ?? new Float64Array());
  return {
    truePositives: of(right, positive),
    falsePositives: of(wrong, positive),
    falseNegatives: of(wrong, negative),
    trueNegatives: of(right, negative),
  };
}

function errorsOf(
  { positives, negatives }: BinaryScores,
  outcomes: ReturnType<typeof binaryOutcomes>,
): Calibrator['errors'] {
  const turned = {
    truePositives: outcomes.trueNegatives,
    falsePositives: outcomes.falseNegatives,
    falseNegatives: outcomes.falsePositives,
    trueNegatives: outcomes.truePositives,
  };
  const found: Record<EstimatedMetric, SamplingError> = {
    accuracy: samplingErrors(outcomes).accuracy,
    'macro-f1': { deviation: macroF1Deviation([outcomes, turned]), share: 1 },
    auc: aucSamplingError(middles, positives, negatives),
  };
  return Object.fromEntries(
    Object.entries(found).filter(
      ([, { deviation, share }]) => Number.isFinite(deviation) && Number.isFinite(share) && share > 0,
    ),
  );
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
