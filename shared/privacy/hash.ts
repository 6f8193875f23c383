import { createHmac } from 'node:crypto';

/** A key of one workspace. Its id stands in every hash, so that old ones are found when there is a newer key. */
export type HashKey = { readonly id: string; readonly bytes: Uint8Array };

const prefix = 'hashed:';
const pattern = /^hashed:([\w-]{8}):[\w-]{43}$/;

/**
 * The text that is hashed of a value; `null` for a missing one. A number is written as JavaScript does, so
 * that 42 and '42' are the same person; text is normalised (NFC), since the same name can be typed two ways.
 */
export function hashedText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value.normalize('NFC');
    case 'number':
      return Number.isNaN(value) ? null : String(value === 0 ? 0 : value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return null;
  }
}

/**
 * HMAC-SHA-256 of a value of a column: `hashed:<key id>:<43 characters of base64url>`. The same value in
 * another column has another hash, so that columns cannot be joined by it.
 */
export function keyedHash(key: HashKey, column: string, text: string): string {
  const mac = createHmac('sha256', key.bytes)
    .update(JSON.stringify([column, text]))
    .digest('base64url');
  return `${prefix}${key.id}:${mac}`;
}

/** The id of the key that a value was hashed by; `undefined` for any other value. */
export function keyIdIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith(prefix) ? pattern.exec(value)?.[1] : undefined;
}

/** Hashes values of one column, each different one once. */
export function columnHasher(key: HashKey, column: string): (value: unknown) => string | null {
  const known = new Map<string, string>();
  return (value) => {
    const text = hashedText(value);
    if (text === null) return null;
    let hash = known.get(text);
    if (hash === undefined) known.set(text, (hash = keyedHash(key, column, text)));
    return hash;
  };
}
