import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** AES-256-GCM under a 32-byte key: `v1.<key hint>.<iv>.<tag>.<text>`, each part base64url. */
export function seal(key: Uint8Array, text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const parts = [iv, cipher.getAuthTag(), sealed].map((bytes) => bytes.toString('base64url'));
  return ['v1', keyHintOf(key), ...parts].join('.');
}

/** Throws where the text was sealed by none of these keys, or changed since. */
export function unseal(keys: readonly Uint8Array[], sealed: string): string {
  const [version, hint, iv = '', tag = '', text = ''] = sealed.split('.');
  const key = keys.find((each) => keyHintOf(each) === hint);
  if (version !== 'v1' || !key) throw new Error('This was sealed by a key that is not at hand.');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), { authTagLength: 16 });
  decipher.setAuthTag(Buffer.from(tag, 'base64url'));
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
}

/** Tells keys apart, and says nothing of them: of a key, or of the key that a text was sealed by. */
export function keyHintOf(key: Uint8Array | string): string | undefined {
  if (typeof key === 'string') return key.split('.')[1];
  return createHash('sha256').update('cairn sealing key').update(key).digest('base64url').slice(0, 8);
}
