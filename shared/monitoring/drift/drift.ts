import { driftedShareOf, givenBound } from '../defaults.ts';
import { heatFeaturesMax, type MonitorResult } from '../model.ts';
import type { MonitorSettingsV2, SignalSetting } from '../settings.ts';
import type { Bounds, Item, SignalName, SignalResult, Verdict } from '../signal.ts';
import { cutItems, insufficient, type PastWindow, unjudgedItem } from '../signals/index.ts';
import { boundsSet } from './bounds.ts';
import {
  answerPairs,
  comparePair,
  type ComparedPair,
  detailOf,
  featurePairs,
  type ItemDetail,
  type Pair,
} from './columns.ts';
import { driftedOf, type Figure } from './figures.ts';
import type { Sides } from './sides.ts';

/** What a signal says, and all of its items with what they came of. */
export type Judged = { readonly result: SignalResult; readonly details: readonly ItemDetail[] };

export type DriftInput = {
  readonly signal: Extract<SignalName, 'feature-drift' | 'prediction-drift' | 'skew'>;
  readonly segment: string;
  readonly sides: Sides;
  /** Earlier results, for bounds that are learnt. */
  readonly past?: readonly PastWindow[];
};

type Settings = Pick<MonitorSettingsV2, 'preset' | 'minRows' | 'featureWeights'>;

/**
 * Which features have moved from the reference, and whether so many have that the data have. Each is judged by the test of
 * the preset; the window by the share of drifted among comparable features, by weight. A feature that one side lacks, has
 * as another kind, or has hidden is not comparable and left out of the share. A missing value counts as one of its own in
 * preset `cairn`, and is left out by the others.
 */
export function featureDrift(input: DriftInput, settings: Settings, setting: SignalSetting): Judged {
  const { signal, segment, sides } = input;
  const head = { signal, segment, metric: 'drifted-share' } as const;
  const few = whyFew(sides, settings.minRows, segment);
  if (few !== undefined) return { result: insufficient(head, setting, few), details: [] };
  const { preset, featureWeights } = settings;
  const judged = judgePairs(featurePairs(sides), input, settings, setting);
  const weightOf = (name: string) => (Object.hasOwn(featureWeights, name) ? (featureWeights[name] ?? 1) : 1);
  const weigh = (verdicts: readonly Verdict[]) =>
    judged.reduce((sum, { item }) => (verdicts.includes(item.verdict) ? sum + weightOf(item.name) : sum), 0);
  const comparable = weigh(['ok', 'breached']);
  const items = judged.map(({ item }) => item);
  const details = judged.map(({ item, compared }) => detailOf(item, compared));
  if (comparable === 0) {
    const reason = items.some(({ verdict }) => verdict !== 'insufficient-data')
      ? 'All features that can be compared have weight 0.'
      : 'The window and the reference have no column that can be compared.';
    return { result: { ...insufficient(head, setting, reason), ...cutItems(items) }, details };
  }
  const share = weigh(['breached']) / comparable;
  const of = { name: 'features', metric: 'drifted-share', basis: sides.basis } as const;
  const set = boundsSet(setting, input.past ?? [], of, { side: 'upper', least: 0, most: 1 });
  if (set && 'why' in set)
    return {
      result: {
        ...insufficient(head, setting, set.why),
        value: share,
        ...cutItems([unjudgedItem(of, set.why, share), ...items]),
      },
      details,
    };
  const usual = driftedShareOf[preset];
  const bounds: Bounds = set?.bounds ?? { upper: usual.upper };
  const { upper = 1 } = bounds;
  const isBreached = share > upper || (usual.isReached && share === upper && share > 0);
  const verdict: Verdict = isBreached ? 'breached' : 'ok';
  const whole: Item = { ...of, value: share, bounds, verdict };
  const { severity } = setting;
  return {
    result: {
      ...head,
      severity,
      verdict,
      value: share,
      bounds,
      ...withHeadline(whole, items),
    },
    details: [whole, ...details],
  };
}

/** Whether what the model answers has moved: its score, or how often it answers which class. */
export function predictionDrift(input: DriftInput, settings: Settings, setting: SignalSetting): Judged {
  const { signal, segment, sides } = input;
  const head = { signal, segment, metric: settings.preset === 'cairn' ? 'psi' : 'distance' } as const;
  const few = whyFew(sides, settings.minRows, segment);
  if (few !== undefined) return { result: insufficient(head, setting, few), details: [] };
  const judged = judgePairs(answerPairs(sides), input, settings, setting);
  const { items } = cutItems(judged.map(({ item }) => item));
  const details = judged.map(({ item, compared }) => detailOf(item, compared));
  const [worst] = items;
  if (!worst || worst.verdict === 'insufficient-data') {
    const reason = worst?.reason ?? 'The window or the reference has no scores or classes to compare.';
    return { result: { ...insufficient(head, setting, reason), items }, details };
  }
  const { metric, value, bounds, verdict } = worst;
  const { severity } = setting;
  return { result: { signal, segment, severity, verdict, metric, value, bounds, items }, details };
}

/** Features by how far they moved, for a map over windows. */
export function heatOf({ details }: Judged): MonitorResult['heat'] {
  const features = details
    .filter(({ metric }) => metric !== 'drifted-share')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, heatFeaturesMax);
  const [first] = features.filter(({ value }) => value !== null);
  if (!first) return undefined;
  return {
    features: features.map(({ name }) => name),
    metric: first.metric,
    values: features.map(({ value }) => value),
    breached: features.map(({ verdict }) => verdict === 'breached'),
  };
}

type JudgedPair = { readonly item: Item; readonly compared: ComparedPair };

function judgePairs(
  pairs: readonly Pair[],
  { signal, past = [], sides }: DriftInput,
  { preset }: Settings,
  setting: SignalSetting,
): JudgedPair[] {
  const usualPsi = givenBound(signal, setting, 'psi', 'upper') ?? 0;
  const rate = givenBound(signal, setting, 'p-value', 'lower') ?? 0;
  const compared = pairs.map((pair) => {
    const of = { name: pair.name, metric: 'psi' };
    const set = preset === 'cairn' ? boundsSet(setting, past, of, { side: 'upper', least: 0 }) : undefined;
    const why = set && 'why' in set ? set.why : undefined;
    const psiMax = set && 'bounds' in set ? (set.bounds.upper ?? Infinity) : usualPsi;
    return { why, compared: comparePair(pair, preset, psiMax) };
  });
  const figures = compared.flatMap(({ compared: { figure } }) => (figure ? [figure] : []));
  const flags = driftedOf(preset, figures, rate);
  const drifted = new Set(figures.filter((_, at) => flags[at]));
  return compared.map(({ why, compared: each }) => ({
    item: itemOf(each, why, drifted, sides),
    compared: each,
  }));
}

function itemOf(
  { pair, figure, profile }: ComparedPair,
  why: string | undefined,
  drifted: ReadonlySet<Figure>,
  { basis }: Sides,
): Item {
  if ('why' in pair || !figure) {
    const reason = 'why' in pair ? pair.why : 'It could not be compared.';
    return unjudgedItem({ name: pair.name, metric: 'psi', basis }, reason);
  }
  const of = { name: pair.name, metric: figure.metric, basis: profile ? 'profile' : 'exact' } as const;
  if (Number.isNaN(figure.value)) return unjudgedItem(of, 'A side has no values.');
  if (why !== undefined) return unjudgedItem(of, why, figure.value);
  if (Object.keys(figure.bounds).length === 0)
    return unjudgedItem(of, 'The reference has too few rows to learn a threshold of.', figure.value);
  return {
    ...of,
    value: figure.value,
    bounds: figure.bounds,
    verdict: drifted.has(figure) ? 'breached' : 'ok',
  };
}

/** The item that stands for the signal comes first, whatever the others are. */
function withHeadline(whole: Item, items: readonly Item[]): Pick<SignalResult, 'items' | 'itemsLeftOut'> {
  const cut = cutItems(items);
  const kept = cut.items.slice(0, 49);
  const leftOut = items.length - kept.length;
  return { items: [whole, ...kept], ...(leftOut > 0 ? { itemsLeftOut: leftOut } : {}) };
}

/** Why there are too few rows for any verdict; `undefined` where there are not. */
export function whyFew(
  { reference, current }: Pick<Sides, 'reference' | 'current'>,
  minRows: number,
  segment: string,
): string | undefined {
  if (current.rows === 0)
    return segment === ''
      ? 'The window has no predictions.'
      : `The window has no predictions where ${segment}.`;
  if (current.rows < minRows)
    return `The window has ${current.rows} rows; at least ${minRows} are needed (min_rows).`;
  if (reference.rows < minRows)
    return `The reference has ${reference.rows} rows; at least ${minRows} are needed (min_rows).`;
  return undefined;
}
