/** What is running now, so that a stop can wait for it. */
import { setTimeout as delay } from 'node:timers/promises';

export type Track = <T>(work: Promise<T>) => Promise<T>;

export interface InFlight {
  count(): number;
  track: Track;
  /** Waits for `first`, then for all that is tracked; false when that takes longer than the bound. */
  drained(first: Promise<unknown>, secondsMax: number): Promise<boolean>;
}

export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  return {
    count: () => running.size,
    track(work) {
      running.add(work);
      work.finally(() => running.delete(work)).catch(() => {});
      return work;
    },
    async drained(first, secondsMax) {
      const bound = new AbortController();
      const all = async () => {
        await first;
        while (running.size > 0) await Promise.allSettled(running);
        return true;
      };
      const late = delay(secondsMax * 1000, false, { signal: bound.signal }).catch(() => false);
      const inTime = await Promise.race([all(), late]);
      bound.abort();
      return inTime;
    },
  };
}
