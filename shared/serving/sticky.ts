import type { Context } from '../context.ts';
import { murmur3 } from '../stats/index.ts';

/**
 * A point in [0, 1) for a caller: the same for the same key, and unrelated between one `salt` and another, so that
 * whoever is among the first of one rollout is not of the next. Without a key it is drawn.
 */
export function pointOf(ctx: Pick<Context, 'ids'>, salt: string, key: string | undefined): number {
  if (key === undefined) return ctx.ids.random();
  return murmur3(Buffer.from(`${salt}\n${key}`), 0) / 2 ** 32;
}
