import type { Account } from '../usage/index.ts';

const minuteMilliseconds = 60_000;

type Bucket = Pick<Account, 'callsLeft' | 'callsAt' | 'minePerMinute' | 'othersPerMinute'>;

/**
 * Takes one call out of what an account may still make, and returns 0; or takes nothing and returns the
 * milliseconds until there is one. A token bucket: `perMinute` calls at once, and as many each minute.
 *
 * With n instances: each knows the calls of the others as they were written, half a minute late. Until then each
 * lets `perMinute` through, n times as many in all; from then on it leaves the others what they take, and where all of
 * them together take too much, each keeps to its share of it.
 */
export function takeCall(account: Bucket, perMinute: number, now: number): number {
  const allowed = allowedHere(account, perMinute);
  const perMillisecond = allowed / minuteMilliseconds;
  const { callsLeft = allowed, callsAt } = account;
  const left = Math.min(allowed, callsLeft + Math.max(0, now - callsAt) * perMillisecond);
  account.callsAt = Math.max(now, callsAt);
  // Who waited just as long as they were told is not told to wait for a rounding error.
  const isLetIn = left > 1 - 1e-6;
  account.callsLeft = isLetIn ? left - 1 : left;
  return isLetIn ? 0 : (1 - left) / perMillisecond;
}

/** Calls that this instance lets in each minute: what the others leave, or its share where that is more. */
function allowedHere({ minePerMinute, othersPerMinute }: Bucket, perMinute: number): number {
  if (othersPerMinute <= 0) return perMinute;
  const share = (perMinute * minePerMinute) / (minePerMinute + othersPerMinute);
  return Math.max(1, perMinute - othersPerMinute, share);
}
