import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyStore, PublicKey } from './keys.ts';
import { remembered } from './remembered.ts';
import { keyHintOf, seal, unseal } from './seal.ts';

/**
 * Keys in files of a folder that only their owner reads, made on first use by whichever process comes
 * first: what a laptop has for a Key Vault. `signing.pem` and `sealing.key` are in use; to rotate one,
 * rename it to `signing-<anything>.pem` or `sealing-<anything>.key` and start again: it goes on verifying
 * and unsealing what it signed and sealed.
 */
export function keyFiles(folder: string): KeyStore {
  const signing = remembered(() => readOrMake(folder, 'signing.pem', newSigningKey));
  const sealing = remembered(() => readOrMake(folder, 'sealing.key', newSealingKey));
  return {
    async sign(message) {
      const pem = await signing();
      return { signature: sign('sha256', message, createPrivateKey(pem)), key: publicKeyOf(pem) };
    },
    async publicKeys() {
      const newest = await signing();
      return [newest, ...(await readOlder(folder, 'signing-', '.pem'))].map(publicKeyOf);
    },
    seal: async (text) => seal(bytesOf(await sealing()), text),
    async unseal(sealed) {
      const newest = bytesOf(await sealing());
      if (keyHintOf(sealed) === keyHintOf(newest)) return unseal([newest], sealed);
      return unseal((await readOlder(folder, 'sealing-', '.key')).map(bytesOf), sealed);
    },
  };
}

function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function newSealingKey(): string {
  return randomBytes(32).toString('hex');
}

function publicKeyOf(privatePem: string): PublicKey {
  const pem = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
  return { keyId: `file:${createHash('sha256').update(pem).digest('hex').slice(0, 16)}`, pem };
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.trim(), 'hex');
}

/** The text of a file, made whole by whoever comes first: nobody ever reads a part of it, or sees it change. */
async function readOrMake(folder: string, name: string, make: () => string): Promise<string> {
  const path = join(folder, name);
  const found = await readIfThere(path);
  if (found !== undefined) return found;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(make());
      await file.sync();
    } finally {
      await file.close();
    }
    // A link is made or refused in one step, where a rename would replace the key of who came first.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  return readFile(path, 'utf8');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Keys that were in use before, by name downwards. */
async function readOlder(folder: string, start: string, end: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(start) && name.endsWith(end));
  return Promise.all(
    names
      .toSorted()
      .toReversed()
      .map((name) => readFile(join(folder, name), 'utf8')),
  );
}
