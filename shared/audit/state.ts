import type { Context } from '../context.ts';
import { lastHead } from './chain/documents.ts';
import { noHash } from './entry.ts';
import { readExport } from './segments/progress.ts';

export type AuditState = {
  /** The last entry; seq 0 where there is none. */
  readonly head: { readonly seq: number; readonly hash: string; readonly at: number | null };
  /** The last hour with a signed checkpoint. */
  readonly lastSegment: {
    readonly name: string;
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly signedAt: number;
    readonly keyId: string;
  } | null;
  /** Entries that no signature vouches for yet. */
  readonly unsignedEntries: number;
  readonly signing: 'on' | 'off';
  /** What is wrong, as a sentence. */
  readonly warning: string | null;
};

/** Exports come every five minutes. */
const overdueMilliseconds = 15 * 60_000;

/** Where the log stands: three reads. */
export async function auditState(ctx: Context): Promise<AuditState> {
  const [head, progress] = await Promise.all([lastHead(ctx), readExport(ctx)]);
  const signed = progress?.doc.signed;
  const seq = head?.lastSeq ?? 0;
  const unsignedEntries = Math.max(0, seq - (signed?.lastSeq ?? 0));
  return {
    head: { seq, hash: head?.lastHash ?? noHash, at: head && seq > 0 ? head.lastAt : null },
    lastSegment: signed
      ? {
          name: signed.segment,
          firstSeq: signed.firstSeq,
          lastSeq: signed.lastSeq,
          signedAt: signed.at,
          keyId: signed.keyId,
        }
      : null,
    unsignedEntries,
    signing: ctx.stores.keys ? 'on' : 'off',
    warning: warningOf(ctx, unsignedEntries, head?.lastAt ?? 0),
  };
}

function warningOf(ctx: Context, unsignedEntries: number, lastAt: number): string | null {
  if (!ctx.stores.keys)
    return 'The audit log is not signed: whoever owns the store can write it anew. Set CAIRN_KEY_VAULT_URL, or CAIRN_KEYS_FOLDER on a machine of your own.';
  if (unsignedEntries === 0 || lastAt > ctx.clock.now() - overdueMilliseconds) return null;
  return `${unsignedEntries} entries should have been exported and signed by now; look for failed work of kind audit-export.`;
}
