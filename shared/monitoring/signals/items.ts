import { type Item, itemsMax, type SignalName, type SignalResult, type Verdict } from '../signal.ts';
import type { SignalSetting } from '../settings.ts';
import type { Learnt } from './learnt.ts';
import { excess, verdictOf } from './verdict.ts';

/** The result of a signal, with what its learnt bounds were learnt of. */
export type JudgedSignal = SignalResult & { readonly learnt?: readonly Learnt[] };

const order: Record<Verdict, number> = { breached: 0, ok: 1, 'insufficient-data': 2 };

/** Breached ones first and of these the furthest beyond its bounds; then those nearest to a breach; by name where alike. */
export function orderedItems(items: readonly Item[]): Item[] {
  const beyond = ({ value, bounds }: Item) =>
    value === null || bounds === null || Number.isNaN(value) ? -Infinity : excess(value, bounds);
  return items
    .map((item) => ({ item, rank: order[item.verdict], beyond: beyond(item) }))
    .toSorted(
      (a, b) =>
        a.rank - b.rank ||
        (a.beyond === b.beyond ? 0 : b.beyond - a.beyond) ||
        compare(a.item.name, b.item.name) ||
        compare(a.item.metric, b.item.metric),
    )
    .map(({ item }) => item);
}

/** The first {@link itemsMax} of the items in order, and how many that leaves out. */
export function cutItems(
  items: readonly Item[],
): Pick<SignalResult, 'items'> & { readonly itemsLeftOut?: number } {
  const ordered = orderedItems(items);
  if (ordered.length <= itemsMax) return { items: ordered };
  return { items: ordered.slice(0, itemsMax), itemsLeftOut: ordered.length - itemsMax };
}

type Told = {
  readonly signal: SignalName;
  readonly segment: string;
  /** The item that stands for the signal, by its metric and, where several have it, its name. */
  readonly headline: { readonly metric: string; readonly name?: string };
  readonly items: readonly Item[];
  readonly learnt?: readonly Learnt[] | undefined;
  /** Where no item says why there is no verdict. */
  readonly reason?: string;
};

/** A signal of its items: breached if one is, and with the reason of its headline where none has a verdict. */
export function signalOf(told: Told, { severity }: Pick<SignalSetting, 'severity'>): JudgedSignal {
  const { signal, segment, headline, items, learnt } = told;
  const verdict = verdictOf(items);
  const isHeadline = (item: Item) =>
    item.metric === headline.metric && (headline.name === undefined || item.name === headline.name);
  const head = items.find(isHeadline);
  const reason = head?.reason ?? items.find((item) => item.reason)?.reason ?? told.reason;
  return {
    signal,
    segment,
    severity,
    verdict,
    ...(verdict === 'insufficient-data' ? { reason: reason ?? 'There is nothing to judge.' } : {}),
    metric: headline.metric,
    value: head?.value ?? null,
    ...(head?.band ? { band: head.band } : {}),
    bounds: head?.bounds ?? null,
    ...cutItems(items),
    ...(learnt && learnt.length > 0 ? { learnt } : {}),
  };
}

/** A signal that has nothing to judge. */
export function insufficient(
  { signal, segment, metric }: Pick<SignalResult, 'signal' | 'segment' | 'metric'>,
  { severity }: Pick<SignalSetting, 'severity'>,
  reason: string,
): SignalResult {
  return {
    signal,
    segment,
    severity,
    verdict: 'insufficient-data',
    reason,
    metric,
    value: null,
    bounds: null,
    items: [],
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
