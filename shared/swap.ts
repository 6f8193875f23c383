import type { Stores } from './azure/index.ts';
import type { Context } from './context.ts';
import { CairnError } from './http/index.ts';

/** Tries of a compare-and-swap before the caller is told to come back. */
export const swapTries = 8;

/** What an attempt answers when somebody else wrote between its read and its write. */
export const lost = Symbol('lost');

/**
 * Repeats a compare-and-swap until it wins. An attempt reads, decides and writes; it may throw, and ends
 * the matter then. Throws `unavailable` after {@link swapTries} tries; `what` says what all are writing to.
 * @example
 * await swap(ctx, `Endpoint '${name}'`, async () => {
 *   const { doc, etag } = await read(ctx, name);
 *   const next = { ...doc, stable };
 *   const { outcome } = await documents.write(key, { op: 'replace', doc: next, etag });
 *   return outcome === 'applied' ? next : lost;
 * });
 */
export async function swap<T>(
  ctx: Pick<Context, 'ids'>,
  what: string,
  attempt: () => Promise<T | typeof lost>,
): Promise<T> {
  for (let tries = 0; tries < swapTries; tries++) {
    const result = await attempt();
    if (result !== lost) return result;
    await jitter(ctx, tries);
  }
  throw contended(what);
}

/** The last of those that wait for their turn, by what they write to. */
const lines = new WeakMap<Stores['documents'], Map<string, Promise<unknown>>>();

/**
 * The same for what many may change at once: those of this process go one after the other in the order in
 * which they came, and so lose to other processes only. An attempt must not wait for another of the same line.
 */
export async function swapInTurn<T>(
  ctx: Context,
  what: string,
  attempt: () => Promise<T | typeof lost>,
): Promise<T> {
  const name = `${ctx.workspace}/${what}`;
  const line = lines.get(ctx.stores.documents) ?? new Map<string, Promise<unknown>>();
  lines.set(ctx.stores.documents, line);
  const ahead = line.get(name)?.catch(() => undefined);
  const mine = Promise.resolve(ahead).then(() => swap(ctx, what, attempt));
  line.set(name, mine);
  try {
    return await mine;
  } finally {
    if (line.get(name) === mine) line.delete(name);
  }
}

/** Waits a random time that grows with the tries so far, so that those who contend stop meeting. */
export function jitter(ctx: Pick<Context, 'ids'>, tries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ctx.ids.random() * 10 * 2 ** tries));
}

export function contended(what: string): CairnError {
  return new CairnError('unavailable', `${what} is being changed by many at once; try again.`, {
    retryAfterSeconds: 1,
  });
}
