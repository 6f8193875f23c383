import type { Context } from '../context.ts';
import { type EntryDocument, hourOf, lastHead, readTail, startOf } from './chain/documents.ts';
import { hashOf } from './entry.ts';
import { readExport } from './segments/progress.ts';
import { storedSegments } from './segments/stored.ts';
import type { Report } from './verify/problem.ts';
import { type Verification, verifySegments } from './verify/verify.ts';

export type CheckOptions = {
  /** Milliseconds: the hours from this one, to that one. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly expectedHead?: { readonly seq: number; readonly hash: string } | undefined;
};

/** As much as one call does. What is left is for the next one, from the hour that it is told. */
const entriesMax = 50_000;
const millisecondsMax = 20_000;
const millisecondsOfDay = 86_400_000;

/**
 * Verifies segments as they are stored, by the keys of this deployment, and the entries in the metadata store by
 * them. `nextFrom` is where the next call goes on, if this one did not come to the end; `notExportedEntries` are those
 * that are in no segment yet, of which nothing is proven.
 */
export async function checkAudit(
  ctx: Context,
  { from, to, expectedHead }: CheckOptions,
): Promise<Verification & { readonly nextFrom: number | undefined; readonly notExportedEntries: number }> {
  // Read before any segment: what is exported meanwhile is more than is expected, never less.
  const [tail, progress, last] = await Promise.all([readTail(ctx), readExport(ctx), lastHead(ctx)]);
  const first = from === undefined ? undefined : hourOf(from);
  const until = to === undefined ? undefined : hourOf(to);
  const started = performance.now();
  const isPart = first !== undefined && first > (tail?.doc.first ?? '');
  const reached = progress && { seq: progress.doc.lastSeq, hash: progress.doc.lastHash };
  const isToEnd = until === undefined || until >= (progress?.doc.hour ?? '');
  const head = isToEnd ? (expectedHead ?? reached) : undefined;
  const verification = await verifySegments(storedSegments(ctx, { from: first, to: until }), {
    keys: (await ctx.stores.keys?.publicKeys()) ?? [],
    isPart,
    ...(isToEnd ? { now: ctx.clock.now() } : {}),
    ...(head ? { expectedHead: head } : {}),
    goesOn: (entries) => entries < entriesMax && performance.now() - started < millisecondsMax,
    further: (segment, hashes, report) =>
      compareStore(ctx, { segment, hashes, exportedTo: reached?.seq ?? 0 }, report),
  });
  const { nextSegment } = verification;
  return {
    ...verification,
    nextFrom: nextSegment === undefined ? undefined : startOf(nextSegment),
    notExportedEntries: Math.max(0, (last?.lastSeq ?? 0) - (progress?.doc.lastSeq ?? 0)),
  };
}

type Exported = {
  readonly segment: string;
  readonly hashes: ReadonlyMap<number, string>;
  /** The last entry that should be in a segment. */
  readonly exportedTo: number;
};

/** Reports entries of the metadata store that are not as in the segment, and those that are gone before their time. */
async function compareStore(
  ctx: Context,
  { segment, hashes, exportedTo }: Exported,
  report: Report,
): Promise<void> {
  const left = new Map(hashes);
  const rows = ctx.stores
    .documents('audit')
    .stream<EntryDocument>(
      { text: "SELECT * FROM c WHERE c.type = 'audit-entry'" },
      { key: [segment], consistency: 'strong' },
    );
  for await (const { entry } of rows) {
    const { seq } = entry;
    const hash = left.get(seq);
    left.delete(seq);
    if (hash !== undefined && (hash !== entry.hash || hashOf(entry) !== hash))
      report(
        'store',
        segment,
        `Entry ${seq} was altered in the metadata store; the segment has it as it was.`,
        seq,
      );
    if (hash === undefined && seq <= exportedTo)
      report('store', segment, `Entry ${seq} of the metadata store is not in the segment.`, seq);
  }
  // An hour of grace: the store drops entries when it comes to it.
  const expired = startOf(segment) + (ctx.settings.auditDays * millisecondsOfDay - 3_600_000);
  if (ctx.clock.now() > expired) return;
  for (const seq of left.keys())
    report('store', segment, `Entry ${seq} is gone from the metadata store; the segment has it.`, seq);
}
