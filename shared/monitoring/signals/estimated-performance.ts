import type { ScoresByClass } from '../../profiles/index.ts';
import { samplingErrorOf } from '../../stats/index.ts';
import type { SignalSetting } from '../settings.ts';
import type { Band, Item } from '../signal.ts';
import type { Calibrator, EstimatedMetric } from './calibrator.ts';
import { estimateOf } from './estimate.ts';
import { insufficient, type JudgedSignal, signalOf } from './items.ts';
import { Holder } from './held.ts';
import type { PastWindow } from './learnt.ts';
import { performanceBounds, performanceRules } from './performance.ts';
import { scoredRows, whyNoProbabilities } from './scores-binary.ts';
import { unjudgedItem } from './verdict.ts';

export type EstimatedPerformanceInput = {
  readonly segment: string;
  /** Of all rows of the window and one version: `classes` of its profile. */
  readonly scores: ScoresByClass;
  /** Of the version, or why it has none. */
  readonly calibrator: Calibrator | { readonly why: string };
  readonly minRows: number;
  readonly past?: readonly PastWindow[];
};

/**
 * An estimate has moved when it lies more than so many sampling errors from what the version was found to do: NannyML's
 * band. By chance one window in 370 does.
 */
export const estimateErrors = 3;

/** More rows than this of classes that nothing was learnt of cannot be left out. */
const unknownShareMax = 0.01;

/**
 * How good the predictions of a window are likely to be, without labels: confidence-based performance estimation
 * (NannyML's CBPE) of the scores that were counted. It sees that the model has become less sure, because its inputs changed;
 * it does not see that the same inputs mean something else than before, which only labels show.
 *
 * Of two classes `accuracy`, `macro-f1` and `auc`; of more `accuracy`, since only the score of the predicted class is
 * kept. Of scores in 1,024 bins: off by 0.0005 at most, AUC by half of the pairs that share a bin. Where the settings name
 * no bounds, the bound is what is estimated of the labelled rows of the calibrator, less the allowance of the same figure in
 * `performanceRules` or {@link estimateErrors} sampling errors, whichever is more: an estimate is held against an estimate,
 * so that scores which are too modest, as of a model that is always right, are no change.
 */
export function estimatedPerformance(input: EstimatedPerformanceInput, setting: SignalSetting): JudgedSignal {
  const { segment, scores, calibrator, minRows, past } = input;
  const head = { signal: 'estimated-performance', segment, metric: 'accuracy' } as const;
  const { scored, without } = scoredRows(scores);
  if (scored + without === 0) return insufficient(head, setting, 'The window has no predictions of a class.');
  const why = whyNoProbabilities(scores);
  if (why !== undefined) return insufficient(head, setting, why);
  if (scored < minRows)
    return insufficient(
      head,
      setting,
      `${scored} of ${scored + without} predictions have a probability; at least ${minRows} are needed (min_rows).`,
    );
  if ('why' in calibrator) return insufficient(head, setting, calibrator.why);
  const unknown = unknownRows(scores, calibrator);
  if (unknown > unknownShareMax * scored)
    return insufficient(
      head,
      setting,
      `${unknown} of ${scored} predictions are of classes that the labelled rows of the version do not have.`,
    );
  const estimate = estimateOf(scores, calibrator);
  const holder = new Holder(setting, past);
  const items = Object.entries(estimate).map(([each, value]): Item => {
    const metric = each as EstimatedMetric;
    const of = { name: metric, metric, basis: 'profile' } as const;
    if (!Number.isFinite(value))
      return unjudgedItem(of, 'It takes rows that are likely to be of either class.');
    const error = errorOf(calibrator, metric, scored);
    const item = holder.hold(of, value, performanceRules[metric], () => {
      const found = heldAgainst(calibrator, metric);
      if (found === undefined || error === undefined)
        return { bounds: null, why: 'The labelled rows of the version do not have it.' };
      return { bounds: performanceBounds(metric, found, estimateErrors * error) };
    });
    return error === undefined ? item : { ...item, band: bandOf(value, error) };
  });
  return signalOf({ ...head, headline: { metric: 'accuracy' }, items, learnt: holder.learnt }, setting);
}

/** All of its figures are shares. */
function bandOf(value: number, error: number): Band {
  return {
    lower: Math.max(value - estimateErrors * error, 0),
    upper: Math.min(value + estimateErrors * error, 1),
  };
}

/** Rows of classes that the calibrator of two classes does not know; one of several knows all classes together. */
function unknownRows(scores: ScoresByClass, calibrator: Calibrator): number {
  if (calibrator.kind === 'several') return 0;
  const others = [...scores].filter(([name]) => !calibrator.classes.includes(name));
  return scoredRows(new Map(others)).scored;
}

/** What the labelled rows gave by estimate; by their labels where a calibrator was kept that has no estimate. */
function heldAgainst({ estimated, figures }: Calibrator, metric: EstimatedMetric): number | undefined {
  const found = figures[metric]?.value;
  return found === undefined || !estimated ? found : estimated[metric];
}

function errorOf({ errors }: Calibrator, metric: EstimatedMetric, rows: number): number | undefined {
  const error = errors[metric];
  return error && samplingErrorOf(error, rows);
}
