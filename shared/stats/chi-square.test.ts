import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { benjaminiHochberg, chiSquareContingency, chiSquareGoodnessOfFit, chiSquareTail } from './index.ts';
import { relativeError } from './testing.ts';

describe('the χ² tail', () => {
  // scipy.special.chdtrc, except the closed forms of 1 and 2 degrees of freedom
  test.each([
    [27.877, 9, 0.001000063357757273],
    [9, 9, 0.43727418891386693],
    [45, 9, 9.226628710549154e-7],
    [0.5, 50, 1],
    [15, 50, 0.999999625021075],
    [250, 50, 2.177291001112404e-28],
    [1010, 1000, 0.40603315094773595],
    [3000, 1000, 1.6436845843568014e-198],
    [99_999, 99_999, 0.4994052889216432],
    [1_010_000, 1_000_000, 9.068528823262108e-13],
  ])('of %f with %i degrees of freedom has its digits', (x, k, p) => {
    expect(relativeError(chiSquareTail(x, k), p)).toBeLessThan(1e-12);
  });

  test('is e^(−x/2) for two degrees of freedom, from the smallest x to where it vanishes', () => {
    for (const x of [0, 1e-9, 0.1, 1.9, 2, 2.1, 10, 100, 700, 1400]) {
      expect(relativeError(chiSquareTail(x, 2), Math.exp(-x / 2))).toBeLessThan(1e-13);
    }
    expect(chiSquareTail(Infinity, 3)).toBe(0);
    expect(chiSquareTail(Number.NaN, 3)).toBeNaN();
  });

  test('obeys the recurrence Q(a + 1, x) = Q(a, x) + xᵃ e⁻ˣ / Γ(a + 1) on both sides of its seam', () => {
    for (const x of [0.2, 1, 3.9, 4.1, 20]) {
      let term = Math.exp(-x);
      for (let a = 1; a < 40; a++) {
        term *= x / a;
        const sum = chiSquareTail(2 * x, 2 * a) + term;
        expect(relativeError(chiSquareTail(2 * x, 2 * a + 2), sum)).toBeLessThan(1e-13);
      }
    }
  });
});

describe('χ² contingency', () => {
  test('equals scipy and NannyML, with Yates’s correction for two categories only', () => {
    const corrected = chiSquareContingency([10, 20], [20, 20]);
    expect(corrected.statistic).toBeCloseTo(1.3234375, 13);
    expect(corrected.pValue).toBeCloseTo(0.24997605752048507, 13);
    const plain = chiSquareContingency([10, 20], [20, 20], { yates: false });
    expect(plain.statistic).toBeCloseTo(1.9444444444444455, 13);
    expect(plain.pValue).toBeCloseTo(0.16318677476266583, 13);
    expect(chiSquareContingency([1573, 3], [4, 0]).pValue).toBe(1);

    const four = chiSquareContingency([120, 60, 15, 5], [90, 80, 20, 10]);
    expect(four).toMatchObject({ degreesOfFreedom: 3 });
    expect(four.statistic).toBeCloseTo(9.523809523809524, 12);
    expect(four.pValue).toBeCloseTo(0.02307941142802383, 13);

    const two = chiSquareContingency([70, 30], [55, 45]);
    expect(two.statistic).toBeCloseTo(4.181333333333333, 12);
    expect(two.pValue).toBeCloseTo(0.04087153408900628, 13);
  });

  test('is symmetric, and indifferent to empty and reordered categories', () => {
    const counts = fc
      .array(fc.nat(50), { minLength: 3, maxLength: 3 })
      .filter((each) => each.some((count) => count > 0));
    fc.assert(
      fc.property(counts, counts, (r, c) => {
        const found = chiSquareContingency(r, c);
        const swapped = chiSquareContingency(c, r);
        const reordered = chiSquareContingency([0, ...r.toReversed()], [0, ...c.toReversed()]);
        for (const other of [swapped, reordered]) {
          expect(other.degreesOfFreedom).toBe(found.degreesOfFreedom);
          expect(other.statistic).toBeCloseTo(found.statistic, 9);
          expect(other.pValue).toBeCloseTo(found.pValue, 12);
        }
        expect(found.pValue).toBeGreaterThanOrEqual(0);
        expect(found.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('has an answer for one category, a new one, and none', () => {
    expect(chiSquareContingency([5], [900])).toEqual({ statistic: 0, degreesOfFreedom: 0, pValue: 1 });
    expect(chiSquareContingency([50, 0], [0, 50]).pValue).toBeLessThan(1e-20);
    expect(chiSquareContingency([0, 0], [1, 1]).pValue).toBeNaN();
    expect(chiSquareContingency([], []).pValue).toBeNaN();
  });
});

describe('χ² goodness of fit', () => {
  test('equals Evidently', () => {
    expect(chiSquareGoodnessOfFit([120, 60, 15, 5], [90, 80, 20, 10]).pValue).toBeCloseTo(
      0.0001140083471346953,
      13,
    );
    expect(chiSquareGoodnessOfFit([70, 30], [55, 45]).pValue).toBeCloseTo(0.001063114917158603, 13);
    const six = chiSquareGoodnessOfFit([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]);
    expect(six.pValue).toBeCloseTo(0.6730876006966301, 13);
    const discrete = chiSquareGoodnessOfFit([150, 150, 150, 150], [100, 100, 100, 200]);
    expect(relativeError(discrete.pValue, 5.878230727906921e-13)).toBeLessThan(1e-12);
  });

  test('calls a new category impossible and a single one certain', () => {
    expect(chiSquareGoodnessOfFit([10, 0], [9, 1])).toEqual({
      statistic: Infinity,
      degreesOfFreedom: 1,
      pValue: 0,
    });
    expect(chiSquareGoodnessOfFit([10], [3])).toEqual({ statistic: 0, degreesOfFreedom: 0, pValue: 1 });
    expect(chiSquareGoodnessOfFit([0], [3]).pValue).toBeNaN();
  });
});

describe('Benjamini–Hochberg', () => {
  test('believes the two smallest of ten published p-values at q = 0.05', () => {
    const p = [0.042, 0.06, 0.001, 0.008, 0.039, 0.041, 0.074, 0.205, 0.212, 0.216];
    const { rejected, threshold } = benjaminiHochberg(p, 0.05);
    expect(p.filter((_, at) => rejected[at])).toEqual([0.001, 0.008]);
    expect(threshold).toBeCloseTo(0.01, 15);
  });

  test('rejects exactly the tests whose adjusted p is at most q, and no fewer for a larger q', () => {
    const pValue = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(pValue, { maxLength: 12 }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        (p, q) => {
          const { rejected, adjusted } = benjaminiHochberg(p, q);
          adjusted.forEach((each, at) => expect(each).toBeGreaterThanOrEqual(p[at] * (1 - 1e-12)));
          // Where the two comparisons meet, rounding decides.
          const clear = [...p.keys()].filter((at) => Math.abs(adjusted[at] - q) > 1e-12);
          expect(clear.map((at) => rejected[at])).toEqual(clear.map((at) => adjusted[at] <= q));
          const wider = benjaminiHochberg(p, q * 1.5).rejected;
          rejected.forEach((each, at) => expect(each && !wider[at]).toBe(false));
        },
      ),
    );
  });

  test('does not count a test that has no answer', () => {
    const { rejected, adjusted } = benjaminiHochberg([Number.NaN, 0.04, Number.NaN], 0.05);
    expect(rejected).toEqual([false, true, false]);
    expect(adjusted).toEqual([Number.NaN, 0.04, Number.NaN]);
    expect(benjaminiHochberg([], 0.05)).toEqual({ rejected: [], adjusted: [], threshold: 0 });
  });
});
