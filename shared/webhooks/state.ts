import type { Attempt, Delivery } from './model.ts';
import type { Answer } from './post.ts';

/** Attempts of one delivery before it fails: with the waits between them, most of a day. */
export const triesMax = 10;
/** How long a worker has for one attempt before another one may take the delivery over. */
export const leaseSeconds = 60;

const waitSecondsFirst = 5;
const waitFactor = 4;
const waitSecondsMax = 6 * 3600;
/** Waits are shortened or lengthened by up to this part, so that deliveries that failed together do not meet again. */
const jitter = 0.2;
const attemptsKept = 50;

/** The delivery as a worker holds it that begins to send it at `now`; `undefined` where it is not due. */
export function claimed(delivery: Delivery, now: number): Delivery | undefined {
  const { state } = delivery;
  if (state.status !== 'pending' || state.dueAt > now) return undefined;
  return {
    ...delivery,
    attempts: withInterrupted(delivery, now),
    state: {
      status: 'pending',
      dueAt: now + leaseSeconds * 1000,
      tries: state.tries + 1,
      sendingSince: now,
    },
  };
}

/** Whether a due delivery has no attempt left: the last one was begun, and never told how it ended. */
export function isSpent({ state }: Delivery): boolean {
  return state.status === 'pending' && state.tries >= triesMax;
}

/** The delivery after an attempt, at `now`: delivered, failed, or due again after a wait. */
export function settled(
  delivery: Delivery,
  attempt: Attempt,
  answer: Answer,
  now: number,
  random: number,
): Delivery {
  const attempts = kept([...delivery.attempts, attempt]);
  const tries = delivery.state.status === 'pending' ? delivery.state.tries : triesMax;
  switch (verdictOf(answer)) {
    case 'delivered':
      return { ...delivery, attempts, state: { status: 'delivered' } };
    case 'failed':
      return { ...delivery, attempts, state: { status: 'failed', reason: reasonOf(answer) } };
    case 'retry': {
      if (tries >= triesMax) {
        const reason = `${triesMax} attempts did not succeed; the last one: ${reasonOf(answer)}`;
        return { ...delivery, attempts, state: { status: 'failed', reason } };
      }
      const asked = answer.outcome === 'answered' ? askedSeconds(answer.retryAfter, now) : 0;
      const seconds = Math.max(waitSeconds(tries, random), Math.min(asked, waitSecondsMax));
      const dueAt = now + Math.round(seconds * 1000);
      return { ...delivery, attempts, state: { status: 'pending', dueAt, tries } };
    }
  }
}

/** The delivery given up for a reason that no attempt will change. */
export function stopped(delivery: Delivery, reason: string, now: number): Delivery {
  return { ...delivery, attempts: withInterrupted(delivery, now), state: { status: 'failed', reason } };
}

/** The delivery asked for anew, with all its attempts before it. */
export function renewed(delivery: Delivery, now: number): Delivery {
  return {
    ...delivery,
    attempts: withInterrupted(delivery, now),
    state: { status: 'pending', dueAt: now, tries: 0 },
  };
}

/** Seconds to wait after the attempt of this number, from 1. `random` is in [0, 1). */
export function waitSeconds(tries: number, random: number): number {
  const seconds = Math.min(waitSecondsFirst * waitFactor ** (tries - 1), waitSecondsMax);
  return seconds * (1 - jitter + 2 * jitter * random);
}

/** What an attempt comes to: only 2xx is success; what may pass is tried again, what the receiver refuses is not. */
export function verdictOf(answer: Answer): 'delivered' | 'retry' | 'failed' {
  switch (answer.outcome) {
    case 'answered':
      if (answer.status >= 200 && answer.status < 300) return 'delivered';
      return answer.status === 408 || answer.status === 429 || answer.status >= 500 ? 'retry' : 'failed';
    case 'unreachable':
      return 'retry';
    case 'forbidden':
      return 'failed';
  }
}

/** Why an attempt did not succeed, in words. */
export function reasonOf(answer: Answer): string {
  if (answer.outcome !== 'answered') return answer.reason;
  const { status } = answer;
  return status >= 300 && status < 400
    ? `the receiver answered ${status}, and redirects are not followed`
    : `the receiver answered ${status}`;
}

/** What `Retry-After` asks for: seconds, or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function askedSeconds(retryAfter = '', now: number): number {
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? 0 : Math.max(0, (date - now) / 1000);
}

/** An attempt whose worker was never heard of again is one, too. */
function withInterrupted({ attempts, state }: Delivery, now: number): readonly Attempt[] {
  if (state.status !== 'pending' || state.sendingSince === undefined) return attempts;
  const at = state.sendingSince;
  return kept([...attempts, { at, error: 'the sender stopped before the end', milliseconds: now - at }]);
}

function kept(attempts: readonly Attempt[]): readonly Attempt[] {
  return attempts.slice(-attemptsKept);
}
