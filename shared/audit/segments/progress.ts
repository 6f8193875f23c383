import type { Context } from '../../context.ts';
import type { Document, Stored } from '../../documents.ts';
import { chainPartition } from '../chain/documents.ts';
import { noHash } from '../entry.ts';

/** How far the log has been written to segments. */
export type ExportDocument = Document & {
  readonly type: 'audit-export';
  readonly segment: typeof chainPartition;
  /** The hour that is being written. */
  readonly hour: string;
  /** The last entry that is in a segment. */
  readonly lastSeq: number;
  readonly lastHash: string;
  /** Where the two blobs of the hour end. */
  readonly entriesBytes: number;
  readonly checkpointsBytes: number;
  /** The last checkpoint, of whatever hour. */
  readonly checkpoint: {
    readonly hash: string;
    readonly segment: string;
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly closed: boolean;
    readonly at: number;
  };
  /** The last one that was signed. */
  readonly signed?: {
    readonly segment: string;
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly at: number;
    readonly keyId: string;
  };
};

/** The progress of a log of which nothing has been exported. */
export function beginning(hour: string): ExportDocument {
  return {
    id: 'export',
    type: 'audit-export',
    v: 1,
    workspace: '*',
    segment: chainPartition,
    hour,
    lastSeq: 0,
    lastHash: noHash,
    entriesBytes: 0,
    checkpointsBytes: 0,
    checkpoint: { hash: noHash, segment: hour, firstSeq: 1, lastSeq: 0, closed: false, at: 0 },
  };
}

export function readExport(ctx: Context): Promise<Stored<ExportDocument> | undefined> {
  return ctx.stores.documents('audit').read<ExportDocument>([chainPartition], 'export');
}

/** False where another instance was faster. */
export async function writeExport(
  ctx: Context,
  doc: ExportDocument,
  stored: Stored<ExportDocument> | undefined,
): Promise<boolean> {
  const { outcome } = await ctx.stores
    .documents('audit')
    .write([chainPartition], stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc });
  return outcome === 'applied';
}
