import type { Context } from '../../context.ts';
import type { Document, Stored } from '../../documents.ts';
import type { AuditEntry, Draft } from '../entry.ts';

/*
 * The container `audit`: a partition for each hour in which something was entered, with its head and its entries,
 * and the partition `chain`, which says where the log goes on.
 */

/** Where the log begins, and an hour at or before the one that is open: from there each head names the next. */
export type TailDocument = Document & {
  readonly type: 'audit-tail';
  readonly segment: typeof chainPartition;
  readonly first: string;
  readonly at: string;
};

/** The state of one hour of the log. */
export type HeadDocument = Document & {
  readonly type: 'audit-head';
  readonly segment: string;
  /** The first sequence number of the hour; one more than the last where nothing is in it yet. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastHash: string;
  /** When the last entry was entered. */
  readonly lastAt: number;
  /** The hour before that has entries. */
  readonly previous?: string;
  /** Set once nothing is added any more: the hour in which the log goes on. */
  readonly next?: string;
};

/** `id` follows from the event, so that an event has one entry, however often it comes. */
export type EntryDocument = Document & {
  readonly type: 'audit-entry';
  readonly segment: string;
  readonly entry: AuditEntry;
  /** Seconds after which the store drops it; the segments keep it. */
  readonly ttl: number;
};

/** What is to be entered, under the id of its event. */
export type Addition = { readonly id: string; readonly draft: Draft };

export const chainPartition = 'chain';

/** The hour of a time, `YYYY-MM-DDTHH` in UTC: hours sort as their names do. */
export function hourOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 13);
}

/** The first millisecond of an hour. */
export function startOf(segment: string): number {
  return Date.parse(`${segment}:00:00.000Z`);
}

export function readHead(ctx: Context, segment: string): Promise<Stored<HeadDocument> | undefined> {
  return ctx.stores.documents('audit').read<HeadDocument>([segment], 'head');
}

export function readTail(ctx: Context): Promise<Stored<TailDocument> | undefined> {
  return ctx.stores.documents('audit').read<TailDocument>([chainPartition], 'tail');
}

/** The document with the last entry; `undefined` for a log that has not begun. */
export async function lastHead(ctx: Context): Promise<HeadDocument | undefined> {
  const tail = await readTail(ctx);
  let head = tail && (await readHead(ctx, tail.doc.at))?.doc;
  while (head?.next !== undefined) {
    const next = await readHead(ctx, head.next);
    if (!next) break;
    head = next.doc;
  }
  return head;
}
