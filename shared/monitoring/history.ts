import type { Context } from '../context.ts';
import type { Band, Bounds, Item, SignalName, SignalResult, Verdict } from './signal.ts';
import { readMonitor, readResults } from './store.ts';

/** What one window said of a figure. Times are milliseconds since 1970. */
export type HistoryPoint = {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly version: number | null;
  readonly verdict: Verdict;
  readonly value: number | null;
  readonly band?: Band;
  readonly bounds: Bounds | null;
  /** Why there is no verdict; only with `insufficient-data`. */
  readonly reason?: string;
};

export type HistoryOf = {
  readonly signal: SignalName;
  readonly segment: string;
  /** The figure of the signal itself where it is absent. */
  readonly metric?: string | undefined;
  /** The feature or class; the one that has the metric where it is absent. */
  readonly name?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export const historyPointsMax = 1000;

/** A figure over the windows that end in [from, to], oldest first: the latest {@link historyPointsMax} of them. */
export async function history(ctx: Context, monitorId: string, of: HistoryOf): Promise<HistoryPoint[]> {
  await readMonitor(ctx, monitorId);
  const { from, to } = of;
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const results = await readResults(ctx, monitorId, range, historyPointsMax);
  return results.toReversed().flatMap(({ windowStart, windowEnd, model, signals }) => {
    const found = signals.find(({ signal, segment }) => signal === of.signal && segment === of.segment);
    const point = found && pointOf(found, of);
    return point ? [{ windowStart, windowEnd, version: model?.version ?? null, ...point }] : [];
  });
}

type Said = Pick<HistoryPoint, 'verdict' | 'value' | 'band' | 'bounds' | 'reason'>;

/** A window whose signal has no verdict has none of any of its figures, for the same reason. */
function pointOf(result: SignalResult, { metric, name }: HistoryOf): Said | undefined {
  if (name === undefined && (metric === undefined || metric === result.metric)) return saidOf(result);
  const item = result.items.find(
    (each) => (metric === undefined || each.metric === metric) && (name === undefined || each.name === name),
  );
  if (item) return saidOf(item);
  const { verdict, reason } = result;
  return verdict === 'insufficient-data' ? saidOf({ verdict, value: null, bounds: null, reason }) : undefined;
}

function saidOf({
  verdict,
  value,
  band,
  bounds,
  reason,
}: Pick<SignalResult | Item, 'verdict' | 'value' | 'bounds'> & {
  readonly band?: Band | undefined;
  readonly reason?: string | undefined;
}): Said {
  return {
    ...{ verdict, value, bounds },
    ...(band === undefined ? {} : { band }),
    ...(reason === undefined ? {} : { reason }),
  };
}
