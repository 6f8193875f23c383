import { createHash, createPublicKey, verify } from 'node:crypto';
import * as z from 'zod';
import type { KeyStore, PublicKey } from '../../azure/index.ts';
import { canonical, type Json } from '../canonical.ts';

/*
 * A checkpoint vouches for all entries up to one: that entry's hash holds those of all before it. Checkpoints are
 * a chain of their own, so that none can be left out.
 */

export type Checkpoint = {
  readonly v: 1;
  readonly type: 'cairn.audit.checkpoint';
  readonly segment: string;
  /** The first and the last entry of the hour so far. */
  readonly first_seq: number;
  readonly last_seq: number;
  readonly last_hash: string;
  readonly entries: number;
  /** Whether nothing will be added to the hour any more. */
  readonly closed: boolean;
  /** The hash of the checkpoint before, of this hour or an earlier one. */
  readonly prev_checkpoint_hash: string;
  readonly at: number;
  /** Names the key for people. */
  readonly key_id: string | null;
  /** SHA-256 of the public key as DER (SubjectPublicKeyInfo), in hex. */
  readonly key_fingerprint: string | null;
  /** ECDSA P-256 over the SHA-256 of the canonical JSON of all other members; DER, in base64. */
  readonly signature: string | null;
};

type Unsigned = Omit<Checkpoint, 'signature'>;

const hashText = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const schema = z.strictObject({
  v: z.literal(1),
  type: z.literal('cairn.audit.checkpoint'),
  segment: z.string(),
  first_seq: z.int(),
  last_seq: z.int(),
  last_hash: hashText,
  entries: z.int(),
  closed: z.boolean(),
  prev_checkpoint_hash: hashText,
  at: z.int(),
  key_id: z.string().nullable(),
  key_fingerprint: z.string().nullable(),
  signature: z
    .base64()
    .refine((text) => Buffer.from(text, 'base64').toString('base64') === text)
    .nullable(),
});

/** How often the key that signs may turn out to be another than the one that was named. */
const rotationsMax = 3;

/** A checkpoint signed by the newest key, where there are keys. */
export async function signed(
  checkpoint: Omit<Unsigned, 'key_id' | 'key_fingerprint'>,
  keys: KeyStore | undefined,
): Promise<Checkpoint> {
  if (!keys) return { ...checkpoint, key_id: null, key_fingerprint: null, signature: null };
  let [key] = await keys.publicKeys();
  for (let tries = 0; key && tries < rotationsMax; tries++) {
    const named = { ...checkpoint, key_id: key.keyId, key_fingerprint: fingerprintOf(key.pem) };
    const made = await keys.sign(messageOf(named));
    if (made.key.keyId === key.keyId)
      return { ...named, signature: Buffer.from(made.signature).toString('base64') };
    // It was rotated since the keys were read.
    ({ key } = made);
  }
  throw new Error('The signing key changed each time it was used.');
}

/** The checkpoint on a line; `undefined` where the line is not exactly how one is written. */
export function checkpointOn(line: string): Checkpoint | undefined {
  try {
    const read = schema.safeParse(JSON.parse(line));
    return read.success && canonical(read.data) === line ? read.data : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with the signature of a checkpoint by these keys; `undefined` where it holds. */
export function signatureFault(
  { signature, ...checkpoint }: Checkpoint,
  keys: readonly PublicKey[],
): { readonly kind: 'unsigned' | 'unknown-key' | 'signature'; readonly message: string } | undefined {
  if (signature === null) return { kind: 'unsigned', message: 'The checkpoint is not signed.' };
  const { key_id: keyId, key_fingerprint: fingerprint } = checkpoint;
  const key = keys.find(({ pem }) => fingerprintOf(pem) === fingerprint);
  if (!key)
    return {
      kind: 'unknown-key',
      message: `The checkpoint is signed by a key that is not among those trusted here ('${keyId}').`,
    };
  if (verify('sha256', messageOf(checkpoint), key.pem, Buffer.from(signature, 'base64'))) return undefined;
  return { kind: 'signature', message: 'The signature does not fit what the checkpoint says.' };
}

function messageOf(checkpoint: Unsigned): Buffer {
  return Buffer.from(canonical(checkpoint satisfies Json));
}

function fingerprintOf(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}
