import { describe, expect, test } from 'vitest';
import { xoshiro128 } from '../stats/index.ts';
import { rateEvidence, type Rates } from './rate-evidence.ts';
import { scoreEvidence } from './score-evidence.ts';

const alpha = 0.2;

describe('evidence that events are more frequent', () => {
  test('reaches 1/alpha with a chance of at most alpha, however often it is looked at and how the rate changes', () => {
    const runs = 2_000;
    for (const [ratio, share] of [
      [1, 0.05],
      [1, 0.5],
      [2, 0.5],
    ] as const) {
      let wrong = 0;
      for (let seed = 1; seed <= runs; seed++) {
        const random = xoshiro128([seed, 5, 6, 7]);
        const stretches: Rates[] = [];
        let isWrong = false;
        for (let at = 0; at < 30 && !isWrong; at++) {
          // Bad hours come for both versions alike.
          const rate = at % 10 < 3 ? 0.3 : 0.01;
          const sides = { stable: { events: 0, calls: 0 }, canary: { events: 0, calls: 0 } };
          for (let call = 0; call < 100; call++) {
            const isCanary = random() / 2 ** 32 < share;
            const side = isCanary ? sides.canary : sides.stable;
            side.calls++;
            if (random() / 2 ** 32 < (isCanary ? ratio * rate : rate)) side.events++;
          }
          stretches.push(sides);
          isWrong = rateEvidence(stretches, ratio) >= 1 / alpha;
        }
        if (isWrong) wrong++;
      }
      expect(wrong).toBeLessThanOrEqual(alpha * runs);
      // It is no test that never says anything.
      expect(wrong).toBeGreaterThan(0);
    }
  }, 60_000);

  test('has at any count an expectation of at most 1, by its exact sum over all outcomes', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
    for (const [c, s, p, ratio] of [
      [3, 9, 0.2, 1],
      [8, 8, 0.5, 1],
      [6, 10, 0.4, 2],
      [10, 2, 0.01, 3],
    ] as const) {
      let expectation = 0;
      for (let x = 0; x <= c; x++)
        for (let y = 0; y <= s; y++) {
          const q = Math.min(1, ratio * p);
          const chance =
            choose(c, x) * q ** x * (1 - q) ** (c - x) * choose(s, y) * p ** y * (1 - p) ** (s - y);
          const rates = { canary: { events: x, calls: c }, stable: { events: y, calls: s } };
          expectation += chance * rateEvidence([rates], ratio);
        }
      expect(expectation).toBeLessThanOrEqual(1 + 1e-12);
      expect(expectation).toBeGreaterThan(0.05);
    }
  });

  test('is 1 where nothing happened, falls where the stable version is worse, and is bounded', () => {
    const rates = (x: number, y: number) => ({
      canary: { events: x, calls: 500 },
      stable: { events: y, calls: 500 },
    });
    expect(rateEvidence([], 1)).toBe(1);
    expect(rateEvidence([rates(0, 0)], 1)).toBe(1);
    expect(rateEvidence([rates(10, 50)], 1)).toBeLessThan(0.1);
    expect(rateEvidence([rates(50, 10)], 1)).toBeGreaterThan(1_000);
    expect(rateEvidence([rates(500, 0)], 1)).toBe(1e12);
    expect(
      rateEvidence([{ canary: { events: 5, calls: 5 }, stable: { events: 0, calls: 0 } }], 1),
    ).toBeCloseTo(1);
  });
});

describe('evidence that scores come from another distribution', () => {
  test('reaches 1/alpha with a chance of at most alpha, looked at after each ten scores', () => {
    const runs = 2_000;
    let wrong = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const random = xoshiro128([seed, 8, 9, 10]);
      const stable = [0, 0, 0];
      const canary = [0, 0, 0];
      let isWrong = false;
      for (let n = 1; n <= 600 && !isWrong; n++) {
        const side = random() / 2 ** 32 < 0.3 ? canary : stable;
        const group = Math.floor((random() / 2 ** 32) ** 2 * 3);
        side[group] = (side[group] ?? 0) + 1;
        isWrong = n % 10 === 0 && scoreEvidence(stable, canary) >= 1 / alpha;
      }
      if (isWrong) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(alpha * runs);
  });

  test('follows from the counts by its formula, and grows with the difference', () => {
    // Two groups and one score each: mixtures 1/2 · 1/2 over the likelihood 1/2 · 1/2 of the common shares.
    expect(scoreEvidence([1, 0], [0, 1])).toBeCloseTo(1);
    // Mixtures 3/8 · 3/8 over (1/2)^4.
    expect(scoreEvidence([2, 0], [0, 2])).toBeCloseTo(2.25);
    expect(scoreEvidence([100, 100], [100, 100])).toBeLessThan(0.1);
    expect(scoreEvidence([150, 50], [50, 150])).toBeGreaterThan(1e9);
  });
});
