import type { GuardResult, Rollout } from '../endpoints/index.ts';
import { stepsOf } from './guards.ts';

/*
 * What was found of a rollout, in one sentence for people.
 */

type Requests = { readonly stable: number; readonly canary: number };

export function missingText(rollout: Rollout, requests: Requests): string {
  const { to, from, policy } = rollout;
  return `${stepText(rollout)}: version ${to.version} has had ${calls(requests.canary)}, and version ${from.version} has had ${count(requests.stable)}; nothing is judged below ${count(policy.guards.requestsMin)} of each.`;
}

export function heldText(rollout: Rollout, requests: Requests, until: number): string {
  return `${againstNothing(rollout, requests)}; the step lasts until ${minute(until)} at least.`;
}

/** It is no worse than the version before it, and nobody has seen that it can answer. */
export function unansweredText(rollout: Rollout, requests: Requests): string {
  const { to, from } = rollout;
  return `${stepText(rollout)}: version ${to.version} has answered none of ${calls(requests.canary)}, and is no worse than version ${from.version} in ${count(requests.stable)}; the step is held until it has answered some.`;
}

/** Nothing is wrong, and too little was compared to say that nothing is. */
export function uncomparedText(rollout: Rollout, requests: Requests, compared: Requests): string {
  const { from, to, policy } = rollout;
  return `${againstNothing(rollout, requests)}; latencies and scores are compared over ${calls(compared.canary)} of version ${to.version} and ${count(compared.stable)} of version ${from.version} so far, and the step is held until it is ${count(policy.guards.requestsMin)} of each.`;
}

export function passedText(rollout: Rollout, requests: Requests, isLast: boolean): string {
  const next = rollout.policy.plan[rollout.step + 1];
  return `${againstNothing(rollout, requests)}; it ${isLast ? 'takes over' : `goes on to ${next} %`}.`;
}

export function reasonText({ to }: Rollout, reason: string): string {
  return `Version ${to.version} cannot answer: ${reason}`;
}

export function breachText(rollout: Rollout, { guard, stable, canary, limit, refused }: GuardResult): string {
  const { from, to, policy } = rollout;
  const { errorRatioMax, latencyRatioMax } = policy.guards;
  const [now, before] = [`version ${to.version}`, `version ${from.version}`];
  switch (guard) {
    case 'errors':
      return `${stepText(rollout)}: ${percent(canary)} of the calls of ${now} fail, against ${percent(stable)} of those of ${before}; ${times(errorRatioMax)} is allowed.${refusedText(refused)}`;
    case 'non-finite':
      return `${stepText(rollout)}: ${percent(canary)} of the answers of ${now} hold NaN or an infinity, against ${percent(stable)} of those of ${before}; ${times(errorRatioMax)} is allowed.`;
    case 'latency':
      return `${stepText(rollout)}: ${now} takes up to ${milliseconds(canary)} for 95 % of its calls, ${before} up to ${milliseconds(stable)}; ${times(latencyRatioMax)} is allowed.`;
    case 'scores':
      return `${stepText(rollout)}: the scores of ${now} are ${number(canary)} from those of ${before} (Jensen-Shannon distance), of which ${number(limit)} is allowed.`;
  }
}

/** Says of failures that they are, in part, mistakes of callers, and why they count. */
function refusedText(refused: GuardResult['refused']): string {
  if (!refused?.canary) return '';
  return ` Refused as mistakes of callers, which come to both versions alike, are ${percent(refused.canary)} of the one's and ${percent(refused.stable)} of the other's.`;
}

function againstNothing(rollout: Rollout, requests: Requests): string {
  const { from, to } = rollout;
  return `${stepText(rollout)}: nothing speaks against version ${to.version} after ${calls(requests.canary)}, and ${count(requests.stable)} of version ${from.version}`;
}

function stepText(rollout: Rollout): string {
  const { step, policy } = rollout;
  return `Step ${step + 1} of ${stepsOf(rollout)} (${policy.plan[step]} %)`;
}

function calls(made: number): string {
  return made === 1 ? '1 call' : `${count(made)} calls`;
}

function count(whole: number): string {
  return whole.toLocaleString('en');
}

/** The first full minute that is not before `at`. */
function minute(at: number): string {
  const iso = new Date(Math.ceil(at / 60_000) * 60_000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function times(ratio: number): string {
  return ratio === 1 ? 'as much' : `${number(ratio)} times as much`;
}

function percent(rate: number | null): string {
  return rate === null ? 'none' : `${number(rate * 100)} %`;
}

function milliseconds(value: number | null): string {
  return value === null ? 'nothing' : `${number(value)} ms`;
}

function number(value: number | null): string {
  return value === null ? '-' : value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
