import type { Outcome } from '../../outcomes/index.ts';
import type { SignalSetting } from '../settings.ts';
import type { Band, Bounds, Item } from '../signal.ts';
import { insufficient, type JudgedSignal, signalOf } from './items.ts';
import { type Found, Holder } from './held.ts';
import type { PastWindow, Side } from './learnt.ts';
import {
  classMetrics,
  numberMetrics,
  performanceFigures,
  type PerformanceFigures,
  type PerformanceMetric,
} from './performance-figures.ts';
import { unjudgedItem } from './verdict.ts';

/** What a version is held against: its evaluation set, or the first window that had enough labels. JSON keeps it. */
export type PerformanceBaseline = PerformanceFigures & {
  readonly source: 'evaluation-set' | 'first-labelled-window';
};

export type PerformanceInput = {
  readonly segment: string;
  /** Of the window and one version; `null` where no label came. */
  readonly outcome: Outcome | null;
  /** The classes that the version declares; `null` where it declares none. */
  readonly classes: readonly string[] | null;
  readonly baseline: PerformanceBaseline | null;
  readonly minLabelled: number;
  /** Earlier results, for thresholds that are learnt. */
  readonly past?: readonly PastWindow[];
};

type Rule = Side & {
  /** How far the figure may lie on its bad side of the baseline. */
  readonly allowance: (baseline: number) => number;
};

/**
 * How far a figure may fall from its baseline before anybody is told, unless the settings say otherwise.
 *
 * Accuracy, balanced accuracy, F1 and AUC may lose 0.05: one prediction of twenty, which is the least that most people who
 * use a model would act upon. The log loss may rise by a fifth, mean absolute and root mean squared error likewise: they
 * have units, or none that anybody knows by heart, so that only a share of the baseline has a meaning. R² may lose 0.1,
 * since where it is high a fifth more error takes 0.02 to 0.1 of it.
 */
export const performanceRules: Readonly<Record<PerformanceMetric, Rule>> = {
  accuracy: { side: 'lower', least: 0, most: 1, allowance: () => 0.05 },
  'balanced-accuracy': { side: 'lower', least: 0, most: 1, allowance: () => 0.05 },
  'macro-f1': { side: 'lower', least: 0, most: 1, allowance: () => 0.05 },
  auc: { side: 'lower', least: 0, most: 1, allowance: () => 0.05 },
  'log-loss': { side: 'upper', least: 0, allowance: (baseline) => 0.2 * baseline },
  mae: { side: 'upper', least: 0, allowance: (baseline) => 0.2 * baseline },
  rmse: { side: 'upper', least: 0, allowance: (baseline) => 0.2 * baseline },
  r2: { side: 'lower', most: 1, allowance: () => 0.1 },
};

/**
 * A loss must be larger than so many standard errors, of window and baseline together: by chance one figure is in one
 * window of 2,000, so that of the five of a classifier at most one window in 400 is a false alarm. A baseline that was
 * lucky is that for all windows, so they are not independent: with 2.6 errors (one of 200) a monitor of 200 labels an hour
 * raised a false alert every other week.
 */
export const chanceErrors = 3.3;

/** ± so many standard errors hold the true value in 95 of 100 cases. */
const bandErrors = 1.96;

/**
 * How good the labelled predictions of a window were, against bounds. Where the settings name none, the bound is the
 * baseline less an allowance, and a breach is beyond that and beyond chance as well. Bounds that are given or learnt are
 * taken at their word.
 */
export function performance(input: PerformanceInput, setting: SignalSetting): JudgedSignal {
  const { segment, outcome, classes, baseline, minLabelled, past } = input;
  const found = performanceFigures(outcome ?? { classes: null, numbers: null }, classes);
  const [metric] = found.task === 'classes' ? classMetrics : numberMetrics;
  if (found.rows === 0 || found.rows < minLabelled)
    return insufficient(
      { signal: 'performance', segment, metric: headlineOf(baseline) ?? metric },
      setting,
      `${found.rows} of ${outcome?.rows ?? 0} rows have a prediction and a label that can be held against it${unusableOf(outcome)}; at least ${Math.max(1, minLabelled)} are needed (min_labelled).`,
    );
  const holder = new Holder(setting, past);
  const items = (found.task === 'classes' ? classMetrics : numberMetrics).map((each): Item => {
    const of = { name: each, metric: each, basis: 'outcomes' } as const;
    const figure = found.figures[each];
    if (!figure) return unjudgedItem(of, found.missing[each] ?? 'It could not be counted.');
    const item = holder.hold(of, figure.value, performanceRules[each], () =>
      usualBounds(each, found.rows, baseline),
    );
    return { ...item, band: bandOf(each, figure, found.rows) };
  });
  return signalOf(
    { signal: 'performance', segment, headline: { metric }, items, learnt: holder.learnt },
    setting,
  );
}

function usualBounds(metric: PerformanceMetric, rows: number, baseline: PerformanceBaseline | null): Found {
  const held = baseline?.figures[metric];
  if (!baseline) return { bounds: null, why: 'The version has no baseline to hold it against.' };
  if (!held) return { bounds: null, why: `The baseline has no '${metric}' to hold it against.` };
  const chance = chanceErrors * held.deviation * Math.sqrt(1 / rows + 1 / baseline.rows);
  return { bounds: performanceBounds(metric, held.value, chance) };
}

/** The default bounds of a figure by its baseline: as far off as its allowance, or as chance goes if that is further. */
export function performanceBounds(metric: PerformanceMetric, baseline: number, chance: number): Bounds {
  const { side, allowance } = performanceRules[metric];
  const distance = Math.max(allowance(baseline), chance);
  return side === 'lower' ? { lower: baseline - distance } : { upper: baseline + distance };
}

/** Where the true value lies in 95 of 100 cases. */
function bandOf(
  metric: PerformanceMetric,
  { value, deviation }: { readonly value: number; readonly deviation: number },
  rows: number,
): Band {
  const { least = -Infinity, most = Infinity } = performanceRules[metric];
  const error = (bandErrors * deviation) / Math.sqrt(rows);
  return { lower: Math.max(value - error, least), upper: Math.min(value + error, most) };
}

function headlineOf(baseline: PerformanceBaseline | null): PerformanceMetric | undefined {
  if (!baseline) return undefined;
  return (baseline.task === 'classes' ? classMetrics : numberMetrics)[0];
}

function unusableOf(outcome: Outcome | null): string {
  return outcome && outcome.unusable > 0 ? `, and ${outcome.unusable} labels cannot` : '';
}
