import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { LogHead } from './buffer.ts';
import { type Hour, hourOf, predictionIds } from './prediction-id.ts';
import { logFolder } from './predictions.ts';
import { packRows } from './queued-rows.ts';
import { rowsOf, type Scored } from './rows.ts';

/** What fits a message beside its envelope; rows that need more lie in a blob, and the message names it. */
const messageBytesMax = 46 * 1024;
/** The host holds a message that it has given to the function for as long. */
const leaseMillisecondsMax = 11 * 60_000;

/** What a message says of rows that lie in a blob. */
export type QueuedBlob = { readonly v: 1; readonly blob: string; readonly bytes: number };

/** Ids are given out from one buffer for each endpoint and hour, so that what remembers rows stays small. */
type Numbering = { readonly hour: Hour; readonly buffer: string; next: number };
const numberings = new WeakMap<Stores, Map<string, Numbering>>();

/**
 * Brings the rows of a call into the queue `predictions`, as they may be stored, and gives their ids.
 * Throws `unavailable` where the queue does not take them.
 */
export async function queuePredictions(ctx: Context, head: LogHead, scored: Scored): Promise<string[]> {
  const { endpoint, deployment, source, modelId, version, digest } = head;
  const hour = hourOf(scored.at);
  const of = { endpoint, deployment, source, modelId, version, digest, hour };
  const { buffer, firstRow } = numbersOf(ctx, endpoint, hour, scored.rows);
  const packed = packRows({ head: of, buffer, firstRow, rows: rowsOf(head, [scored]) });
  const bytes = Buffer.from(JSON.stringify(packed));
  let message = packed;
  if (bytes.length > messageBytesMax) {
    const blob = `${logFolder(ctx, endpoint, 'queued', hour)}${buffer}-${firstRow}.json`;
    const how = { createOnly: true, contentType: 'application/json' };
    await ctx.stores.blobs('predictions').write(blob, bytes, how);
    message = { v: 1, blob, bytes: bytes.length } satisfies QueuedBlob;
  }
  await ctx.stores.queues.send(ctx, 'predictions', message, { isKept: true });
  return predictionIds(`${ctx.workspace}/${endpoint}`, hour, buffer, firstRow, scored.rows);
}

function numbersOf(ctx: Context, endpoint: string, hour: Hour, rows: number) {
  const known = numberings.get(ctx.stores) ?? new Map<string, Numbering>();
  numberings.set(ctx.stores, known);
  const key = `${ctx.workspace}/${endpoint}`;
  let numbering = known.get(key);
  if (numbering?.hour !== hour) known.set(key, (numbering = { hour, buffer: ctx.ids.hex(8), next: 0 }));
  const firstRow = numbering.next;
  numbering.next += rows;
  return { buffer: numbering.buffer, firstRow };
}

/**
 * Whether rows that were answered by a time may not have left the queue yet: the oldest that waits is from before, or
 * somebody who took some may have died, whose messages come again when their lease has ended.
 */
export async function mayBeQueued(ctx: Context, answeredBy: number): Promise<boolean> {
  const { messages, oldestAt } = await ctx.stores.queues.backlog('predictions');
  if (messages === 0) return false;
  return (
    (oldestAt !== undefined && oldestAt <= answeredBy) || ctx.clock.now() < answeredBy + leaseMillisecondsMax
  );
}
