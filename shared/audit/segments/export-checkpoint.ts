import type { Context } from '../../context.ts';
import { canonical } from '../canonical.ts';
import type { HeadDocument } from '../chain/documents.ts';
import { digestOf } from '../entry.ts';
import { type Checkpoint, checkpointOn, signed } from './checkpoint.ts';
import { linesOf } from './lines.ts';
import { checkpointsBlob } from './names.ts';
import type { ExportDocument } from './progress.ts';

/** The progress once a checkpoint vouches for it; `undefined` where another instance writes there. */
export async function withCheckpoint(
  ctx: Context,
  before: ExportDocument,
  head: HeadDocument,
): Promise<ExportDocument | undefined> {
  if (isVouched(ctx, before, head)) return before;
  const progress = await asStored(ctx, before);
  if (isVouched(ctx, progress, head)) return progress;
  const { checkpoint: last } = progress;
  const next = await signed(
    {
      v: 1,
      type: 'cairn.audit.checkpoint',
      segment: head.segment,
      first_seq: head.firstSeq,
      last_seq: head.lastSeq,
      last_hash: head.lastHash,
      entries: head.lastSeq - head.firstSeq + 1,
      closed: head.next !== undefined,
      prev_checkpoint_hash: last.hash,
      at: Math.max(ctx.clock.now(), last.at),
    },
    ctx.stores.keys,
  );
  const bytes = Buffer.from(`${canonical(next)}\n`);
  const name = checkpointsBlob(head.segment);
  const isWritten = await ctx.stores
    .blobs('audit')
    .append(name, bytes, progress.checkpointsBytes, 'application/x-ndjson');
  if (!isWritten) return undefined;
  return { ...vouchedBy(next, progress), checkpointsBytes: progress.checkpointsBytes + bytes.length };
}

/** Whether the last checkpoint says all there is to say, and is signed where it can be. */
function isVouched(ctx: Context, { checkpoint, signed: by }: ExportDocument, head: HeadDocument): boolean {
  if (head.lastSeq < head.firstSeq) return true;
  const covers = checkpoint.segment === head.segment && checkpoint.lastSeq === head.lastSeq;
  const isSigned = !ctx.stores.keys || by?.lastSeq === head.lastSeq;
  return covers && isSigned && checkpoint.closed === (head.next !== undefined);
}

/** The progress, with the checkpoint of an instance that died before it could say so. */
async function asStored(ctx: Context, progress: ExportDocument): Promise<ExportDocument> {
  const blobs = ctx.stores.blobs('audit');
  const name = checkpointsBlob(progress.hour);
  const bytes = (await blobs.stat(name))?.bytes ?? 0;
  let stored: ExportDocument = { ...progress, checkpointsBytes: bytes };
  if (bytes <= progress.checkpointsBytes) return stored;
  const more = await blobs.open(name, { range: { first: progress.checkpointsBytes, last: bytes - 1 } });
  for await (const line of linesOf(more?.body ?? [])) {
    const checkpoint = checkpointOn(line);
    if (checkpoint) stored = vouchedBy(checkpoint, stored);
  }
  return stored;
}

function vouchedBy(by: Checkpoint, progress: ExportDocument): ExportDocument {
  const place = { segment: by.segment, firstSeq: by.first_seq, lastSeq: by.last_seq, at: by.at };
  return {
    ...progress,
    checkpoint: { ...place, hash: digestOf(by), closed: by.closed },
    ...(by.key_id === null ? {} : { signed: { ...place, keyId: by.key_id } }),
  };
}
