import { createHash, verify } from 'node:crypto';
import * as z from 'zod';
import type { KeyStore, PublicKey } from '../../azure/index.ts';
import { SignatureError } from './signature-error.ts';
import { readStatement, type Statement } from './statement.ts';

/*
 * A sigstore bundle 0.3 around a DSSE envelope, signed by a key that the bundle names by the SHA-256 of its
 * PEM. https://docs.sigstore.dev/about/bundle/ https://github.com/secure-systems-lab/dsse
 */
const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const payloadType = 'application/vnd.in-toto+json';

const bundle = z.object({
  mediaType: z.literal(mediaType),
  verificationMaterial: z.object({ publicKey: z.object({ hint: z.string() }) }),
  dsseEnvelope: z.object({
    payload: z.base64(),
    payloadType: z.literal(payloadType),
    signatures: z.tuple([z.object({ sig: z.base64() })]),
  }),
});

/** Signs a statement by the newest key. The bundle is its JSON text, fit for `model_signing verify key`. */
export async function sealedIn(
  keys: KeyStore,
  statement: Statement,
): Promise<{ readonly bundle: string; readonly key: PublicKey }> {
  const payload = payloadOf(statement);
  const { signature, key } = await keys.sign(preAuthentication(payload));
  const made = {
    mediaType,
    verificationMaterial: { publicKey: { hint: hintOf(key) }, tlogEntries: [] },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ sig: Buffer.from(signature).toString('base64'), keyid: '' }],
    },
  };
  return { bundle: JSON.stringify(made), key };
}

/**
 * What a bundle states, and the key that vouches for it. Throws {@link SignatureError} where none of the
 * keys signed it as it is.
 */
export function opened(
  text: string,
  keys: readonly PublicKey[],
): { readonly statement: Statement; readonly key: PublicKey } {
  const read = bundle.safeParse(jsonOf(text));
  if (!read.success)
    throw new SignatureError('its signature is not a sigstore bundle 0.3 with one DSSE signature.');
  const { verificationMaterial, dsseEnvelope } = read.data;
  const key = keys.find((each) => hintOf(each) === verificationMaterial.publicKey.hint);
  if (!key) throw new SignatureError('it was signed by a key that is not trusted here, or no more.');
  const payload = Buffer.from(dsseEnvelope.payload, 'base64');
  const signature = Buffer.from(dsseEnvelope.signatures[0].sig, 'base64');
  if (!verify('sha256', preAuthentication(payload), key.pem, signature))
    throw new SignatureError('its signature does not fit what it is said to sign.');
  return { statement: readStatement(payload), key };
}

/** Whether a key is the one that a bundle names; of what is no bundle none is. */
export function namedIn(text: string): (key: PublicKey) => boolean {
  const read = bundle.safeParse(jsonOf(text));
  return (key) => read.data?.verificationMaterial.publicKey.hint === hintOf(key);
}

/** Whether a bundle is one over this statement; says nothing of its signature. */
export function states(text: string, statement: Statement): boolean {
  const read = bundle.safeParse(jsonOf(text));
  return read.success && read.data.dsseEnvelope.payload === payloadOf(statement).toString('base64');
}

function payloadOf(statement: Statement): Buffer {
  return Buffer.from(JSON.stringify(statement));
}

/** DSSE's PAE: what is signed binds the type of the payload and the length of either. */
function preAuthentication(payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function hintOf({ pem }: PublicKey): string {
  return createHash('sha256').update(pem).digest('hex');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
