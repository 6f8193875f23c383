import type { Context } from '../context.ts';
import type { Document } from '../documents.ts';
import { listMonitors, type Monitor } from '../monitoring/index.ts';
import { inTurns } from '../turns.ts';
import type { OwnedRow } from './owned.ts';
import { type CheckedWindow, rowsOfResult } from './result.ts';

const readsAtOnce = 8;
const againMilliseconds = 60_000;

/** What the last result of a monitor says, and when it was looked for. */
export type Watched = {
  readonly monitorId: string;
  readonly endpoint: string;
  readonly everySeconds: number;
  readonly lookedAt: number;
  readonly windowEnd?: number;
  readonly checkedAt?: number;
  readonly rows: readonly OwnedRow[];
};

/**
 * The last result of each monitor's grid; whether there is a newer one is asked once a minute. A window that
 * somebody had checked with times of their own may end after all that are to come: it would stand here for them.
 */
export async function watchedNow(
  ctx: Context,
  told: readonly Watched[],
  isTold: (endpoint: string) => boolean,
): Promise<Watched[]> {
  const monitors = (await listMonitors(ctx)).filter(({ endpoint }) => isTold(endpoint));
  const known = new Map(told.map((each) => [`${each.monitorId}/${each.endpoint}`, each]));
  return inTurns(monitors, readsAtOnce, (monitor) =>
    watched(ctx, monitor, known.get(`${monitor.monitorId}/${monitor.endpoint}`)),
  );
}

async function watched(ctx: Context, monitor: Monitor, known: Watched | undefined): Promise<Watched> {
  const { monitorId, endpoint, everySeconds, windowSeconds } = monitor;
  const now = ctx.clock.now();
  if (known && Math.abs(now - known.lookedAt) < againMilliseconds) return { ...known, everySeconds };
  const documents = ctx.stores.documents('monitors');
  const key = [ctx.workspace, monitorId];
  const [last] = await documents.query<Pick<CheckedWindow, 'windowEnd' | 'checkedAt'> & { id: string }>(
    {
      text:
        "SELECT c.id, c.windowEnd, c.checkedAt FROM c WHERE c.type = 'result' AND c.windowEnd % @step = 0 " +
        'AND c.windowEnd - c.windowStart = @length ORDER BY c.windowEnd DESC',
      values: { step: everySeconds * 1000, length: windowSeconds * 1000 },
    },
    { key, limit: 1 },
  );
  if (!last) return { monitorId, endpoint, everySeconds, lookedAt: now, rows: [] };
  const { id, windowEnd, checkedAt } = last;
  if (known?.windowEnd === windowEnd && known.checkedAt === checkedAt)
    return { ...known, everySeconds, lookedAt: now };
  const stored = await documents.read<CheckedWindow & Document>(key, id);
  const rows = stored ? rowsOfResult({ ...stored.doc, monitorId, endpoint }) : [];
  return { monitorId, endpoint, everySeconds, lookedAt: now, windowEnd, checkedAt, rows };
}

/** A monitor as rows. */
export function rowsOfWatched({ monitorId: monitor, endpoint, everySeconds, rows }: Watched): OwnedRow[] {
  return [
    {
      family: 'cairn_check_interval_seconds',
      of: { type: 'endpoint', id: endpoint },
      labels: { endpoint, monitor },
      value: everySeconds,
    },
    ...rows,
  ];
}
