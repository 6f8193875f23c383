import type { SignalSetting } from '../settings.ts';
import type { Bounds, Item } from '../signal.ts';
import { learnBounds, type PastWindow, type Side } from '../signals/index.ts';

/** The bounds of a figure that the settings give, or have learnt; `undefined` where they name none. */
export function boundsSet(
  { thresholds }: Pick<SignalSetting, 'thresholds'>,
  past: readonly PastWindow[],
  item: Pick<Item, 'name' | 'metric'>,
  side: Side,
): { readonly bounds: Bounds } | { readonly why: string } | undefined {
  const threshold = Object.hasOwn(thresholds, item.metric) ? thresholds[item.metric] : undefined;
  if (!threshold) return undefined;
  return threshold.kind === 'given' ? { bounds: threshold.bounds } : learnBounds(past, item, threshold, side);
}
