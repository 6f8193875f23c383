import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Feature,
  cairnFigures,
  chiSquareContingency,
  cramersV,
  datasetDrift,
  driftPresets,
  hellingerDistance,
  jensenShannonDistance,
  ksOfCounts,
  kullbackLeiblerDivergence,
  lInfinityDistance,
  momentsOf,
  normalisedWasserstein,
  normalisedWassersteinOfBins,
  populationStabilityIndex,
  quantileEdges,
  twoProportions,
  wassersteinDistance,
  wassersteinOfBins,
} from './index.ts';
import { sample } from './testing.ts';

const numbers = (...values: number[]): Feature => ({ kind: 'numeric', values });
const names = (...values: (string | null)[]): Feature => ({ kind: 'categorical', values });
const some = numbers(...Array.from({ length: 40 }, (_, at) => at % 10));
const letters = names(...Array.from({ length: 40 }, (_, at) => 'abcd'[at % 4]));

/** Score of the one column by each preset; '-' where it has none, '!' where it has drifted, 'refused' where it throws. */
function told(reference: Feature, current: Feature): string {
  return driftPresets
    .map((preset) => {
      try {
        const [{ score, isDrifted }] = datasetDrift(preset, [[reference, current]]).columns;
        return Number.isNaN(score) ? '-' : `${Number(score.toPrecision(3))}${isDrifted ? '!' : ''}`;
      } catch (error) {
        if (error instanceof RangeError) return 'refused';
        throw error;
      }
    })
    .join(' ');
}

describe('columns that are unlike others', () => {
  // In the order cairn, evidently, nannyml, azureml.
  test.each<[name: string, reference: Feature, current: Feature, scores: string]>([
    ['the same', some, some, '0 1 0 0'],
    ['empty now', some, numbers(), '- - - -'],
    ['empty before', numbers(), some, '- - - -'],
    ['empty both', numbers(), numbers(), '- - - -'],
    ['empty categories now', letters, names(), '- - - -'],
    ['empty categories before', names(), letters, '- - - -'],
    ['constant both', numbers(5, 5, 5, 5), numbers(5, 5, 5), '0 1 0 0'],
    [
      'constant, moved',
      numbers(...Array.from({ length: 40 }, () => 5)),
      numbers(...Array.from({ length: 40 }, () => 6)),
      '18.4! 3.74e-19! 1! 1000!',
    ],
    ['constant now', some, numbers(...Array.from({ length: 40 }, () => 5)), '8.28! 0.0000658! 0.781! 0.859!'],
    ['a single category both', names('a', 'a', 'a'), names('a', 'a'), '0 1 0 0'],
    [
      'a single category, another',
      names(...Array.from({ length: 40 }, () => 'a')),
      names(...Array.from({ length: 40 }, () => 'b')),
      '18.4! 3.74e-19! 1! 1!',
    ],
    ['a new category', letters, names(...(letters.values as string[]), 'e'), '0.134 0! 0.111! 0.111!'],
    ['only new categories', letters, names(...Array.from({ length: 40 }, () => 'z')), '17! 0! 1! 1!'],
    ['all null now', letters, names(...Array.from({ length: 40 }, () => null)), '17! - - -'],
    ['all null both', names(null, null), names(null, null), '0 - - -'],
    ['all NaN now', some, numbers(...Array.from({ length: 40 }, () => Number.NaN)), '16.1! - - -'],
    ['all NaN both', numbers(Number.NaN, Number.NaN), numbers(Number.NaN), '0 - - -'],
    ['infinite now', some, numbers(...Array.from({ length: 40 }, () => Infinity)), '16.1! - 1! -'],
    [
      'an infinite value on both sides',
      numbers(...(some.values as number[]), Infinity),
      numbers(...(some.values as number[]), -Infinity),
      '0.0109 1 0 0',
    ],
    [
      'whole numbers, moved by one',
      some,
      numbers(...Array.from({ length: 40 }, (_, at) => (at % 10) + 1)),
      '1.38 0.99 0.25 0.344!',
    ],
    ['one row each, the same', numbers(3), numbers(3), '0 1 0 0'],
    ['one row each, apart', numbers(3), numbers(4), '18.4 0.157 1 1000!'],
    ['one row now', some, numbers(4), '8.28 1 0.781! 0.859!'],
    ['of different kinds', some, letters, 'refused refused refused refused'],
  ])('%s', (name, reference, current, scores) => {
    expect(`${name}: ${told(reference, current)}`).toBe(`${name}: ${scores}`);
  });
});

describe('distances and tests of counts', () => {
  const counts = fc
    .array(fc.nat(40), { minLength: 5, maxLength: 5 })
    .filter((each) => each.some((count) => count > 0));
  type Counts = readonly number[];
  /** Not negative; with the most it can be, and whether it is the same both ways. */
  const distances: [
    name: string,
    of: (r: Counts, c: Counts) => number,
    most: number,
    isSymmetric: boolean,
  ][] = [
    ['Jensen–Shannon', (r, c) => jensenShannonDistance(r, c), 1, true],
    ['Hellinger', hellingerDistance, 1, true],
    ['L∞', lInfinityDistance, 1, true],
    ['Cramér’s V', (r, c) => cramersV(r, c), 1, true],
    ['PSI', (r, c) => populationStabilityIndex(r, c), Infinity, true],
    ['Kullback–Leibler', (r, c) => kullbackLeiblerDivergence(r, c), Infinity, false],
    ['Kolmogorov–Smirnov', (r, c) => ksOfCounts(r, c).statistic, 1, true],
    ['χ²', (r, c) => chiSquareContingency(r, c).statistic, Infinity, true],
  ];

  test.each(distances)(
    '%s lies within its bounds, is 0 of the same, and says the same both ways where it should',
    (_, of, most, isSymmetric) => {
      fc.assert(
        fc.property(counts, counts, (r, c) => {
          const found = of(r, c);
          expect(found).toBeGreaterThanOrEqual(0);
          expect(found).toBeLessThanOrEqual(most * (1 + 1e-12));
          expect(of(r, r)).toBeCloseTo(0, 12);
          const [there, back] = isSymmetric ? [found, of(c, r)] : [0, 0];
          expect(Math.abs(back - there)).toBeLessThanOrEqual(1e-12 * Math.max(there, 1));
        }),
      );
      expect(of([0, 0], [1, 2])).toBeNaN();
      expect(of([], [])).toBeNaN();
    },
  );

  test.each(distances.filter(([name]) => name !== 'Kolmogorov–Smirnov'))(
    '%s does not ask for an order of the categories',
    (_, of) => {
      fc.assert(
        fc.property(counts, counts, (r, c) => {
          const [found, turned] = [of(r, c), of(r.toReversed(), c.toReversed())];
          const isSame = found === turned || Math.abs(found - turned) <= 1e-9 * Math.max(found, 1);
          expect(isSame).toBe(true);
        }),
      );
    },
  );

  test('a share of all rows, of none, and of no rows have their Z', () => {
    expect(twoProportions({ hits: 5, rows: 5 }, { hits: 9, rows: 9 })).toEqual({ statistic: 0, pValue: 1 });
    expect(twoProportions({ hits: 0, rows: 5 }, { hits: 0, rows: 9 })).toEqual({ statistic: 0, pValue: 1 });
    expect(twoProportions({ hits: 0, rows: 0 }, { hits: 0, rows: 9 }).pValue).toBeNaN();
    expect(twoProportions({ hits: 0, rows: 100_000 }, { hits: 100_000, rows: 100_000 }).pValue).toBe(0);
  });
});

describe('columns', () => {
  test('say the same in any order of their rows', () => {
    const values = fc.array(fc.nat(8), { minLength: 20, maxLength: 40 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [plain, turned] = [
          cairnFigures(numbers(...a), numbers(...b)),
          cairnFigures(numbers(...a.toReversed()), numbers(...b.toReversed())),
        ];
        expect(turned.psi).toBeCloseTo(plain.psi, 9);
        expect({ ...turned, psi: 0 }).toEqual({ ...plain, psi: 0 });
      }),
    );
  });

  test('drift as a data set by the share that each preset wants', () => {
    const moved = names(...Array.from({ length: 40 }, () => 'z'));
    const mixed = (drifted: number, all: number) =>
      Array.from({ length: all }, (_, at) => [letters, at < drifted ? moved : letters] as const);
    const verdicts = (drifted: number, all: number) =>
      driftPresets.map((preset) => datasetDrift(preset, mixed(drifted, all)).isDrifted);
    expect(verdicts(0, 10)).toEqual([false, false, false, false]);
    expect(verdicts(1, 10)).toEqual([false, false, true, true]);
    expect(verdicts(3, 10)).toEqual([true, false, true, true]);
    expect(verdicts(5, 10)).toEqual([true, true, true, true]);
    expect(verdicts(0, 0)).toEqual([false, false, false, false]);
  });
});

describe('Wasserstein’s distance of bins', () => {
  const binned = (values: readonly number[], edges: readonly number[]) => {
    const bins = edges.length === 0 ? 1 : edges.length + 2;
    const counts = new Array<number>(bins).fill(0);
    const sums = new Array<number>(bins).fill(0);
    for (const value of values) {
      const above = edges.filter((edge) => edge <= value).length;
      const bin = edges.length > 0 && value > edges[edges.length - 1] ? edges.length + 1 : above;
      counts[bin]++;
      sums[bin] += value;
    }
    return { counts, sums, moments: momentsOf(values) };
  };

  test('is that of the values where the distributions do not cross within a bin, and never more', () => {
    const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 30 });
    const anchors = fc.uniqueArray(fc.integer({ min: -8, max: 8 }), { maxLength: 6 });
    fc.assert(
      fc.property(values, values, anchors, (a, b, anchored) => {
        const edges = anchored.toSorted((x, y) => x - y);
        const exact = wassersteinDistance(a, b);
        const found = wassersteinOfBins(binned(a, edges), binned(b, edges), edges);
        expect(found).toBeLessThanOrEqual(exact + 1e-12);
        const fine = Array.from({ length: 19 }, (_, at) => at - 9);
        expect(wassersteinOfBins(binned(a, fine), binned(b, fine), fine)).toBeCloseTo(exact, 12);
        const apart = b.map((value) => value + 100);
        expect(wassersteinOfBins(binned(a, edges), binned(apart, edges), edges)).toBeCloseTo(
          wassersteinDistance(a, apart),
          10,
        );
      }),
    );
  });

  test('is close for long tails and far from zero, and in deviations of the reference', () => {
    for (const shape of ['heavy', 'far', 'skewed']) {
      const [a, b] = [sample(shape, 11, 4000), sample(shape, 12, 3000)].map((values, at) =>
        values.map((value) => value + at * 0.1),
      );
      const edges = [...quantileEdges(a, 256)];
      const [from, to] = [binned(a, edges), binned(b, edges)];
      const exact = normalisedWasserstein(a, b);
      expect(Math.abs(normalisedWassersteinOfBins(from, to, edges) / exact - 1)).toBeLessThan(0.01);
    }
  });

  test('has an answer for constants and none, and refuses other bins', () => {
    expect(wassersteinOfBins(binned([3, 3], [3]), binned([3], [3]), [3])).toBe(0);
    expect(wassersteinOfBins(binned([3, 3], [3]), binned([5], [3]), [3])).toBe(2);
    expect(wassersteinOfBins(binned([3], []), binned([5], []), [])).toBe(2);
    expect(wassersteinOfBins(binned([], [3]), binned([5], [3]), [3])).toBeNaN();
    expect(() => wassersteinOfBins(binned([1], [3]), binned([5], [3]), [3, 4])).toThrow(RangeError);
    const constant = binned([3, 3], [3]);
    expect(normalisedWassersteinOfBins(constant, binned([5], [3]), [3])).toBe(2000);
  });
});

test('twenty features of a million values each are checked from bins in well under a second', () => {
  const edges = Array.from({ length: 277 }, (_, at) => at);
  const counted = (shift: number) => {
    const counts = Array.from({ length: 279 }, (_, bin) => 3000 + ((bin * 7919 + shift) % 1200));
    const sums = counts.map((count, bin) => count * (bin - 0.5));
    return { counts, sums, moments: { count: 1e6, mean: 138, squares: 6.4e9, min: -1, max: 277 } };
  };
  const started = process.cpuUsage();
  const found = Array.from({ length: 20 }, (_, feature) => {
    const [a, b] = [counted(feature), counted(feature + 600)];
    return [
      ksOfCounts(a.counts, b.counts, { method: 'asymptotic' }).pValue,
      chiSquareContingency(a.counts, b.counts).pValue,
      populationStabilityIndex(a.counts, b.counts),
      jensenShannonDistance(a.counts, b.counts),
      hellingerDistance(a.counts, b.counts),
      normalisedWassersteinOfBins(a, b, edges),
    ];
  });
  const { user, system } = process.cpuUsage(started);
  expect(found.flat().every(Number.isFinite)).toBe(true);
  // It takes some 50 ms: this is a bound, not a measure.
  expect((user + system) / 1e6).toBeLessThan(1);
});
