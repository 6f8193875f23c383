import { describe, expect, test } from 'vitest';
import { rolloutPolicyDefault } from '../endpoints/index.ts';
import { xoshiro128 } from '../stats/index.ts';
import { classBin, emptyTally, type Summary, valueBin } from '../summaries/index.ts';
import { judge } from './judge.ts';
import { type Behaviour, newRollout, simulated, steady } from './testing.ts';

const minute = 60_000;
const seeded = (seed: number) => xoshiro128([seed, 2, 3, 4]);

describe('a rollout to a version that is as good', () => {
  test('is broken off no oftener than alpha says, looked at every minute, with all guards together', () => {
    const alpha = 0.1;
    const runs = 2_000;
    const outcomes = { finished: 0, 'broken-off': 0, held: 0 };
    for (let seed = 1; seed <= runs; seed++) {
      const { outcome } = simulated({
        random: seeded(seed),
        stable: steady,
        canary: steady,
        callsPerMinute: 100,
        policy: { plan: [10, 50, 100], holdSeconds: 300 },
        guards: { alpha, requestsMin: 30 },
      });
      outcomes[outcome]++;
    }
    expect(outcomes.held).toBe(0);
    expect(outcomes['broken-off']).toBeLessThanOrEqual(alpha * runs);
    expect(outcomes.finished).toBeGreaterThan(0.95 * runs);
  }, 120_000);

  test('is broken off no oftener where it is allowed to be twice as bad and is', () => {
    const runs = 200;
    const alpha = 0.1;
    let wrong = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const { outcome } = simulated({
        random: seeded(seed),
        stable: { ...steady, errorRate: 0.05 },
        canary: { ...steady, errorRate: 0.1, medianMicros: 3_000 },
        callsPerMinute: 300,
        policy: { plan: [50, 100], holdSeconds: 600 },
        guards: { alpha, requestsMin: 50, errorRatioMax: 2, latencyRatioMax: 1.5 },
      });
      if (outcome === 'broken-off') wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(alpha * runs);
  }, 120_000);
});

describe('mistakes of callers', () => {
  const asked = (seed: number, canary: Partial<Behaviour>) =>
    simulated({
      random: seeded(seed),
      stable: { ...steady, refusalRate: 0.4 },
      canary: { ...steady, refusalRate: 0.4, ...canary },
      callsPerMinute: 200,
      policy: { plan: [50, 100], holdSeconds: 600 },
      guards: { alpha: 0.1, requestsMin: 50 },
    });

  test('that come to both versions alike break off no rollout, as many as they are', () => {
    const runs = 200;
    let wrong = 0;
    for (let seed = 1; seed <= runs; seed++) if (asked(seed, {}).outcome !== 'finished') wrong++;
    expect(wrong).toBeLessThanOrEqual(0.1 * runs);
  }, 60_000);

  test('that only the new version takes for such break it off, and the judgement says what they are', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { outcome, judged } = asked(seed, { refusalRate: 0.7 });
      expect(outcome).toBe('broken-off');
      const guard = judged.guards.find(({ breached }) => breached);
      expect(guard?.guard).toBe('errors');
      expect(guard?.refused?.stable).toBeCloseTo(0.4, 0);
      expect(guard?.refused?.canary).toBeGreaterThan(0.5);
      expect(judged.says).toMatch(
        / Refused as mistakes of callers, which come to both versions alike, are \d.* %/,
      );
    }
  }, 60_000);
});

/** Calls of the new version within which 19 of 20 rollouts to it have been broken off, and by which guards. */
function foundAfter(canary: Partial<Behaviour>, share: number) {
  const healthy = { ...steady, errorRate: 0.01, nonFiniteRate: 0.001 };
  const calls: number[] = [];
  const guards = new Set<string | undefined>();
  const runs = 40;
  for (let seed = 1; seed <= runs; seed++) {
    const { outcome, judged, canaryCalls } = simulated({
      random: seeded(seed + 10_000),
      stable: healthy,
      canary: { ...healthy, ...canary },
      // A hundred of the new version.
      callsPerMinute: 10_000 / share,
      policy: { plan: [share, 100], holdSeconds: 80_000 },
    });
    expect(outcome).toBe('broken-off');
    calls.push(canaryCalls);
    guards.add(judged.guards.find(({ breached }) => breached)?.guard);
  }
  return { calls: calls.toSorted((a, b) => a - b)[Math.floor(runs * 0.95)] ?? 0, guards: [...guards] };
}

describe('a rollout to a worse version is broken off, at alpha 0.01 and the default guards', () => {
  test.each([
    ['that fails 10 % of its calls, not 1 %', { errorRate: 0.1 }, 'errors', [400, 600]],
    ['that fails 3 % of its calls, not 1 %', { errorRate: 0.03 }, 'errors', [2_500, 4_500]],
    [
      'that takes twice as long, where 1.5 times is allowed',
      { medianMicros: 4_000 },
      'latency',
      [600, 1_400],
    ],
    ['with NaN in 2 % of its answers, not 0.1 %', { nonFiniteRate: 0.02 }, 'non-finite', [1_000, 2_500]],
    ['whose scores are a standard deviation higher', { scoreMean: 11 }, 'scores', [400, 700]],
  ] as const)(
    'one %s',
    (_, canary, guard, [callsAt5Percent, callsAt50Percent]) => {
      const early = foundAfter(canary, 5);
      const late = foundAfter(canary, 50);
      expect({ early: early.guards, late: late.guards }).toEqual({ early: [guard], late: [guard] });
      expect(early.calls).toBeLessThanOrEqual(callsAt5Percent);
      expect(late.calls).toBeLessThanOrEqual(callsAt50Percent);
    },
    60_000,
  );
});

describe('a look at a step', () => {
  const policy = { ...rolloutPolicyDefault, holdSeconds: 300 };
  const rollout = newRollout(policy);
  const { since } = rollout;
  const summary = (variant: 'stable' | 'canary', at: number, more: Partial<Summary> = {}): Summary => ({
    ...emptyTally({ deployment: 'main', variant, ...(variant === 'stable' ? rollout.from : rollout.to) }, at),
    calls: { '2xx': 100, '4xx': 0, '429': 0, '500': 0, '504': 0 },
    latency: new Map([[300, 100]]),
    scores: new Map([[classBin('a'), 100]]),
    ...more,
  });
  const minutes = (count: number, canary: Partial<Summary> = {}) =>
    Array.from({ length: count }, (_, i) => [
      summary('stable', since + i * minute),
      summary('canary', since + i * minute, canary),
    ]).flat();
  const look = (summaries: readonly Summary[], now = since + 10 * minute, unusable?: string) =>
    judge(rollout, { deployment: 'main', summaries, now, unusable });

  test('waits for as many calls of either version as the policy says, whatever they are', () => {
    const failing = { calls: { '2xx': 0, '4xx': 0, '429': 0, '500': 199, '504': 0 } };
    const few = [
      ...minutes(1, failing).slice(1),
      summary('stable', since),
      summary('stable', since + minute),
    ];
    expect(look(few)).toMatchObject({
      verdict: 'waiting',
      requests: { stable: 200, canary: 199 },
      says: 'Step 1 of 4 (1 %): version 2 has had 199 calls, and version 1 has had 200; nothing is judged below 200 of each.',
    });
    const enough = [...few, summary('canary', since + minute, { calls: { ...failing.calls, '500': 1 } })];
    expect(look(enough)).toMatchObject({
      verdict: 'breached',
      says: 'Step 1 of 4 (1 %): 100 % of the calls of version 2 fail, against 0 % of those of version 1; as much is allowed.',
    });
  });

  test('holds a step that nothing speaks against until it has lasted long enough, and then passes it', () => {
    expect(look(minutes(4), since + 299_999)).toMatchObject({
      verdict: 'waiting',
      requests: { canary: 400 },
      says: 'Step 1 of 4 (1 %): nothing speaks against version 2 after 400 calls, and 400 of version 1; the step lasts until 2026-09-21 14:18 UTC at least.',
    });
    const passed = look(minutes(4), since + 300_000);
    expect(passed).toMatchObject({
      verdict: 'passing',
      says: 'Step 1 of 4 (1 %): nothing speaks against version 2 after 400 calls, and 400 of version 1; it goes on to 5 %.',
    });
    expect(passed.guards.map(({ guard }) => guard)).toEqual(['errors', 'latency', 'non-finite', 'scores']);
  });

  test('holds a step, however long it has lasted, until latencies and scores are compared over as many calls', () => {
    const worse = { scores: new Map([[classBin('b'), 100]]) };
    for (const few of [minutes(2), minutes(2, worse), minutes(3)])
      expect(look(few, since + 1_000 * minute).verdict).toBe('waiting');
    expect(look(minutes(3), since + 1_000 * minute).says).toBe(
      'Step 1 of 4 (1 %): nothing speaks against version 2 after 300 calls, and 300 of version 1; latencies and scores are compared over 100 calls of version 2 and 100 of version 1 so far, and the step is held until it is 200 of each.',
    );
    expect(look(minutes(4, worse), since + 1_000 * minute).verdict).toBe('breached');
  });

  test('counts refusals of callers as failures, since a version that needs other inputs refuses all of them', () => {
    const refusing = { calls: { '2xx': 0, '4xx': 100, '429': 0, '500': 0, '504': 0 } };
    expect(look(minutes(3, refusing)).verdict).toBe('breached');
  });

  test('compares classes as they are, and does not where the policy compares no scores', () => {
    const other = { scores: new Map([[classBin('b'), 100]]) };
    const found = look(minutes(6, other));
    expect(found.verdict).toBe('breached');
    expect(found.guards.find(({ guard }) => guard === 'scores')).toMatchObject({ canary: 1, limit: 0.3 });
    const blind = newRollout({ ...policy, guards: { ...policy.guards, scoreDistanceMax: null } });
    const unseen = judge(blind, {
      deployment: 'main',
      summaries: minutes(6, other),
      now: since + 10 * minute,
    });
    expect(unseen.verdict).toBe('passing');
  });

  test('sees that a score which most answers have is another one, be it more or less', () => {
    const scored = (...values: [number, number][]) => ({
      scores: new Map(values.map(([value, count]) => [valueBin(value), count])),
    });
    const stable = scored([0.5, 90], [0.9, 10]);
    const verdictOn = (canary: Partial<Summary>) =>
      look(minutes(4, canary).map((each) => (each.variant === 'stable' ? { ...each, ...stable } : each)))
        .verdict;
    expect(verdictOn(stable)).toBe('passing');
    for (const moved of [0.3, 0.7, -0.5, 0])
      expect(verdictOn(scored([moved, 90], [0.9, 10]))).toBe('breached');
  });

  test('holds a step while the new version has answered nothing, though all calls of the other fail as well', () => {
    const failing = { calls: { '2xx': 0, '4xx': 100, '429': 0, '500': 0, '504': 0 }, latency: new Map() };
    const held = minutes(6).map((each) => ({ ...each, ...failing }));
    expect(look(held)).toMatchObject({
      verdict: 'waiting',
      says: 'Step 1 of 4 (1 %): version 2 has answered none of 600 calls, and is no worse than version 1 in 600; the step is held until it has answered some.',
    });
    expect(look([...held, summary('canary', since + 7 * minute)]).verdict).toBe('passing');
  });

  test('takes nothing into account but these two versions, in this deployment, since the step began', () => {
    const failing = { calls: { '2xx': 0, '4xx': 0, '429': 0, '500': 1000, '504': 0 } };
    const others = [
      summary('canary', since - 1, failing),
      { ...summary('canary', since, failing), deployment: 'other' },
      { ...summary('canary', since, failing), version: 7 },
      { ...summary('canary', since, failing), digest: 'sha256:other' },
      { ...summary('canary', since, failing), variant: 'mirror' as const },
    ];
    expect(look([...others, ...minutes(4)])).toEqual(look(minutes(4)));
  });

  test('breaks off at once what can never answer', () => {
    expect(look([], since + 1, 'Version 2 was deleted.')).toMatchObject({
      verdict: 'breached',
      says: 'Version 2 cannot answer: Version 2 was deleted.',
    });
  });
});
