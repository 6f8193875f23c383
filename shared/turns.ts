/**
 * The result of `each` for every item, in the order of the items, with at most `atOnceMax` of them under
 * way. The first failure is thrown, and no further item is begun then.
 */
export async function inTurns<T, R>(
  items: readonly T[],
  atOnceMax: number,
  each: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  let failed = false;
  const worker = async () => {
    for (const [i, item] of waiting) {
      if (failed) return;
      try {
        results[i] = await each(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, worker));
  return results;
}

/** Lets at most `atOnceMax` of the calls that are made through it run at once; the others wait for their turn. */
export function gate(atOnceMax: number): <T>(call: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (call) => {
    if (running === atOnceMax) await new Promise<void>((go) => waiting.push(go));
    else running++;
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
