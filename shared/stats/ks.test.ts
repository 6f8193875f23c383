import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { histogram, ksOfCounts, ksTwoSample, quantileEdges } from './index.ts';
import { kolmogorovTail } from './kolmogorov.ts';
import { currentSample, referenceSample, relativeError } from './testing.ts';

const line = (n: number, from: number, to: number) =>
  Array.from({ length: n }, (_, at) => from + (at * (to - from)) / (n - 1));

const values = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 14 });

describe('two-sample Kolmogorov–Smirnov', () => {
  test.each([
    ['1 of 3 apart', [1.01, 2.01], [1, 2, 3], 1 / 3, 1],
    ['2 of 3 apart', [0.99, 1.99], [1, 2, 3], 2 / 3, 0.6],
    ['4 against 3', [1.01, 2.01], [1, 2, 3, 4], 1 / 2, 14 / 15],
    ['equal sizes, 100', line(100, 1, 100), line(100, 3.1, 102.1), 0.03, 0.9999999999962055],
    ['100 against 110', line(100, 1, 100), line(110, 21.1, 120.1), 232 / 1100, 0.015739183865607353],
  ])('gives what scipy publishes: %s', (_, a, b, statistic, p) => {
    const found = ksTwoSample(a, b);
    expect(found.statistic).toBeCloseTo(statistic, 14);
    expect(relativeError(found.pValue, p)).toBeLessThan(1e-12);
    expect(found.method).toBe('exact');
  });

  test('gives what scipy gives for 500 against 400 values, exact and asymptotic', () => {
    const [a, b] = [referenceSample(500), currentSample(400)];
    expect(ksTwoSample(a, b).statistic).toBeCloseTo(0.224, 14);
    expect(relativeError(ksTwoSample(a, b).pValue, 3.019688821544902e-10)).toBeLessThan(1e-12);
    const { pValue } = ksTwoSample(a, b, { method: 'asymptotic' });
    expect(relativeError(pValue, 2.8774378461748877e-10)).toBeLessThan(1e-12);
    const shifted = ksTwoSample(line(100, 1, 100), line(110, 21.1, 120.1), { method: 'asymptotic' });
    expect(relativeError(shifted.pValue, 0.016541419540219482)).toBeLessThan(1e-10);
  });

  test('keeps the digits of a very small exact p for 10,000 against 110 values', () => {
    const apart = 1 / (4 * 10_000 * 110);
    const found = ksTwoSample(line(10_000, 1 - apart, 200 - apart), line(110, 2, 100));
    expect(found).toMatchObject({ statistic: 0.5025, method: 'exact' });
    expect(relativeError(found.pValue, 6.263465662260858e-26)).toBeLessThan(1e-12);
  });

  test('turns to the asymptotic law above 10,000 values', () => {
    expect(ksTwoSample(referenceSample(10_000), currentSample(3)).method).toBe('exact');
    expect(ksTwoSample(referenceSample(10_001), currentSample(3)).method).toBe('asymptotic');
  });

  test('the exact p is the share of all ways to deal the pooled values that give such a D', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(100),
        (m, n, salt) => {
          const pooled = Array.from({ length: m + n }, (_, at) => at);
          const deals = subsets(pooled, m);
          const gap = (own: number[]) =>
            ksTwoSample(
              own,
              pooled.filter((x) => !own.includes(x)),
            ).statistic;
          const own = deals[salt % deals.length];
          const asLarge = deals.filter((deal) => gap(deal) >= gap(own) - 1e-12).length;
          const { pValue } = ksTwoSample(
            own,
            pooled.filter((x) => !own.includes(x)),
          );
          expect(pValue).toBeCloseTo(asLarge / deals.length, 12);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is symmetric, bounded, 0 with p = 1 against itself, and the same for any rising scale', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const found = ksTwoSample(a, b);
        expect(ksTwoSample(b, a)).toEqual(found);
        expect(found.statistic).toBeGreaterThanOrEqual(0);
        expect(found.statistic).toBeLessThanOrEqual(1);
        expect(found.pValue).toBeGreaterThan(0);
        expect(found.pValue).toBeLessThanOrEqual(1);
        expect(ksTwoSample(a, a)).toEqual({ statistic: 0, pValue: 1, method: 'exact' });
        expect(ksTwoSample(a.map(Math.exp), b.map(Math.exp))).toEqual(found);
      }),
    );
  });

  test('from counts is the same where each value has its own bin, and never larger where bins are wide', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const own = (sample: number[]) => histogram(sample, line(14, -0.5, 12.5)).counts;
        expect(ksOfCounts(own(a), own(b))).toEqual(ksTwoSample(a, b));
        const wide = (sample: number[]) => histogram(sample, [0, 4, 12]).counts;
        expect(ksOfCounts(wide(a), wide(b)).statistic).toBeLessThanOrEqual(ksTwoSample(a, b).statistic);
      }),
    );
    const edges = quantileEdges(referenceSample(5000), 256);
    const counts = (sample: number[]) => {
      const { counts: inside, below, above } = histogram(sample, edges);
      return [below, ...inside, above];
    };
    const [a, b] = [referenceSample(5000), currentSample(4000)];
    const gap = ksTwoSample(a, b).statistic - ksOfCounts(counts(a), counts(b)).statistic;
    expect(gap).toBeGreaterThanOrEqual(0);
    expect(gap).toBeLessThan(1 / 256);
  });

  test('has an answer for single values, constants, infinities and gaps, and NaN where a side is empty', () => {
    expect(ksTwoSample([1], [2])).toMatchObject({ statistic: 1, pValue: 1 });
    expect(ksTwoSample([3, 3, 3], [3, 3])).toMatchObject({ statistic: 0, pValue: 1 });
    expect(ksTwoSample([-Infinity, 1, Infinity], [-Infinity, 1, Infinity])).toMatchObject({ statistic: 0 });
    expect(ksTwoSample([1, 2, Infinity], [1, 2, 3]).statistic).toBeCloseTo(1 / 3, 14);
    expect(ksTwoSample([1, Number.NaN, 2], [2, 1])).toMatchObject({ statistic: 0, pValue: 1 });
    expect(ksTwoSample([], [1]).pValue).toBeNaN();
    expect(ksTwoSample([Number.NaN], [1]).statistic).toBeNaN();
    expect(ksOfCounts([0, 0], [1, 2]).statistic).toBeNaN();
    expect(ksTwoSample(referenceSample(20_000), [5])).toMatchObject({ method: 'asymptotic' });
  });
});

describe('the one-sample Kolmogorov law', () => {
  // scipy.stats.kstwo.sf
  test.each([
    [2, 0.35355339059327373, 0.9142135623730951],
    [5, 0.31304951684997057, 0.6124416388294682],
    [50, 0.1414213562373095, 0.24581239735690597],
    [100, 0.2, 0.0005551927327988775],
    [100, 0.4, 5.947617451361663e-15],
  ])('is exact for n = %i, d = %f', (n, d, p) => {
    expect(relativeError(kolmogorovTail(n, d), p)).toBeLessThan(1e-10);
  });

  test.each([
    [150, 0.08164965809277261, 0.2557897103930906],
    [1000, 0.022135943621178655, 0.7025814740323034],
    [5000, 0.020930360723121804, 0.024678035413848942],
    [100_000, 0.0028460498941515412, 0.3920039771559741],
    [5000, 0.0565685424949238, 2.3874327925714957e-14],
  ])('is right to 1e-5 for n = %i, d = %f', (n, d, p) => {
    expect(relativeError(kolmogorovTail(n, d), p)).toBeLessThan(1e-5);
  });

  test('falls with d, from 1 to 0, across the seams between its methods', () => {
    for (const n of [1, 7, 140, 141, 5000]) {
      const tail = line(400, 0, 1).map((d) => kolmogorovTail(n, d));
      expect(tail[0]).toBe(1);
      expect(tail.at(-1)).toBe(0);
      tail.slice(1).forEach((p, at) => expect(p).toBeLessThanOrEqual(tail[at] + 1e-5));
    }
  });
});

function subsets(items: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, at) => subsets(items.slice(at + 1), size - 1).map((rest) => [item, ...rest]));
}
