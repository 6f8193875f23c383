import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { noHash } from '../entry.ts';
import {
  chainPartition,
  type HeadDocument,
  hourOf,
  readHead,
  readTail,
  startOf,
  type TailDocument,
} from './documents.ts';

/**
 * The head of the hour to which the log is added now. An hour is closed by naming the one in which the log goes
 * on, in one compare-and-swap: whoever comes later goes on there, whatever its own clock says, and what is in a
 * closed hour never changes again. Each step can be the last of an instance that dies; the next one does the rest.
 */
export async function openHead(ctx: Context): Promise<Stored<HeadDocument>> {
  const hour = hourOf(ctx.clock.now());
  const tail = await tailOf(ctx, hour);
  let head = await headOf(ctx, firstHead(tail.doc.at), tail.doc.at === tail.doc.first);
  for (;;) {
    const { next } = head.doc;
    if (next !== undefined) head = await headOf(ctx, headAfter(head.doc, next), true);
    else if (head.doc.segment < hour) head = await closed(ctx, head, hour);
    else break;
  }
  if (head.doc.segment !== tail.doc.at) await moveTail(ctx, tail, head.doc.segment);
  return head;
}

async function tailOf(ctx: Context, hour: string): Promise<Stored<TailDocument>> {
  const found = await readTail(ctx);
  if (found) return found;
  const doc: TailDocument = {
    ...envelope('tail', chainPartition),
    type: 'audit-tail',
    first: hour,
    at: hour,
  };
  await ctx.stores.documents('audit').write([chainPartition], { op: 'create', doc });
  const made = await readTail(ctx);
  if (made) return made;
  throw new Error('The beginning of the audit log was written and is not there.');
}

/** The head of `initial.segment`, which is made as `initial` where it is missing and may be. */
async function headOf(ctx: Context, initial: HeadDocument, mayMake: boolean): Promise<Stored<HeadDocument>> {
  const { segment } = initial;
  const found = await readHead(ctx, segment);
  if (found) return found;
  if (!mayMake) throw new Error(`The head of hour ${segment} of the audit log is gone.`);
  await ctx.stores.documents('audit').write([segment], { op: 'create', doc: initial });
  const made = await readHead(ctx, segment);
  if (made) return made;
  throw new Error(`The head of hour ${segment} of the audit log was written and is not there.`);
}

/** The head as it is once this attempt to close it is over: by this instance, or changed by another one. */
async function closed(
  ctx: Context,
  { doc, etag }: Stored<HeadDocument>,
  next: string,
): Promise<Stored<HeadDocument>> {
  await ctx.stores
    .documents('audit')
    .write([doc.segment], { op: 'replace', doc: { ...doc, next } satisfies HeadDocument, etag });
  return headOf(ctx, doc, false);
}

/** It only shortens the way: where another instance was faster, or this fails, nothing is lost. */
async function moveTail(ctx: Context, { doc, etag }: Stored<TailDocument>, at: string): Promise<void> {
  await ctx.stores
    .documents('audit')
    .write([chainPartition], { op: 'replace', doc: { ...doc, at } satisfies TailDocument, etag });
}

function firstHead(segment: string): HeadDocument {
  return {
    ...envelope('head', segment),
    type: 'audit-head',
    firstSeq: 1,
    lastSeq: 0,
    lastHash: noHash,
    lastAt: startOf(segment),
  };
}

function headAfter(before: HeadDocument, segment: string): HeadDocument {
  return {
    ...envelope('head', segment),
    type: 'audit-head',
    firstSeq: before.lastSeq + 1,
    lastSeq: before.lastSeq,
    lastHash: before.lastHash,
    lastAt: Math.max(before.lastAt, startOf(segment)),
    previous: before.segment,
  };
}

function envelope<S extends string>(id: string, segment: S) {
  return { id, v: 1, workspace: '*', segment };
}
