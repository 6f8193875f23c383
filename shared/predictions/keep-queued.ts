import { setTimeout as delay } from 'node:timers/promises';
import type { Envelope, Taken } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { edgesFor, segmentsOf, writeCounted } from '../profiles/index.ts';
import { lossBound } from './bounds.ts';
import { partName } from './buffer.ts';
import type { PartHead } from './part.ts';
import { madePart } from './part-maker.ts';
import { withoutRows } from './part-rows.ts';
import { predictionIds } from './prediction-id.ts';
import type { QueuedBlob } from './queue.ts';
import { type QueuedRows, unpackRows } from './queued-rows.ts';
import { schemaOf } from './rows.ts';
import { setAside } from './set-aside.ts';
import { erasedRows } from './tombstones.ts';

/** Rows younger than this can have been erased by nobody: an erasure begins a minute behind its request. */
const erasableMilliseconds = 45_000;

export type KeepOptions = {
  /** For how long messages are gathered for one part. */
  readonly groupSeconds: number;
  /** For how long nobody else gets those that were gathered. */
  readonly leaseSeconds: number;
};
const keepDefaults: KeepOptions = { groupSeconds: 1, leaseSeconds: 60 };

/** One message: whose it is, what it holds, and how it is done with. */
type Held = {
  readonly ctx: Context;
  readonly queued: QueuedRows;
  readonly bytes: number;
  readonly blob: string | undefined;
  readonly done: (() => Promise<void>) | undefined;
};

/**
 * Makes parts of the rows of a message and of all others that wait or come within a second: one part for each version
 * and set of columns, and no more at once than a part holds, for each may be of many rows. A message is done with behind
 * its part, so none is lost; where this dies between, the rows come again and are in two parts, under the same ids, and
 * readers count them once. Throws where the rows of the given message are not in a part, so that it comes again.
 */
export async function keepQueued(
  ctx: Context,
  message: object,
  options: KeepOptions = keepDefaults,
): Promise<void> {
  const taken = [{ message, done: undefined }, ...(await gather(ctx, options))];
  let failure: unknown;
  for (let first = 0, end = 0; first < taken.length; first = end) {
    for (let bytes = 0; end < taken.length; end++) {
      bytes += bytesOf(taken[end]?.message);
      if (end > first && bytes > lossBound.bytes) break;
    }
    failure ??= await keepSome(ctx, taken.slice(first, end));
  }
  if (failure !== undefined) throw failure;
}

/** Makes parts of some messages. Says why the rows of the given one, which is done with elsewhere, are in none. */
async function keepSome(
  ctx: Context,
  some: readonly { readonly message: unknown; readonly done: Taken['done'] | undefined }[],
): Promise<unknown> {
  const groups = new Map<string, Held[]>();
  for (const each of some) {
    const held = await open(ctx, each);
    if (!held) continue;
    const { queued } = held;
    const key = JSON.stringify([held.ctx.workspace, queued.head, schemaOf(queued.rows)]);
    groups.set(key, [...(groups.get(key) ?? []), held]);
  }
  let failure: unknown;
  for (const group of groups.values())
    try {
      await keep(group);
    } catch (error) {
      ctx.log.warn('queued predictions wait', { messages: group.length, reason: String(error) });
      if (group.some(({ done }) => done === undefined)) failure = error;
    }
  return failure;
}

/** What waits now or comes within the time, up to what a part holds. */
async function gather(ctx: Context, { groupSeconds, leaseSeconds }: KeepOptions): Promise<Taken[]> {
  const until = performance.now() + groupSeconds * 1000;
  const all: Taken[] = [];
  let bytes = 0;
  while (bytes < lossBound.bytes) {
    const some = await ctx.stores.queues.take('predictions', leaseSeconds);
    all.push(...some);
    bytes += some.reduce((sum, { message }) => sum + bytesOf(message), 0);
    const left = until - performance.now();
    if (left <= 0) break;
    if (some.length === 0) await delay(Math.min(left, 100));
  }
  return all;
}

/** Of the rows of a message, wherever they lie. */
function bytesOf(message: unknown): number {
  const { bytes } = (message ?? {}) as Partial<QueuedBlob>;
  return typeof bytes === 'number' ? bytes : JSON.stringify(message ?? null).length;
}

/** Reads a message; `undefined` where nothing has to be done for it any more. */
async function open(
  ctx: Context,
  { message, done }: { readonly message: unknown; readonly done: Taken['done'] | undefined },
): Promise<Held | undefined> {
  const { workspace = 'default', blob } = (message ?? {}) as Partial<Envelope & QueuedBlob>;
  const here: Context = { ...ctx, workspace };
  const bytes = blob === undefined ? undefined : await ctx.stores.blobs('predictions').read(blob);
  // A blob is removed when its rows are in a part.
  if (blob !== undefined && !bytes) return done?.().then(() => undefined);
  try {
    const queued = unpackRows((bytes ? JSON.parse(bytes.toString()) : message) as object);
    return { ctx: here, queued, bytes: bytesOf(message), blob, done };
  } catch (error) {
    await setAside(here, message ?? null, String(error));
    await done?.();
    return undefined;
  }
}

/** Makes one part of messages of one kind. */
async function keep(group: readonly Held[]): Promise<void> {
  const [first] = group;
  if (!first) return;
  const { ctx } = first;
  const { endpoint, hour } = first.queued.head;
  const buffer = ctx.ids.hex(8);
  const head: PartHead = {
    ...first.queued.head,
    workspace: ctx.workspace,
    buffer,
    features: null,
    labels: null,
  };
  const ids = group.flatMap(({ queued: { buffer: of, firstRow, rows } }) =>
    predictionIds(`${ctx.workspace}/${endpoint}`, hour, of, firstRow, rows.rows),
  );
  const notCounted = (error: unknown) =>
    ctx.log.warn('predictions not counted', { endpoint, reason: String(error) });
  const by = await Promise.all([edgesFor(ctx, head), segmentsOf(ctx, endpoint)]).catch((error: unknown) => {
    notCounted(error);
    return [];
  });
  const [edges, segmentation] = by;
  const { part, counted } = await madePart(
    { head, taken: group.map(({ queued }) => queued.rows), ids, edges, segmentation },
    group.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  if (!part) throw new Error('No part was made of the rows.');
  const oldest = Math.min(...group.map(({ queued }) => queued.rows.at[0] ?? 0));
  const isErasable = ctx.clock.now() - oldest > erasableMilliseconds;
  const isWhole = await writeQueued(ctx, head, part, ids, isErasable);
  // Of a part that is not counted, or not of all its rows, it is done when its hour is asked for.
  if (isWhole && counted) await writeCounted(ctx, head, counted).catch(notCounted);
  // The blob first: a message whose blob is gone is one that is in a part.
  for (const { blob } of group) if (blob !== undefined) await ctx.stores.blobs('predictions').remove(blob);
  await Promise.all(group.flatMap(({ done }) => (done ? [done()] : [])));
}

/**
 * Writes a part without the rows that were erased: those that come late, or again, may have been. Looked for once more
 * behind the write: an erasure that goes on beside it either finds the part, or is found. Says whether all are there.
 */
async function writeQueued(
  ctx: Context,
  head: PartHead,
  part: Uint8Array,
  ids: readonly string[],
  isErasable: boolean,
): Promise<boolean> {
  const container = ctx.stores.blobs('predictions');
  const contentType = 'application/vnd.apache.parquet';
  const without = async () => {
    const erased = isErasable ? await erasedRows(ctx, head.endpoint, head.hour) : undefined;
    const rows = new Set([...ids.keys()].filter((row) => erased?.has(ids[row] ?? '')));
    return { rows, bytes: rows.size === 0 ? part : await withoutRows(part, rows) };
  };
  const before = await without();
  await container.write(partName(head), before.bytes, { createOnly: true, contentType });
  const behind = await without();
  if (behind.rows.size > before.rows.size)
    await container.write(partName(head), behind.bytes, { contentType });
  return behind.rows.size === 0;
}
