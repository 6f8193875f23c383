import type { GuardResult, Rollout } from '../endpoints/index.ts';
import { jensenShannonDistance } from '../stats/index.ts';
import {
  addCounts,
  bucketAt,
  bucketStart,
  latencyAt,
  latencyBucket,
  mergeCounts,
  requestsOf,
  slowerThan,
  type Summary,
  totalOf,
} from '../summaries/index.ts';
import { rateEvidence, type Rates } from './rate-evidence.ts';
import { scoreEvidence } from './score-evidence.ts';
import { grouped, type Groups, groupsOf } from './score-groups.ts';

/** What both versions did in the same minute. */
export type Pair = { readonly stable: Summary; readonly canary: Summary };

/** Steps at which both versions answer, and so are compared. */
export function stepsOf({ policy }: Rollout): number {
  return policy.plan.filter((share) => share < 100).length;
}

/** Whether the version takes over when this step has been passed. */
export function isLastStep(rollout: Rollout): boolean {
  return rollout.step + 1 >= stepsOf(rollout);
}

/**
 * The evidence at which a guard is breached. The chance of a wrong breach is shared out over all guards and steps alike,
 * so that it holds for the rollout as a whole.
 */
export function evidenceLimit(rollout: Rollout): number {
  const { alpha, scoreDistanceMax } = rollout.policy.guards;
  const guards = scoreDistanceMax === null ? 3 : 4;
  return (guards * Math.max(1, stepsOf(rollout))) / alpha;
}

/**
 * Calls that were not answered, whoever is to blame. What callers do wrong comes to both versions alike, since it is
 * drawn who answers, and only rates are compared; where the canary refuses what the stable version takes, it is the
 * canary that has changed.
 */
export function errorGuard(rollout: Rollout, pairs: readonly Pair[]): GuardResult {
  const failed = (side: Summary) => ({
    events: requestsOf(side) - side.calls['2xx'],
    calls: requestsOf(side),
  });
  const refused = ratesOf(pairs, (side) => ({ events: side.calls['4xx'], calls: requestsOf(side) }));
  return {
    ...rateGuard(rollout, 'errors', pairs, failed),
    refused: { stable: rateIn(refused, 'stable'), canary: rateIn(refused, 'canary') },
  };
}

/** Answers with NaN or an infinity. */
export function nonFiniteGuard(rollout: Rollout, pairs: readonly Pair[]): GuardResult {
  const nonFinite = (side: Summary) => ({ events: side.nonFinite, calls: side.calls['2xx'] });
  return rateGuard(rollout, 'non-finite', pairs, nonFinite);
}

function rateGuard(
  rollout: Rollout,
  guard: GuardResult['guard'],
  pairs: readonly Pair[],
  of: (side: Summary) => Rates['stable'],
): GuardResult {
  const ratio = rollout.policy.guards.errorRatioMax;
  const rates = ratesOf(pairs, of);
  const [stable, canary] = [rateIn(rates, 'stable'), rateIn(rates, 'canary')];
  return {
    guard,
    ...found(rollout, rateEvidence(rates, ratio)),
    stable,
    canary,
    limit: stable === null ? null : Math.min(1, stable * ratio),
  };
}

function ratesOf(pairs: readonly Pair[], of: (side: Summary) => Rates['stable']): Rates[] {
  return pairs.map(({ stable, canary }) => ({ stable: of(stable), canary: of(canary) }));
}

function rateIn(rates: readonly Rates[], side: keyof Rates): number | null {
  const sum = (of: 'events' | 'calls') => rates.reduce((all, each) => all + each[side][of], 0);
  return sum('calls') === 0 ? null : sum('events') / sum('calls');
}

/**
 * The 95th percentile of the canary may be `latencyRatioMax` times the stable one's. Slow is of the stable version what
 * takes longer than its 95th percentile up to the minute before, of the canary what takes that many times longer; a
 * canary at the limit is slow as often as the stable version. The mark is known before the minute it is used in, and
 * rounded up to the end of a bucket, at most 3.2 %.
 */
export function latencyGuard(rollout: Rollout, pairs: readonly Pair[]): GuardResult {
  const ratio = rollout.policy.guards.latencyRatioMax;
  const rates: Rates[] = [];
  const before = new Map<number, number>();
  for (const { stable, canary } of pairs) {
    const mark = bucketAt(before, 0.95);
    addCounts(before, stable.latency);
    if (mark === undefined) continue;
    const canaryMark = latencyBucket((bucketStart(mark + 1) - 1) * ratio);
    rates.push({
      stable: { events: slowerThan(stable.latency, mark), calls: totalOf(stable.latency) },
      canary: { events: slowerThan(canary.latency, canaryMark), calls: totalOf(canary.latency) },
    });
  }
  const p95 = (side: keyof Pair) => latencyAt(sumOf(pairs, side, 'latency'), 0.95);
  const [stable, canary] = [p95('stable'), p95('canary')];
  return {
    guard: 'latency',
    ...found(rollout, rateEvidence(rates, 1)),
    stable: stable === undefined ? null : stable / 1000,
    canary: canary === undefined ? null : canary / 1000,
    limit: stable === undefined ? null : (stable * ratio) / 1000,
  };
}

/**
 * Scores that are farther from the stable version's than is allowed, and surely so. The groups they are compared in are
 * made of the stable version's first scores, and what came up to then is not compared.
 */
export function scoreGuard(rollout: Rollout, pairs: readonly Pair[]): GuardResult | undefined {
  const { scoreDistanceMax: limit, requestsMin } = rollout.policy.guards;
  if (limit === null) return undefined;
  let seen = 0;
  const first = pairs.findIndex(({ stable }) => (seen += totalOf(stable.scores)) >= requestsMin);
  const nothing: GuardResult = {
    guard: 'scores',
    ...found(rollout, 1),
    stable: null,
    canary: null,
    limit,
  };
  if (first < 0) return nothing;
  const groups: Groups = groupsOf(sumOf(pairs.slice(0, first + 1), 'stable', 'scores'));
  const later = pairs.slice(first + 1);
  const stable = grouped(groups, sumOf(later, 'stable', 'scores'));
  const canary = grouped(groups, sumOf(later, 'canary', 'scores'));
  if (!stable.some((count) => count > 0) || !canary.some((count) => count > 0)) return nothing;
  const distance = jensenShannonDistance(stable, canary);
  const { breached, ...evidence } = found(rollout, scoreEvidence(stable, canary));
  return {
    guard: 'scores',
    ...evidence,
    breached: breached && distance > limit,
    stable: 0,
    canary: distance,
    limit,
  };
}

function found(
  rollout: Rollout,
  evidence: number,
): Pick<GuardResult, 'breached' | 'evidence' | 'evidenceLimit'> {
  const limit = evidenceLimit(rollout);
  return { breached: evidence >= limit, evidence, evidenceLimit: limit };
}

function sumOf(pairs: readonly Pair[], side: keyof Pair, of: 'latency' | 'scores') {
  return mergeCounts(pairs.map((pair) => pair[side][of]));
}
