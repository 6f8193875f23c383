import { type Judgement, type Rollout, rolloutPolicyDefault } from '../endpoints/index.ts';
import type { Random32 } from '../stats/index.ts';
import { emptyTally, latencyBucket, type Summary, valueBin } from '../summaries/index.ts';
import { isLastStep } from './guards.ts';
import { judge } from './judge.ts';

/** How a version behaves, for tests. */
export type Behaviour = {
  readonly errorRate: number;
  /** Of calls that are refused as mistakes of the caller, before any other fails. */
  readonly refusalRate?: number;
  readonly nonFiniteRate: number;
  /** Of the lognormal latency. */
  readonly medianMicros: number;
  /** Of the normal scores. */
  readonly scoreMean: number;
};

export const steady: Behaviour = {
  errorRate: 0.02,
  nonFiniteRate: 0.01,
  medianMicros: 2_000,
  scoreMean: 10,
};

export type Simulation = {
  readonly random: Random32;
  readonly stable: Behaviour;
  readonly canary: Behaviour;
  readonly callsPerMinute: number;
  readonly policy?: Partial<Rollout['policy']>;
  readonly guards?: Partial<Rollout['policy']['guards']>;
};

export type Ended = {
  readonly outcome: 'finished' | 'broken-off' | 'held';
  readonly judged: Judgement;
  readonly step: number;
  /** Calls of the canary at the last step. */
  readonly canaryCalls: number;
};

const minute = 60_000;
const minutesMax = 24 * 60;
const began = 1_790_000_000_000 - (1_790_000_000_000 % minute);

/** A rollout as it would go, looked at every minute. */
export function simulated({ random, stable, canary, callsPerMinute, policy, guards }: Simulation): Ended {
  let rollout = newRollout({
    ...rolloutPolicyDefault,
    ...policy,
    guards: { ...rolloutPolicyDefault.guards, ...guards },
  });
  let summaries: Summary[] = [];
  let judged: Judgement | undefined;
  for (let now = began + minute; now < began + minutesMax * minute; now += minute) {
    const share = (rollout.policy.plan[rollout.step] ?? 0) / 100;
    const calls = drawnBelow(random, callsPerMinute, share);
    const at = now - minute;
    summaries.push(
      counted(random, stable, { variant: 'stable', ...rollout.from, at, calls: callsPerMinute - calls }),
      counted(random, canary, { variant: 'canary', ...rollout.to, at, calls }),
    );
    judged = judge(rollout, { deployment: 'main', summaries, now });
    const seen = { judged, step: rollout.step, canaryCalls: judged.requests.canary };
    if (judged.verdict === 'breached') return { outcome: 'broken-off', ...seen };
    if (judged.verdict === 'waiting') continue;
    if (isLastStep(rollout)) return { outcome: 'finished', ...seen };
    rollout = { ...rollout, step: rollout.step + 1, since: now };
    summaries = [];
  }
  if (!judged) throw new Error('A simulation of no minutes.');
  return { outcome: 'held', judged, step: rollout.step, canaryCalls: judged.requests.canary };
}

export function newRollout(policy: Rollout['policy'] = rolloutPolicyDefault): Rollout {
  return {
    id: '0123456789abcdef',
    from: { version: 1, digest: 'sha256:one' },
    to: { version: 2, digest: 'sha256:two' },
    policy,
    step: 0,
    since: began,
    startedAt: began,
  };
}

type Counted = Pick<Summary, 'variant' | 'version' | 'digest' | 'at'> & { readonly calls: number };

/** What a version would be seen to have done in a minute. */
export function counted(
  random: Random32,
  { errorRate, refusalRate = 0, nonFiniteRate, medianMicros, scoreMean }: Behaviour,
  { at, calls, ...by }: Counted,
): Summary {
  const tally = emptyTally({ deployment: 'main', ...by }, at);
  for (let i = 0; i < calls; i++) {
    if (refusalRate > 0 && uniform(random) < refusalRate) {
      tally.calls['4xx']++;
      continue;
    }
    if (uniform(random) < errorRate) {
      tally.calls['500']++;
      continue;
    }
    tally.calls['2xx']++;
    if (uniform(random) < nonFiniteRate) tally.nonFinite++;
    const [a, b] = normals(random);
    add(tally.latency, latencyBucket(medianMicros * Math.exp(0.5 * a)));
    add(tally.scores, valueBin(scoreMean + b));
  }
  return tally;
}

function add(counts: Map<number, number>, bin: number): void {
  counts.set(bin, (counts.get(bin) ?? 0) + 1);
}

function drawnBelow(random: Random32, count: number, share: number): number {
  let below = 0;
  for (let i = 0; i < count; i++) if (uniform(random) < share) below++;
  return below;
}

function uniform(random: Random32): number {
  return random() / 2 ** 32;
}

/** Box and Muller, Annals of Mathematical Statistics 29, 1958. */
function normals(random: Random32): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(random)));
  const angle = 2 * Math.PI * uniform(random);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
