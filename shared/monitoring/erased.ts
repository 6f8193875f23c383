import type { Context } from '../context.ts';
import { isCode, unlessCode } from '../http/index.ts';
import { type ErasedRows, type Hour, startOf } from '../predictions/index.ts';
import { lost, swap } from '../swap.ts';
import { recheck } from './check-monitor.ts';
import { type First, referencesFolder } from './first-predictions.ts';
import { removeDetail } from './detail.ts';
import type { GoneMonitor, Monitor, MonitorResult } from './model.ts';
import { getReady } from '../registry/index.ts';
import {
  baselinesOf,
  container,
  keyOf,
  readAnyMonitor,
  readBaseline,
  readResult,
  unknownMonitor,
} from './store.ts';
import { learntOf, outcomeIn } from './judge-performance.ts';
import type { Window } from './windows.ts';

/** Rows that were erased from the log of an endpoint: in which hours, and which. */
export type Erased = {
  readonly endpoint: string;
  readonly hours: readonly Hour[];
  rowsOf(hour: Hour): Promise<ErasedRows>;
};

/** What a monitor holds windows of a version against, and that was made of rows that are erased now. */
export type Outdated = {
  readonly monitorId: string;
  readonly digest: string;
  readonly what: 'reference' | 'baseline';
};

/** A result by its window. */
export type ResultRef = { readonly monitorId: string; readonly windowEnd: number };

const hourMilliseconds = 3_600_000;
/** Results looked at in one request. */
const rowsAtOnce = 20;
const removedAtOnce = 50;

/** The references and baselines of an endpoint's monitors that were made of erased rows. */
export async function outdatedBy(ctx: Context, erased: Erased): Promise<Outdated[]> {
  const found: Outdated[] = [];
  for (const monitorId of await monitorsOf(ctx, erased.endpoint)) {
    const folder = referencesFolder(ctx, monitorId);
    for await (const { name } of ctx.stores.blobs('monitoring').walk(folder)) {
      const bytes = await ctx.stores.blobs('monitoring').read(name);
      if (!bytes || !(await isMadeOf(JSON.parse(bytes.toString()) as First, erased))) continue;
      const digest = `sha256:${name.slice(folder.length).replace('.json', '')}`;
      found.push({ monitorId, digest, what: 'reference' });
    }
    for (const { digest, window } of await baselinesOf(ctx, monitorId))
      if (window && meets(erased, window)) found.push({ monitorId, digest, what: 'baseline' });
  }
  return found;
}

/**
 * Makes one of {@link outdatedBy} again without the erased rows. A reference is removed, and the next check
 * collects it anew; a baseline is counted again over its window, and goes where too few labels are left.
 */
export async function remake(ctx: Context, { monitorId, digest, what }: Outdated): Promise<void> {
  if (what === 'reference') {
    const name = `${referencesFolder(ctx, monitorId)}${digest.replace('sha256:', '')}.json`;
    await ctx.stores.blobs('monitoring').remove(name);
    return;
  }
  await swap(ctx, `The baseline of '${monitorId}'`, async () => {
    const key = keyOf(ctx, monitorId);
    const stored = await readBaseline(ctx, monitorId, digest);
    const window = stored?.doc.window;
    const model = window && (await readResult(ctx, monitorId, window.to))?.doc.model;
    if (!stored || !model) return undefined;
    const monitor = (await readAnyMonitor(ctx, monitorId))?.doc;
    if (!monitor) throw unknownMonitor(monitorId);
    const found = await outcomeIn(ctx, monitor.endpoint, window, digest);
    const ready = await unlessCode(getReady(ctx, model.modelId, model.version), 'not-found', 'conflict');
    const learnt =
      found &&
      learntOf(found, { labels: ready?.labels ?? null }, monitor.minLabelled, 'first-labelled-window');
    const { doc, etag } = stored;
    const { outcome } = await container(ctx).write(
      key,
      learnt && learnt.figures.rows >= monitor.minLabelled
        ? { op: 'replace', doc: { ...doc, ...learnt }, etag }
        : { op: 'delete', id: doc.id, etag },
    );
    return outcome === 'applied' ? undefined : lost;
  });
}

/**
 * The next result behind `after`, monitor by monitor and by time, whose figures were made of erased rows, or
 * against a reference or baseline that was.
 */
export async function nextResult(
  ctx: Context,
  erased: Erased,
  outdated: readonly Outdated[],
  after: ResultRef | undefined,
): Promise<ResultRef | undefined> {
  const monitors = (await monitorsOf(ctx, erased.endpoint)).filter((id) => id >= (after?.monitorId ?? ''));
  for (const monitorId of monitors) {
    const from = after?.monitorId === monitorId ? after.windowEnd : -1;
    const rows = container(ctx).stream<Pick<MonitorResult, 'windowStart' | 'windowEnd' | 'model'>>(
      {
        text: "SELECT c.windowStart, c.windowEnd, c.model FROM c WHERE c.type = 'result' AND c.windowEnd > @from ORDER BY c.windowEnd",
        values: { from },
      },
      { key: keyOf(ctx, monitorId), consistency: 'strong', limit: rowsAtOnce },
    );
    for await (const { windowStart, windowEnd, model } of rows) {
      const isOutdated = outdated.some(
        (each) => each.monitorId === monitorId && each.digest === model?.digest,
      );
      if (isOutdated || meets(erased, { from: windowStart, to: windowEnd })) return { monitorId, windowEnd };
    }
  }
  return undefined;
}

/**
 * Checks the window of a result again, without announcing a breach. Where that is not possible any more, since the
 * version is gone, the result says that its figures were made of rows that are erased.
 */
export async function recheckResult(ctx: Context, { monitorId, windowEnd }: ResultRef): Promise<void> {
  const result = (await readResult(ctx, monitorId, windowEnd))?.doc;
  if (!result) return;
  try {
    await recheck(ctx, monitorId, { from: result.windowStart, to: windowEnd });
  } catch (error) {
    if (!isCode(error, 'not-found', 'conflict')) throw error;
    await swap(ctx, `Monitor '${monitorId}'`, async () => {
      const stored = await readResult(ctx, monitorId, windowEnd);
      if (!stored) return undefined;
      const doc: MonitorResult = { ...stored.doc, outdated: { at: ctx.clock.now(), why: 'rows-erased' } };
      const { outcome } = await container(ctx).write(keyOf(ctx, monitorId), {
        op: 'replace',
        doc,
        etag: stored.etag,
      });
      return outcome === 'applied' ? undefined : lost;
    });
  }
}

/** Names of the monitors that watch an endpoint at this moment, or did until it was deleted. */
export async function monitorsOf(ctx: Context, endpoint: string): Promise<string[]> {
  const monitors = await container(ctx).query<Monitor | GoneMonitor>(
    {
      text: "SELECT * FROM c WHERE c.type IN ('monitor', 'gone-monitor') AND c.endpoint = @endpoint",
      values: { endpoint },
    },
    { key: [ctx.workspace], consistency: 'strong' },
  );
  return monitors.map(({ monitorId }) => monitorId).toSorted();
}

async function isMadeOf({ rows, until }: First, erased: Erased): Promise<boolean> {
  const ids = rows.flatMap(({ id }) => (id === undefined ? [] : [id]));
  // The first format does not say which rows it has: any of before its end may be among them.
  if (ids.length < rows.length) return erased.hours.some((hour) => startOf(hour) <= until);
  for (const hour of new Set(ids.map((id) => id.slice(0, 10)))) {
    if (!erased.hours.includes(hour)) continue;
    const gone = await erased.rowsOf(hour);
    if (ids.some((id) => gone.has(id))) return true;
  }
  return false;
}

function meets({ hours }: Erased, { from, to }: Window): boolean {
  return hours.some((hour) => startOf(hour) < to && startOf(hour) + hourMilliseconds > from);
}

/** Removes the results of windows that ended by `before`, or only counts them. */
export async function removeResults(
  ctx: Context,
  monitorId: string,
  before: number,
  isDryRun: boolean,
): Promise<number> {
  const key = keyOf(ctx, monitorId);
  const old = await container(ctx).query<{
    id: string;
    _etag: string;
    endpoint: string;
    windowEnd: number;
  }>(
    {
      text: "SELECT c.id, c._etag, c.endpoint, c.windowEnd FROM c WHERE c.type = 'result' AND c.windowEnd <= @before",
      values: { before },
    },
    { key, consistency: 'strong' },
  );
  if (isDryRun) return old.length;
  for (const { endpoint, windowEnd } of old) await removeDetail(ctx, { endpoint, monitorId, windowEnd });
  for (let i = 0; i < old.length; i += removedAtOnce)
    await container(ctx).batch(
      key,
      old.slice(i, i + removedAtOnce).map(({ id, _etag }) => ({ op: 'delete', id, etag: _etag })),
    );
  return old.length;
}

/** Removes the references of which the last row is from `before` or earlier, or only counts them. */
export async function removeReferences(
  ctx: Context,
  monitorId: string,
  before: number,
  isDryRun: boolean,
): Promise<number> {
  const blobs = ctx.stores.blobs('monitoring');
  let removed = 0;
  for await (const { name } of blobs.walk(referencesFolder(ctx, monitorId))) {
    const bytes = await blobs.read(name);
    if (!bytes || (JSON.parse(bytes.toString()) as First).until > before) continue;
    removed++;
    if (!isDryRun) await blobs.remove(name);
  }
  return removed;
}
