import type { ThresholdSetting } from '../settings.ts';
import type { Bounds, Item, SignalResult } from '../signal.ts';

/** A signal of an earlier window, as its result has it. */
export type PastWindow = {
  /** Milliseconds since 1970. */
  readonly windowEnd: number;
  readonly result: SignalResult;
};

/** Bounds, and what they were learnt of. */
export type Learnt = {
  readonly name: string;
  readonly metric: string;
  readonly bounds: Bounds;
  readonly mean: number;
  /** With ddof 0. */
  readonly deviation: number;
  readonly sigmas: number;
  /** How many windows, and the ends of the first and the last of them. */
  readonly windows: number;
  readonly from: number;
  readonly to: number;
};

/** On which sides a figure can be bad, and between which values it lies whatever happens. */
export type Side = {
  readonly side: 'lower' | 'upper' | 'both';
  readonly least?: number;
  readonly most?: number;
};

/**
 * Most windows that bounds are learnt of, the latest: a season of days, so that what was usual long ago is forgotten.
 */
export const learntWindowsMax = 90;

/**
 * Bounds `sigmas` standard deviations (ddof 0, as NannyML's) around the mean of a figure over the latest windows in which
 * the signal was no breach, at least `windows` and at most {@link learntWindowsMax}. In the order of their windows,
 * whatever order they are given in; windows without the figure do not count. Bounds that the figure cannot reach are left
 * out, so that an accuracy that was always 1 has no bound above it.
 *
 * Few windows tell little of the deviation: with 3 sigmas a normally distributed figure that did not change lies outside
 * after 5 windows in 7 % of all, after 10 in 2 %, after 30 in 0.6 %, and after 90 in 0.3 %.
 *
 * @returns a reason that names both numbers where there are too few windows
 */
export function learnBounds(
  past: readonly PastWindow[],
  { name, metric }: Pick<Item, 'name' | 'metric'>,
  { sigmas, windows }: Extract<ThresholdSetting, { kind: 'learnt' }>,
  { side, least = -Infinity, most = Infinity }: Side,
): Learnt | { readonly why: string } {
  const found = past
    .flatMap(({ windowEnd, result }) => {
      const item =
        result.verdict === 'breached'
          ? undefined
          : result.items.find((each) => each.name === name && each.metric === metric);
      return typeof item?.value === 'number' && Number.isFinite(item.value)
        ? [{ windowEnd, value: item.value }]
        : [];
    })
    .toSorted((a, b) => a.windowEnd - b.windowEnd)
    .slice(-learntWindowsMax);
  const [first] = found;
  const last = found.at(-1);
  if (!first || !last || found.length < windows)
    return {
      why: `${found.length} earlier windows without a breach have '${metric}'; bounds are learnt of at least ${windows} (thresholds.${metric}.learnt.windows).`,
    };
  const mean = found.reduce((sum, { value }) => sum + value, 0) / found.length;
  const squares = found.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / found.length);
  const [lower, upper] = [mean - sigmas * deviation, mean + sigmas * deviation];
  return {
    name,
    metric,
    bounds: {
      ...(side !== 'upper' && lower > least ? { lower } : {}),
      ...(side !== 'lower' && upper < most ? { upper } : {}),
    },
    mean,
    deviation,
    sigmas,
    windows: found.length,
    from: first.windowEnd,
    to: last.windowEnd,
  };
}
