import { randomBytes } from 'node:crypto';
import type { Stores, Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { HashKey } from './hash.ts';

/** The keys by which a workspace hashes columns: the last is in use, older ones find what they hashed. */
type HashKeys = Document & {
  readonly type: 'hash-keys';
  readonly keys: readonly SealedKey[];
  readonly seq: number;
};

type SealedKey = {
  readonly keyId: string;
  /** 32 bytes in base64url, sealed by the key store of the deployment. */
  readonly sealed: string;
  readonly at: number;
};

export type HashKeyFacts = Pick<SealedKey, 'keyId' | 'at'>;

const id = 'hash-keys';
/** As many as an erasure looks for. */
const keysMax = 20;

/** Opened keys by their sealed form; what is sealed never changes. */
const opened = new WeakMap<Stores, Map<string, Promise<HashKey>>>();

/** Whether there is anything to keep keys by: without it columns can be masked, not hashed. */
export function canHash(ctx: Context): boolean {
  return ctx.stores.keys !== undefined;
}

/** The key in use, made on first use; `undefined` where the deployment has no key store. */
export async function currentHashKey(ctx: Context): Promise<HashKey | undefined> {
  if (!canHash(ctx)) return undefined;
  const { keys } = (await read(ctx))?.doc ?? (await addKey(ctx, (known) => known.length === 0));
  const newest = keys.at(-1);
  return newest && open(ctx, newest);
}

/** Every key of the workspace, oldest first; none where nothing was ever hashed. */
export async function hashKeys(ctx: Context): Promise<readonly HashKey[]> {
  if (!canHash(ctx)) return [];
  return Promise.all(((await read(ctx))?.doc.keys ?? []).map((key) => open(ctx, key)));
}

/** What is known of the keys, oldest first. */
export async function listHashKeys(ctx: Context): Promise<readonly HashKeyFacts[]> {
  return ((await read(ctx))?.doc.keys ?? []).map(({ keyId, at }) => ({ keyId, at }));
}

/**
 * Makes a new key and takes it into use; every instance does within seconds. What was hashed before stays
 * as it is and is still found, but the same value now has another hash: drift cannot be told across the change.
 */
export async function rotateHashKey(ctx: Context, reason: string): Promise<HashKeyFacts> {
  if (!canHash(ctx)) throw noKeyStore();
  const { keys } = await addKey(ctx, () => true, reason);
  const { keyId = '', at = 0 } = keys.at(-1) ?? {};
  return { keyId, at };
}

/** The refusal of what needs a key store where there is none. */
export function noKeyStore(field?: string): CairnError {
  return new CairnError(
    'invalid',
    'This deployment has no keys to hash by: set CAIRN_KEY_VAULT_URL (locally CAIRN_KEYS_FOLDER), or mask the column instead.',
    field === undefined ? {} : { field },
  );
}

async function addKey(
  ctx: Context,
  wanted: (known: HashKeys['keys']) => boolean,
  reason?: string,
): Promise<HashKeys> {
  const store = ctx.stores.keys;
  if (!store) throw noKeyStore();
  return swap(ctx, 'The hash keys', async () => {
    const stored = await read(ctx);
    const known = stored?.doc.keys ?? [];
    if (stored && !wanted(known)) return stored.doc;
    if (known.length >= keysMax)
      throw new CairnError('conflict', `There are ${keysMax} hash keys, the most that are looked through.`);
    const bytes = randomBytes(32).toString('base64url');
    const made: SealedKey = {
      keyId: ctx.ids.hex(4),
      sealed: await store.seal(bytes),
      at: ctx.clock.now(),
    };
    const doc: HashKeys = {
      id,
      type: 'hash-keys',
      v: 1,
      workspace: ctx.workspace,
      keys: [...known, made],
      seq: (stored?.doc.seq ?? 0) + 1,
    };
    const event = eventWrite(
      ctx,
      {
        type: 'hash-key.made',
        aggregate: `hash-keys/${ctx.workspace}`,
        seq: doc.seq,
        subject: { keyId: made.keyId },
        ...(reason === undefined ? {} : { reason }),
      },
      { workspace: ctx.workspace },
    );
    const write: Write = stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc };
    const { outcome } = await ctx.stores.documents('endpoints').batch([ctx.workspace], [write, event]);
    if (outcome !== 'applied') return lost;
    relay(ctx, 'endpoints', [ctx.workspace], event);
    return doc;
  });
}

function read(ctx: Context): Promise<Stored<HashKeys> | undefined> {
  return ctx.stores.documents('endpoints').read<HashKeys>([ctx.workspace], id);
}

function open(ctx: Context, { keyId, sealed }: SealedKey): Promise<HashKey> {
  const known = opened.get(ctx.stores) ?? new Map<string, Promise<HashKey>>();
  opened.set(ctx.stores, known);
  const found = known.get(sealed);
  if (found) return found;
  const opening = unseal(ctx, sealed).then((text) => ({ id: keyId, bytes: Buffer.from(text, 'base64url') }));
  known.set(sealed, opening);
  opening.catch(() => known.delete(sealed));
  return opening;
}

async function unseal(ctx: Context, sealed: string): Promise<string> {
  if (!ctx.stores.keys) throw noKeyStore();
  return ctx.stores.keys.unseal(sealed);
}
