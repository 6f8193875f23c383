import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Ids } from '../../context.ts';

/**
 * The text of a Cairn token: `cairn_<id>_<secret>`. The id, 16 hexadecimal digits, finds its document; the
 * secret is 32 random bytes in base 62; its last six characters are a CRC-32 of all before them, by which half
 * a paste is known without asking the store.
 */
const pattern = /^cairn_([0-9a-f]{16})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What every Cairn token begins with; no password does. */
export const tokenPrefix = 'cairn_';

/** A new token: its text, which nobody sees again, and what is kept of it. */
export function newToken(ids: Ids): { id: string; text: string; hash: string } {
  const id = ids.hex(8);
  const body = `${tokenPrefix}${id}_${base62(BigInt(`0x${ids.hex(32)}`), 43)}`;
  const text = body + checksum(body);
  return { id, text, hash: tokenHash(text) };
}

/** The id in the text of a token; `undefined` where it can be none. */
export function tokenIdIn(text: string): string | undefined {
  const id = pattern.exec(text)?.[1];
  return id !== undefined && checksum(text.slice(0, -6)) === text.slice(-6) ? id : undefined;
}

/** SHA-256 of a token, in hex. The secret is random in full, so that no slower hash is needed. */
export function tokenHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether two hashes in hex are the same, in a time that does not tell how far they agree. */
export function sameHash(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return one.length > 0 && one.length === other.length && timingSafeEqual(one, other);
}

const checksum = (body: string) => base62(BigInt(crc32(body)), 6);

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = (digits[Number(rest % 62n)] ?? '') + text;
  return text;
}
