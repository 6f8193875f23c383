import type { Context } from '../context.ts';
import type { Monitor } from '../monitoring/index.ts';
import type { Checked } from './derive.ts';

const resultsMin = 32;
const resultsMax = 1000;

export type LookedBack = {
  /** The latest first. */
  readonly results: readonly Checked[];
  /** Whether there may be results before these. */
  readonly isCut: boolean;
};

/**
 * The last windows of a monitor's grid: 32, or more where an alert counts more. They go back as far as labels may come,
 * 1,000 windows at most, where one that has changed (`changedEnd`) lies further back, or where a signal has verdicts among
 * the last ones, and too few to count by: labels that come a week late are of windows of which none of the last 32
 * says anything. What lies before is not looked at: it raises no alert, and one that fires since then is resolved by
 * windows of now alone.
 *
 * A window that somebody had checked with times of their own is none of the grid, and of another length than those that
 * alerts count.
 */
export async function lookBack(
  ctx: Context,
  monitor: Pick<
    Monitor,
    'monitorId' | 'windowSeconds' | 'everySeconds' | 'maxLabelDelaySeconds' | 'alerting'
  >,
  changedEnd: number,
): Promise<LookedBack> {
  const { everySeconds, maxLabelDelaySeconds, alerting } = monitor;
  const counted = alerting.of + alerting.clear;
  const least = Math.max(resultsMin, 4 * counted);
  const recent = await lastResults(ctx, monitor, least);
  const oldest = recent.at(-1)?.windowEnd ?? 0;
  const isCut = recent.length === least;
  const most = Math.min(least + Math.ceil(maxLabelDelaySeconds / everySeconds), resultsMax);
  const isFurther =
    changedEnd < oldest && changedEnd >= ctx.clock.now() - (most - counted) * everySeconds * 1000;
  if (!isCut || !(isFurther || isSparse(recent, counted))) return { results: recent, isCut };
  const results = await lastResults(ctx, monitor, most);
  return { results, isCut: results.length === most };
}

function lastResults(
  ctx: Context,
  { monitorId, windowSeconds, everySeconds }: Pick<Monitor, 'monitorId' | 'windowSeconds' | 'everySeconds'>,
  limit: number,
): Promise<Checked[]> {
  // Without the items, which are most of a result.
  const signals =
    'ARRAY(SELECT s.signal, s.segment, s.severity, s.verdict, s.metric, s["value"], s.bounds FROM s IN c.signals)';
  return ctx.stores.documents('monitors').query<Checked>(
    {
      text:
        `SELECT c.windowEnd, c.model, ${signals} AS signals FROM c WHERE c.type = 'result' AND c.v = 2 ` +
        'AND c.windowEnd % @step = 0 AND c.windowEnd - c.windowStart = @length ORDER BY c.windowEnd DESC',
      values: { step: everySeconds * 1000, length: windowSeconds * 1000 },
    },
    { key: [ctx.workspace, monitorId], consistency: 'strong', limit },
  );
}

/** Whether any signal has verdicts, and fewer than alerts count. */
function isSparse(results: readonly Checked[], counted: number): boolean {
  const judged = results.flatMap(({ signals }) =>
    signals.filter(({ verdict }) => verdict !== 'insufficient-data'),
  );
  const bySignal = Map.groupBy(judged, ({ signal, segment }) => JSON.stringify([signal, segment]));
  return [...bySignal.values()].some((each) => each.length < counted);
}
