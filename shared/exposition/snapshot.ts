import { fullAccess } from '../access/index.ts';
import type { Context } from '../context.ts';
import { listEndpoints } from '../endpoints/index.ts';
import { lost, swap } from '../swap.ts';
import { inTurns } from '../turns.ts';
import { alertsNow } from './alerts.ts';
import { type Calls, callsNow, rowsOfCalls, rowsOfVersions } from './calls.ts';
import { jobsNow } from './jobs.ts';
import { rowsOfWatched, type Watched, watchedNow } from './monitors.ts';
import type { OwnedRow } from './owned.ts';

/** All that is told is read at once, and told for so long. */
const freshMilliseconds = 15_000;
const endpointsAtOnce = 8;
/** Of more endpoints than these, the last by name, no figures are told. */
const endpointsMax = 200;

/**
 * What is told of a workspace, whoever asks. One blob for all instances: a counter that one of them kept for itself
 * would seem to fall when another, which looked earlier, is asked next; and what seems to fall is taken for a counter
 * that began anew, and all of it for new calls.
 */
export type Snapshot = {
  readonly v: 1;
  /** When it was read, milliseconds since 1970. */
  readonly at: number;
  readonly calls: readonly Calls[];
  readonly watched: readonly Watched[];
  /** All else. */
  readonly rows: readonly OwnedRow[];
};

/** What is told now: read anew where what was told last is older than 15 seconds. */
export async function snapshotOf(ctx: Context): Promise<Snapshot> {
  const blobs = ctx.stores.blobs('monitoring');
  const name = `${ctx.workspace}/_exposition.json`;
  return swap(ctx, 'What is told to Prometheus', async () => {
    const stored = await blobs.readStored(name);
    const told = stored && knownOf(stored.bytes);
    const age = told ? ctx.clock.now() - told.at : Infinity;
    if (told && age > -freshMilliseconds && age < freshMilliseconds) return told;
    const next = await readAnew({ ...ctx, access: fullAccess }, told);
    const condition = stored ? { ifMatch: stored.etag } : { createOnly: true };
    const bytes = Buffer.from(JSON.stringify(next));
    return (await blobs.write(name, bytes, { ...condition, contentType: 'application/json' })) ? next : lost;
  });
}

/** All rows of a snapshot. */
export function rowsOf({ calls, watched, rows }: Snapshot): OwnedRow[] {
  return [...calls.flatMap(rowsOfCalls), ...watched.flatMap(rowsOfWatched), ...rows];
}

/** `undefined` for what another release wrote. */
function knownOf(bytes: Buffer): Snapshot | undefined {
  const snapshot = JSON.parse(bytes.toString()) as Omit<Snapshot, 'v'> & { readonly v: number };
  return snapshot.v === 1 ? { ...snapshot, v: 1 } : undefined;
}

async function readAnew(ctx: Context, told: Snapshot | undefined): Promise<Snapshot> {
  const endpoints = await listEndpoints(ctx);
  const first = endpoints.slice(0, endpointsMax);
  const names = new Set(first.map(({ name }) => name));
  const known = new Map(told?.calls.map((each) => [each.endpoint, each]));
  const calls = await inTurns(first, endpointsAtOnce, (endpoint) =>
    callsNow(ctx, endpoint, known.get(endpoint.name)),
  );
  const watched = await watchedNow(ctx, told?.watched ?? [], (endpoint) => names.has(endpoint));
  const leftOut = endpoints.slice(endpointsMax).map(({ name }) => ({
    family: 'cairn_exposition_left_out' as const,
    of: { type: 'endpoint' as const, id: name },
    labels: { what: 'endpoints', endpoint: name },
    value: 1,
  }));
  const [alerts, jobs] = await Promise.all([alertsNow(ctx, watched), jobsNow(ctx)]);
  return {
    v: 1,
    at: ctx.clock.now(),
    calls,
    watched,
    rows: [...first.flatMap(rowsOfVersions), ...alerts, ...jobs, ...leftOut],
  };
}
