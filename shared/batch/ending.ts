import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';

/** The host gives what runs before the process ends five seconds, for all that is to be done then. */
const handOnMilliseconds = 3_000;

const ending = new WeakSet<Stores>();
const running = new WeakMap<Stores, Set<Promise<unknown>>>();

/** Whether this process is about to end: a chunk is handed on at the end of the block that is being scored. */
export function isEnding({ stores }: Context): boolean {
  return ending.has(stores);
}

/** What `work` gives; {@link handOnChunks} waits for it. */
export function untilHandedOn<T>({ stores }: Context, work: () => Promise<T>): Promise<T> {
  const all = running.get(stores) ?? new Set();
  running.set(stores, all);
  const result = work();
  all.add(result);
  const settled = () => all.delete(result);
  result.then(settled, settled);
  return result;
}

/**
 * Has every chunk that is being scored here stage what it has and hand on the rest, so that another instance goes on
 * at once and not when the lease has run out. At most 3 seconds; what is not done then is found by the timer.
 */
export async function handOnChunks(stores: Stores): Promise<void> {
  ending.add(stores);
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    deadline = setTimeout(resolve, handOnMilliseconds);
  });
  await Promise.race([Promise.allSettled([...(running.get(stores) ?? [])]), late]);
  clearTimeout(deadline);
}
