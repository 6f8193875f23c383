import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alignCategories,
  countCategories,
  doaneEdges,
  hellingerDistance,
  histogram,
  jensenShannonDistance,
  lInfinityDistance,
  normalisedWasserstein,
  openEnded,
  populationStabilityIndex,
  quantileEdges,
  sturgesEdges,
  wassersteinDistance,
} from './index.ts';
import { currentSample, referenceSample } from './testing.ts';

const repeat = (counts: Record<string, number>) =>
  Object.entries(counts).flatMap(([key, count]) => Array.from({ length: count }, () => key));

const colours = alignCategories(
  countCategories(repeat({ a: 120, b: 60, c: 15, d: 5 })),
  countCategories(repeat({ a: 90, b: 80, c: 20, d: 10 })),
);
const counts = fc
  .array(fc.nat(40), { minLength: 4, maxLength: 4 })
  .filter((each) => each.some((count) => count > 0));

describe('numeric drift equals the peers’ figures for the same samples', () => {
  const [a, b] = [referenceSample(500), currentSample(400)];

  test('Evidently: PSI, Jensen–Shannon and Wasserstein', () => {
    const edges = sturgesEdges([...a, ...b]);
    const [r, c] = [a, b].map((sample) => histogram(sample, edges).counts);
    expect(populationStabilityIndex(r, c)).toBeCloseTo(0.05407482367345433, 13);
    expect(jensenShannonDistance(r, c, 'e')).toBeCloseTo(0.08193888079544571, 13);
    expect(normalisedWasserstein(a, b)).toBeCloseTo(0.16225515900167042, 13);
    expect(wassersteinDistance(a, b)).toBeCloseTo(0.4832858735562422, 13);
  });

  test('Evidently: Wasserstein of eight values', () => {
    const u = [38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58];
    const v = [39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8];
    expect(normalisedWasserstein(u, v)).toBeCloseTo(0.781236105789365, 13);
    expect(
      normalisedWasserstein(
        u,
        u.map((x) => x + 5),
      ),
    ).toBeCloseTo(0.9384217486959336, 13);
  });

  test('NannyML: Jensen–Shannon and Hellinger on Doane’s bins, with what lies outside as a bin of its own', () => {
    const edges = doaneEdges(a);
    expect(edges).toHaveLength(14);
    expect(sturgesEdges(a)).toHaveLength(11);
    const [r, c] = [a, b].map((sample) => {
      const found = histogram(sample, edges);
      return [...found.counts, found.below + found.above];
    });
    expect(jensenShannonDistance(r, c)).toBeCloseTo(0.15772996821870972, 13);
    expect(hellingerDistance(r, c)).toBeCloseTo(0.14400529289010394, 13);
  });
});

describe('categorical drift equals the peers’ figures for the same counts', () => {
  const { reference, current } = colours;

  test('Evidently, NannyML, scipy', () => {
    expect(populationStabilityIndex(reference, current)).toBeCloseTo(0.0964412494382384, 13);
    expect(jensenShannonDistance(reference, current, 'e')).toBeCloseTo(0.10944792585830888, 13);
    expect(jensenShannonDistance(reference, current)).toBeCloseTo(0.1314603563436128, 13);
    expect(hellingerDistance(reference, current)).toBeCloseTo(0.1096207862487313, 13);
    expect(lInfinityDistance(reference, current)).toBeCloseTo(0.15, 14);
    expect(jensenShannonDistance([1, 0], [1, 1], 'e')).toBeCloseTo(0.46450140402245893, 14);
    expect(populationStabilityIndex([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8])).toBeCloseTo(
      0.037218381577290835,
      13,
    );
  });

  test('NannyML: the largest difference with a new category', () => {
    const seen = countCategories(repeat({ a: 2, b: 2, c: 2 }));
    const withNew = alignCategories(seen, countCategories(repeat({ a: 2, b: 2, c: 2, d: 1 })));
    expect(lInfinityDistance(withNew.reference, withNew.current)).toBeCloseTo(0.14285714285714285, 14);
    const withLess = alignCategories(seen, countCategories(repeat({ b: 5 })));
    expect(lInfinityDistance(withLess.reference, withLess.current)).toBeCloseTo(0.6666666666666667, 14);
  });

  test('deepchecks: PSI with a floor', () => {
    expect(populationStabilityIndex([200, 800], [400, 600], 'floor')).toBeCloseTo(0.19616585060234526, 13);
    expect(populationStabilityIndex([500, 500, 0], [400, 500, 100], 'floor')).toBeCloseTo(
      0.22954701350088513,
      13,
    );
  });

  test('Azure ML: PSI with one more in each bin and in the total', () => {
    const expected = (11 / 12 - 6 / 12) * Math.log(11 / 6) + (1 / 12 - 6 / 12) * Math.log(1 / 6);
    expect(populationStabilityIndex([10, 0], [5, 5], 'add-one')).toBeCloseTo(expected, 13);
  });
});

describe('every distance', () => {
  const distances = {
    psi: populationStabilityIndex,
    psiFloor: (r: number[], c: number[]) => populationStabilityIndex(r, c, 'floor'),
    js: jensenShannonDistance,
    hellinger: hellingerDistance,
    lInfinity: lInfinityDistance,
  };

  test.each(Object.entries(distances))(
    '%s is symmetric, not negative, and 0 for the same shares',
    (_, distance) => {
      fc.assert(
        fc.property(counts, counts, (r, c) => {
          const found = distance(r, c);
          expect(found).toBeGreaterThanOrEqual(-1e-15);
          expect(found).toBeLessThan(Infinity);
          expect(distance(c, r)).toBeCloseTo(found, 12);
          expect(
            distance(
              r,
              r.map((count) => count * 3),
            ),
          ).toBeCloseTo(0, 7);
        }),
      );
    },
  );

  test.each(Object.entries(distances))(
    '%s has no answer where a side is empty, and 0 for one category',
    (_, distance) => {
      expect(distance([0, 0], [1, 2])).toBeNaN();
      expect(distance([1, 2], [0, 0])).toBeNaN();
      expect(distance([], [])).toBeNaN();
      expect(distance([5], [9])).toBe(0);
    },
  );

  test('keeps within its bounds, reaching them for distributions without anything in common', () => {
    fc.assert(
      fc.property(counts, counts, (r, c) => {
        for (const distance of [jensenShannonDistance, hellingerDistance, lInfinityDistance]) {
          expect(distance(r, c)).toBeLessThanOrEqual(1 + 1e-12);
        }
        expect(jensenShannonDistance(r, c, 'e')).toBeCloseTo(
          jensenShannonDistance(r, c) * Math.sqrt(Math.LN2),
          12,
        );
      }),
    );
    expect(jensenShannonDistance([1, 0], [0, 1])).toBeCloseTo(1, 14);
    expect(hellingerDistance([1, 0], [0, 1])).toBeCloseTo(1, 14);
    expect(lInfinityDistance([1, 0], [0, 1])).toBe(1);
  });

  test('PSI stays finite when a category is new', () => {
    expect(populationStabilityIndex([100, 0], [90, 10])).toBeCloseTo(
      (1 - 0.9) * Math.log(1 / 0.9) + (0.0001 - 0.1) * Math.log(0.0001 / 0.1),
      13,
    );
    const rare = [1e6, 0, 1];
    expect(populationStabilityIndex(rare, [1, 1, 1])).toBeGreaterThan(5);
  });
});

describe('PSI on the reference’s deciles', () => {
  const psi = (reference: number[], current: number[]) => {
    const edges = quantileEdges(reference);
    const [r, c] = [reference, current].map((sample) => openEnded(histogram(sample, edges)));
    return populationStabilityIndex(r, c);
  };

  test('is 0 for the same sample, small for another of the same law, large for a shifted one', () => {
    const reference = referenceSample(2000);
    const sameLaw = currentSample(2000).map((x) => x - 0.5);
    expect(psi(reference, reference)).toBe(0);
    expect(psi(reference, sameLaw)).toBeLessThan(0.01);
    expect(
      psi(
        reference,
        reference.map((x) => x + 3),
      ),
    ).toBeGreaterThan(0.25);
  });

  test('has an answer for a constant reference and for values beyond it', () => {
    expect(psi([7, 7, 7], [7, 7])).toBe(0);
    expect(psi([1, 2, 3, 4], [Infinity, -Infinity])).toBeGreaterThan(1);
    expect(psi([], [1])).toBeNaN();
    expect(psi([Number.NaN], [1])).toBeNaN();
  });
});

describe('Wasserstein', () => {
  const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 12 });

  test('is symmetric, obeys the triangle, and moves with a shift', () => {
    fc.assert(
      fc.property(sample, sample, sample, fc.integer({ min: -9, max: 9 }), (a, b, c, shift) => {
        const ab = wassersteinDistance(a, b);
        expect(wassersteinDistance(b, a)).toBeCloseTo(ab, 10);
        expect(ab).toBeLessThanOrEqual(wassersteinDistance(a, c) + wassersteinDistance(c, b) + 1e-9);
        expect(
          wassersteinDistance(
            a,
            a.map((x) => x + shift),
          ),
        ).toBeCloseTo(Math.abs(shift), 10);
      }),
    );
  });

  test('leaves out what is not finite, and divides by no less than 0.001', () => {
    expect(wassersteinDistance([1, Infinity, Number.NaN], [2, -Infinity])).toBe(1);
    expect(wassersteinDistance([], [1])).toBeNaN();
    expect(wassersteinDistance([Infinity], [1])).toBeNaN();
    expect(normalisedWasserstein([5, 5], [5, 6])).toBeCloseTo(500, 9);
    expect(normalisedWasserstein([5], [6])).toBeCloseTo(1000, 9);
    expect(normalisedWasserstein([5], [6], 1)).toBeCloseTo(1000, 9);
    expect(normalisedWasserstein([0, 2], [1, 3], 1)).toBeCloseTo(1 / Math.SQRT2, 14);
  });
});
