import type { Context } from '../context.ts';

/**
 * A point in [0, 1) for a caller: the same for the same key, and unrelated between one `salt` and another, so that
 * whoever is among the first of one rollout is not of the next. Without a key it is drawn.
 */
export function pointOf(ctx: Pick<Context, 'ids'>, salt: string, key: string | undefined): number {
  if (key === undefined) return ctx.ids.random();
  return hash32(`${salt}\n${key}`) / 2 ** 32;
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) with the finaliser of MurmurHash3, which mixes its low bits. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
