import type { Context } from '../../context.ts';
import type { EntryDocument, HeadDocument } from '../chain/documents.ts';
import { type AuditEntry, entryOn, hashOf, lineOf } from '../entry.ts';
import { linesOf } from './lines.ts';
import { entriesBlob } from './names.ts';
import type { ExportDocument } from './progress.ts';

/** One append takes up to 4 MiB. */
const blockBytesMax = 1024 * 1024;

/** The progress once all entries of the hour are in its segment; `undefined` where another instance writes there. */
export async function withEntries(
  ctx: Context,
  before: ExportDocument,
  head: HeadDocument,
): Promise<ExportDocument | undefined> {
  if (before.lastSeq >= head.lastSeq) return before;
  const blobs = ctx.stores.blobs('audit');
  const name = entriesBlob(before.hour);
  let progress = await asStored(ctx, before);
  // Another instance knows of more than this head does.
  if (progress.lastSeq > head.lastSeq) return undefined;
  for await (const block of blocksOf(entriesAfter(ctx, progress, head))) {
    const bytes = Buffer.from(block.map((entry) => `${lineOf(entry)}\n`).join(''));
    if (!(await blobs.append(name, bytes, progress.entriesBytes, 'application/x-ndjson'))) return undefined;
    const last = block.at(-1);
    progress = {
      ...progress,
      entriesBytes: progress.entriesBytes + bytes.length,
      lastSeq: last?.seq ?? progress.lastSeq,
      lastHash: last?.hash ?? progress.lastHash,
    };
  }
  // What the head counts and the store does not hold any more is missed by whoever verifies; it is not waited for.
  return { ...progress, lastSeq: head.lastSeq, lastHash: head.lastHash };
}

/** The progress, with what an instance wrote that died before it could say so. */
async function asStored(ctx: Context, progress: ExportDocument): Promise<ExportDocument> {
  const blobs = ctx.stores.blobs('audit');
  const name = entriesBlob(progress.hour);
  const bytes = (await blobs.stat(name))?.bytes ?? 0;
  let { lastSeq, lastHash } = progress;
  if (bytes > progress.entriesBytes) {
    const more = await blobs.open(name, { range: { first: progress.entriesBytes, last: bytes - 1 } });
    for await (const line of linesOf(more?.body ?? [])) {
      const entry = entryOn(line);
      if (entry?.seq === lastSeq + 1 && entry.prev_hash === lastHash)
        ({ seq: lastSeq, hash: lastHash } = entry);
    }
  }
  return { ...progress, entriesBytes: bytes, lastSeq, lastHash };
}

/** The entries of the hour that are in no segment yet, in their order. */
async function* entriesAfter(
  ctx: Context,
  { hour, lastSeq, lastHash }: ExportDocument,
  head: HeadDocument,
): AsyncGenerator<AuditEntry> {
  let before = { seq: lastSeq, hash: lastHash };
  const rows = ctx.stores.documents('audit').stream<EntryDocument>(
    {
      text: "SELECT * FROM c WHERE c.type = 'audit-entry' AND c.entry.seq > @after AND c.entry.seq <= @last ORDER BY c.entry.seq",
      values: { after: lastSeq, last: head.lastSeq },
    },
    { key: [hour], consistency: 'strong' },
  );
  for await (const { entry } of rows) {
    const isNext = entry.seq === before.seq + 1 && entry.prev_hash === before.hash;
    if (!isNext || hashOf(entry) !== entry.hash)
      ctx.log.error('the audit log was altered in the store before it was exported', { seq: entry.seq });
    before = entry;
    yield entry;
  }
}

async function* blocksOf(entries: AsyncIterable<AuditEntry>): AsyncGenerator<AuditEntry[]> {
  let block: AuditEntry[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    block.push(entry);
    bytes += Buffer.byteLength(lineOf(entry)) + 1;
    if (bytes < blockBytesMax) continue;
    yield block;
    block = [];
    bytes = 0;
  }
  if (block.length > 0) yield block;
}
