import { createHash } from 'node:crypto';
import type { Pair, Texts } from './model.ts';

/** UTF-8 bytes of a param or tag that stay in the run's document and are searched; the whole of a longer one is kept beside it. */
const inlineBytesMax = 1024;

/** What a run's document holds of a text: the text, or its longest prefix of whole characters and the digest of all of it. */
export function shortened(text: string): { readonly prefix: string; readonly digest?: string } {
  if (!isLong(text)) return { prefix: text };
  const bytes = Buffer.from(text);
  let end = inlineBytesMax;
  // A byte 10xxxxxx continues a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { prefix: bytes.toString('utf8', 0, end), digest: digestOf(text) };
}

/** Those of the values that are too long for a run's document, to be kept before it is written. */
export function longTexts(pairs: readonly Pair[]): string[] {
  return pairs.map(({ value }) => value).filter(isLong);
}

/** What a text is kept and found under: its SHA-256 in hex. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A map from user keys, safe for every key. Later entries win. */
export function textMap(pairs: readonly Pair[]): Record<string, string> {
  const map = copyOf<string>(undefined);
  for (const { key, value } of pairs) map[key] = value;
  return map;
}

/** What {@link textMap} makes a map of. */
export function pairsOf(texts: Texts): Pair[] {
  return Object.entries(texts).map(([key, value]) => ({ key, value }));
}

/** What a map has under a key, which may be any text. */
export function textAt(texts: Texts, key: string): string | undefined {
  return Object.hasOwn(texts, key) ? texts[key] : undefined;
}

/** A copy to be changed, without a prototype: users may call a key what they like. */
export function copyOf<T>(map: Readonly<Record<string, T>> | undefined): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, map);
}

function isLong(text: string): boolean {
  // No UTF-16 unit takes more than three bytes: most texts need no count.
  return text.length * 3 > inlineBytesMax && Buffer.byteLength(text) > inlineBytesMax;
}
