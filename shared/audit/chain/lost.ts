import type { Context } from '../../context.ts';
import { type AuditEntry, draftIn, entryOn, idOf, noHash } from '../entry.ts';
import { checkpointOn } from '../segments/checkpoint.ts';
import { storedSegments } from '../segments/stored.ts';
import type { EntryDocument, HeadDocument } from './documents.ts';

/** An hour of which the segment has what the metadata store has not. */
export type Lost = {
  readonly segment: string;
  /** The first entry of the hour. */
  readonly firstSeq: number;
  /** Those that the store does not have. */
  readonly entries: readonly AuditEntry[];
};

/**
 * What the segments from an hour on have behind the last entry of the metadata store, and whether the last hour of it is
 * closed.
 * @throws Error where they do not follow from that entry
 */
export async function segmentsBehind(
  ctx: Context,
  last: HeadDocument | undefined,
  from: string | undefined,
): Promise<{ readonly lost: readonly Lost[]; readonly isClosed: boolean }> {
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
