import type { Context } from '../../context.ts';
import { type AuditEntry, draftIn, entryOn, idOf, noHash } from '../entry.ts';
import { checkpointOn } from '../segments/checkpoint.ts';
import { checkpointsBlob, entriesBlob } from '../segments/names.ts';
import { beginning, type ExportDocument, readExport } from '../segments/progress.ts';
import { storedSegments } from '../segments/stored.ts';
import { type EntryDocument, type HeadDocument, lastHead, readTail } from './documents.ts';

/** An hour of which the segment has what the metadata store has not. */
export type Lost = {
  readonly segment: string;
  /** The first entry of the hour. */
  readonly firstSeq: number;
  /** Those that the store does not have. */
  readonly entries: readonly AuditEntry[];
};

/** What the segments have behind the last entry of the metadata store. */
export type Found = {
  /** The last hour of the store; `undefined` where it has no log. */
  readonly last: HeadDocument | undefined;
  readonly lost: readonly Lost[];
  /** Whether nothing may be added to the last hour of the segments. */
  readonly isClosed: boolean;
};

const nothing: Found = { last: undefined, lost: [], isClosed: false };

/**
 * Looks whether the segments go further than the metadata store.
 * @throws Error where they do not follow from what the store has
 */
export async function findLost(ctx: Context): Promise<Found> {
  const tail = (await readTail(ctx))?.doc;
  const progress = tail && ((await readExport(ctx))?.doc ?? beginning(tail.first));
  if (progress && !(await areLonger(ctx, progress))) return nothing;
  const last = await lastHead(ctx);
  const behind = await segmentsBehind(ctx, last, progress?.hour);
  const end = behind.lost.at(-1)?.entries.at(-1);
  // Others may have added to the store, and to the segments, between the two looks.
  if (end && ((await lastHead(ctx))?.lastSeq ?? 0) >= end.seq) return nothing;
  return { last, ...behind };
}

/** Entries that the segments have and the metadata store has not: of what was done after the time it was put back to. */
export async function findUndone(ctx: Context): Promise<AuditEntry[]> {
  return (await findLost(ctx)).lost.flatMap(({ entries }) => entries);
}

/** Whether the hour that was exported last has more in storage than is known to have been written. */
async function areLonger(
  ctx: Context,
  { hour, entriesBytes, checkpointsBytes }: ExportDocument,
): Promise<boolean> {
  const blobs = ctx.stores.blobs('audit');
  const [entries, checkpoints] = await Promise.all([
    blobs.stat(entriesBlob(hour)),
    blobs.stat(checkpointsBlob(hour)),
  ]);
  return (entries?.bytes ?? 0) > entriesBytes || (checkpoints?.bytes ?? 0) > checkpointsBytes;
}

/** What is in the segments from an hour on. */
async function segmentsBehind(
  ctx: Context,
  last: HeadDocument | undefined,
  from: string | undefined,
): Promise<Pick<Found, 'lost' | 'isClosed'>> {
  const source = storedSegments(ctx, { from });
  const lost: Lost[] = [];
  let common: { readonly segment: string; readonly entry: AuditEntry } | undefined;
  let before = { seq: last?.lastSeq ?? 0, hash: last?.lastHash ?? noHash };
  for await (const segment of source.segments()) {
    let firstSeq: number | undefined;
    const entries: AuditEntry[] = [];
    for await (const line of source.entries(segment)) {
      const entry = entryOn(line);
      if (!entry) continue;
      firstSeq ??= entry.seq;
      if (entry.seq <= before.seq) {
        common = { segment, entry };
        continue;
      }
      if (entry.prev_hash !== before.hash) throw parted(entry.seq);
      entries.push(entry);
      before = entry;
    }
    if (entries.length > 0) lost.push({ segment, firstSeq: firstSeq ?? before.seq, entries });
  }
  if (common && !(await isStored(ctx, common))) throw parted(common.entry.seq);
  let isClosed = false;
  const end = lost.at(-1)?.segment;
  if (end !== undefined)
    for await (const line of source.checkpoints(end)) isClosed = checkpointOn(line)?.closed ?? isClosed;
  return { lost, isClosed };
}

/** Whether the store has this entry, and no other in its place. */
async function isStored(
  ctx: Context,
  { segment, entry }: { readonly segment: string; readonly entry: AuditEntry },
): Promise<boolean> {
  const stored = await ctx.stores.documents('audit').read<EntryDocument>([segment], idOf(draftIn(entry)));
  return stored?.doc.entry.hash === entry.hash;
}

function parted(seq: number): Error {
  return new Error(
    `From entry ${seq} on, the audit log of the metadata store is not the one in its segments: an app that was not stopped added to it after a restore. Restore the metadata again with all apps stopped, as docs/operate.md says.`,
  );
}
