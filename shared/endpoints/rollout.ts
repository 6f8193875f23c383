import type { Pinned } from './deployment.ts';

/** How a new version takes over: its share grows step by step while guards compare it with the stable one. */
export type RolloutPolicy = {
  /** Percent of the deployment's calls that the new version gets at each step, growing; the last is 100. */
  readonly plan: readonly number[];
  /** Seconds that each step lasts at least. */
  readonly holdSeconds: number;
  readonly guards: Guards;
};

/** When a rollout is broken off. Both versions need `requestsMin` calls in the window before anything is judged. */
export type Guards = {
  readonly requestsMin: number;
  /** Chance that a new version as good as the stable one is broken off, over the whole rollout. */
  readonly alpha: number;
  /** The new version may fail this many times as often. */
  readonly errorRatioMax: number;
  /** Its 95th percentile may be this many times the stable one's. */
  readonly latencyRatioMax: number;
  /** Jensen-Shannon distance (base 2, 0 to 1) of its scores from the stable one's; `null`: not compared. */
  readonly scoreDistanceMax: number | null;
};

export const rolloutPolicyDefault: RolloutPolicy = {
  plan: [1, 5, 25, 50, 100],
  holdSeconds: 300,
  guards: { requestsMin: 200, alpha: 0.01, errorRatioMax: 1, latencyRatioMax: 1.5, scoreDistanceMax: 0.3 },
};

/** A new version at once: for those who try things out, and where nobody calls. */
export const atOnce: RolloutPolicy = { ...rolloutPolicyDefault, plan: [100] };

/** A rollout under way. Only the timer moves it on, and whoever is asked by name to end it. */
export type Rollout = {
  /** Names the rollout for good: whatever is done in its name is done once. */
  readonly id: string;
  readonly from: Pinned;
  readonly to: Pinned;
  /** The policy as it was when the rollout began. */
  readonly policy: RolloutPolicy;
  /** Index into the plan. */
  readonly step: number;
  /** When this step began, milliseconds since 1970. */
  readonly since: number;
  readonly startedAt: number;
  /** What was found when it was last looked at. */
  readonly judged?: Judgement;
};

export type Judgement = {
  readonly at: number;
  /** `waiting`: too few calls, or too short a time; `passing`: nothing speaks against it. */
  readonly verdict: 'waiting' | 'passing' | 'breached';
  /** One sentence for people. */
  readonly says: string;
  readonly requests: { readonly stable: number; readonly canary: number };
  readonly guards: readonly GuardResult[];
};

export type GuardResult = {
  readonly guard: 'errors' | 'latency' | 'non-finite' | 'scores';
  readonly breached: boolean;
  readonly stable: number | null;
  readonly canary: number | null;
  /** What was compared against: the most that `canary` may be. */
  readonly limit: number | null;
  /** Evidence that the canary is worse than that: a breach where it reaches `evidenceLimit`. */
  readonly evidence: number;
  readonly evidenceLimit: number;
  /** Of the guard `errors`: what of these shares was refused as a mistake of the caller. */
  readonly refused?: { readonly stable: number | null; readonly canary: number | null };
};

export type EndedRollout = Pick<Rollout, 'id' | 'from' | 'to' | 'step' | 'startedAt' | 'judged'> & {
  readonly outcome: 'finished' | 'rolled-back' | 'stopped' | 'superseded';
  readonly reason: string;
  readonly endedAt: number;
};

/** What events tell of a rollout of a deployment. */
export function toldOfRollout(deployment: string, { id, from, to }: Pick<Rollout, 'id' | 'from' | 'to'>) {
  return {
    deployment,
    rolloutId: id,
    rolloutFrom: String(from.version),
    rolloutTo: String(to.version),
  };
}

/** What is remembered of a rollout that is over. */
export function endedRollout(
  { id, from, to, step, startedAt, judged }: Rollout,
  outcome: EndedRollout['outcome'],
  reason: string,
  endedAt: number,
): EndedRollout {
  return { id, from, to, step, startedAt, ...(judged ? { judged } : {}), outcome, reason, endedAt };
}

/** Percent of the deployment's calls that go to the version on its way in. */
export function canaryShare(rollout: Rollout | undefined): number {
  return rollout ? (rollout.policy.plan[rollout.step] ?? 0) : 0;
}
