import type { GuardResult, Judgement, Rollout } from '../endpoints/index.ts';
import { type Answered, emptyTally, mergeSummaries, requestsOf, type Summary } from '../summaries/index.ts';
import { errorGuard, isLastStep, latencyGuard, nonFiniteGuard, type Pair, scoreGuard } from './guards.ts';
import {
  breachText,
  heldText,
  missingText,
  passedText,
  reasonText,
  unansweredText,
  uncomparedText,
} from './judgement-text.ts';

const minute = 60_000;

export type Observed = {
  /** Name of the deployment. */
  readonly deployment: string;
  /** What was counted since the step began, in minutes that are over. */
  readonly summaries: readonly Summary[];
  readonly now: number;
  /** Why the new version cannot answer at all, where it is so. */
  readonly unusable?: string | undefined;
};

/**
 * What is to be thought of a rollout at its present step, by what was counted of both versions since the step began, and
 * by nothing else. A breach needs as many calls as everything; it does not wait for the step to have lasted long enough.
 * A step is not passed before as many calls of both have come after those that latencies and scores are measured by,
 * nor where the new version has answered none, though all calls of the other fail as well.
 */
export function judge(rollout: Rollout, observed: Observed): Judgement {
  const { policy, since } = rollout;
  const { now, unusable } = observed;
  const pairs = pairsOf(rollout, observed);
  const requests = requestsIn(pairs);
  const judged = (
    verdict: Judgement['verdict'],
    says: string,
    guards: readonly GuardResult[],
  ): Judgement => ({
    at: now,
    verdict,
    says,
    requests,
    guards,
  });
  if (unusable !== undefined) return judged('breached', reasonText(rollout, unusable), []);
  const { requestsMin } = policy.guards;
  if (requests.stable < requestsMin || requests.canary < requestsMin)
    return judged('waiting', missingText(rollout, requests), []);
  const guards = [errorGuard, latencyGuard, nonFiniteGuard, scoreGuard].flatMap(
    (guard) => guard(rollout, pairs) ?? [],
  );
  const breached = guards.find((guard) => guard.breached);
  if (breached) return judged('breached', breachText(rollout, breached), guards);
  if (pairs.every(({ canary }) => canary.calls['2xx'] === 0))
    return judged('waiting', unansweredText(rollout, requests), guards);
  const until = since + policy.holdSeconds * 1000;
  if (now < until) return judged('waiting', heldText(rollout, requests, until), guards);
  const compared = requestsIn(pairs.slice(measuring(pairs, requestsMin)));
  if (compared.stable < requestsMin || compared.canary < requestsMin)
    return judged('waiting', uncomparedText(rollout, requests, compared), guards);
  return judged('passing', passedText(rollout, requests, isLastStep(rollout)), guards);
}

/** The first minutes, by which latencies and scores are measured: up to when the stable version has had enough calls. */
function measuring(pairs: readonly Pair[], requestsMin: number): number {
  let seen = 0;
  return pairs.findIndex(({ stable }) => (seen += requestsOf(stable)) >= requestsMin) + 1;
}

function requestsIn(pairs: readonly Pair[]): Judgement['requests'] {
  return {
    stable: pairs.reduce((sum, { stable }) => sum + requestsOf(stable), 0),
    canary: pairs.reduce((sum, { canary }) => sum + requestsOf(canary), 0),
  };
}

/** Both versions minute by minute. */
function pairsOf({ from, to, since }: Rollout, { deployment, summaries }: Observed): Pair[] {
  const stable: Answered = { deployment, variant: 'stable', ...from };
  const canary: Answered = { deployment, variant: 'canary', ...to };
  const pairs = new Map<number, { stable?: Summary; canary?: Summary }>();
  const counted = summaries.filter(({ at }) => at >= since);
  for (const summary of mergeSummaries(counted, minute)) {
    const side = (isBy(summary, stable) && 'stable') || (isBy(summary, canary) && 'canary');
    if (!side) continue;
    const at = Math.floor(summary.at / minute);
    pairs.set(at, { ...pairs.get(at), [side]: summary });
  }
  return [...pairs]
    .toSorted(([a], [b]) => a - b)
    .map(([at, pair]) => ({
      stable: pair.stable ?? emptyTally(stable, at * minute),
      canary: pair.canary ?? emptyTally(canary, at * minute),
    }));
}

function isBy(summary: Summary, { deployment, variant, version, digest }: Answered): boolean {
  return (
    summary.deployment === deployment &&
    summary.variant === variant &&
    summary.version === version &&
    summary.digest === digest
  );
}
