import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyStore, PublicKey } from './keys.ts';
import { seal, unseal } from './seal.ts';

/** Keys in files of a folder that only their owner reads, made on first use: what a laptop has for a Key Vault. */
export function keyFiles(folder: string): KeyStore {
  let signing: Promise<{ privatePem: string; key: PublicKey }> | undefined;
  let sealing: Promise<Uint8Array> | undefined;
  const signingKey = () => (signing ??= openSigningKey(folder));
  const sealingKey = () => (sealing ??= openSealingKey(folder));
  return {
    async sign(message) {
      const { privatePem, key } = await signingKey();
      return { signature: sign('sha256', message, createPrivateKey(privatePem)), key };
    },
    publicKeys: async () => [(await signingKey()).key],
    seal: async (text) => seal(await sealingKey(), text),
    unseal: async (sealed) => unseal([await sealingKey()], sealed),
  };
}

async function openSigningKey(folder: string): Promise<{ privatePem: string; key: PublicKey }> {
  const privatePem = await readOrMake(folder, 'signing.pem', () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  const pem = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
  const keyId = `file:${createHash('sha256').update(pem).digest('hex').slice(0, 16)}`;
  return { privatePem, key: { keyId, pem } };
}

async function openSealingKey(folder: string): Promise<Uint8Array> {
  return Buffer.from(await readOrMake(folder, 'sealing.key', () => randomBytes(32).toString('hex')), 'hex');
}

/** The text of a file, made by whoever comes first. */
async function readOrMake(folder: string, name: string, make: () => string | Buffer): Promise<string> {
  const path = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, make(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFile(path, 'utf8');
}
