import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PublicKey } from '../../shared/azure/index.ts';
import { Unusable } from './unusable.ts';

const pemBlock = /-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/g;

/** The public keys in files; each may hold several. */
export async function keysIn(files: readonly string[]): Promise<PublicKey[]> {
  const keys: PublicKey[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Unusable(`${file} cannot be read (${error.code}).`);
    });
    const found = [...text.matchAll(pemBlock)].map(([pem]) => keyOf(pem, file));
    if (found.length === 0) throw new Unusable(`${file} holds no public key as PEM.`);
    keys.push(...found);
  }
  return keys;
}

function keyOf(pem: string, file: string): PublicKey {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ec') return { keyId: file, pem };
  } catch {
    // Said below.
  }
  throw new Unusable(`${file} holds a key that is none of ECDSA.`);
}
