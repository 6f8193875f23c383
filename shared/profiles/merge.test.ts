import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { histogram } from '../stats/index.ts';
import { categoriesMax, type CategoryCounts, countCategories, mergeCategories } from './categorical.ts';
import { decodeProfile, encodeProfile } from './codec.ts';
import { countDistinct } from './distinct.ts';
import { edgeSetOf } from './edges.ts';
import type { NumericCounts } from './numeric.ts';
import { mergeProfiles, type Profile, type ProfileKey, profileOf, type RowTable } from './profile.ts';
import { sampleMax } from './sample.ts';

type Cell = string | number | null;
type Row = {
  readonly x: Cell;
  readonly town: Cell;
  readonly score: number | null;
  readonly class: string | null;
};

const edges = edgeSetOf(
  [
    { name: 'town', cells: ['a', 'b', 'c'] },
    { name: 'x', cells: Array.from({ length: 500 }, (_, i) => Math.sin(i) * 10) },
  ],
  { score: [0, 1, 2] },
);
const key: ProfileKey = {
  digest: 'sha256:00',
  edgeSet: edges.id,
  source: 'realtime',
  segment: '',
  hour: '2026010203',
};

/** Rows from the `first` on as a part has them. */
function tableOf(rows: readonly Row[], first: number): RowTable {
  const columns: Record<string, Cell[]> = {
    predictionId: rows.map(
      (_, i) =>
        `2026010203-0011223344556677-${first + i}-${hashed(first + i)
          .toString(16)
          .padStart(8, '0')}`,
    ),
    'in.x': rows.map(({ x }) => x),
    'in.town': rows.map(({ town }) => town),
    score: rows.map(({ score }) => score),
    class: rows.map(({ class: predicted }) => predicted),
  };
  return {
    rows: rows.length,
    columns: Object.keys(columns),
    column: (name) => columns[name] ?? [],
    hidden: new Map(),
  };
}

const hashed = (row: number) => Math.imul(row + 1, 0x9e37_79b1) >>> 0;
const profile = (rows: readonly Row[], first = 0) => profileOf(tableOf(rows, first), key, edges);

const number = fc.oneof(
  fc.double({ min: -20, max: 20, noNaN: true }),
  fc.double(),
  fc.constantFrom(0, -0, 10, Number.NaN, Number.POSITIVE_INFINITY),
);
const row: fc.Arbitrary<Row> = fc.record({
  x: fc.oneof({ weight: 8, arbitrary: number }, fc.constant(null), fc.constant('text')),
  town: fc.oneof(fc.constantFrom('a', 'b', 'd', 'é'), fc.string(), fc.constant(null), fc.constant(3)),
  score: fc.oneof(fc.double({ min: -0.5, max: 2.5, noNaN: true }), fc.constant(null)),
  class: fc.constantFrom('yes', 'no', null),
});
const small = row.map(
  (each): Row =>
    typeof each.x === 'number' && !(Math.abs(each.x) <= 20) && Number.isFinite(each.x)
      ? { ...each, x: 1 }
      : each,
);

/** What must be the same exactly, however the rows were split. */
function exact({ rows, logged, features, classes, scores, sample }: Profile) {
  const bare = (counts: NumericCounts | CategoryCounts) =>
    counts.kind === 'numeric'
      ? {
          counts: counts.counts,
          missing: counts.missing,
          count: counts.moments.count,
          min: counts.moments.min + 0,
          max: counts.moments.max + 0,
        }
      : counts;
  return {
    rows,
    logged,
    features: [...features].map(([name, counts]) => [name, bare(counts)]),
    classes: [...classes].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    scores: bare(scores),
    sample,
  };
}

/** Sums, mean and squares, which depend on the order by rounding. */
function moments({ features, scores }: Profile): number[] {
  return [...features.values(), scores].flatMap((counts) =>
    counts.kind === 'numeric' ? [...counts.sums, counts.moments.mean, counts.moments.squares] : [],
  );
}

/** The largest difference, of large numbers relative to them. */
function furthest(some: readonly number[], others: readonly number[]): number {
  return Math.max(
    ...some.map((value, i) => Math.abs(value - (others[i] ?? Number.NaN)) / Math.max(1, Math.abs(value))),
  );
}

describe('profiles', () => {
  test('of any split of rows merge to the profile of the whole, in any order and grouping', () => {
    fc.assert(
      fc.property(fc.array(fc.array(small, { maxLength: 30 }), { minLength: 3, maxLength: 3 }), (parts) => {
        const whole = profile(parts.flat());
        let first = 0;
        const [a, b, c] = parts.map((rows) => {
          const of = profile(rows, first);
          first += rows.length;
          return of;
        });
        if (!a || !b || !c) throw new Error('There are three.');
        for (const merged of [
          mergeProfiles(mergeProfiles(a, b), c),
          mergeProfiles(a, mergeProfiles(b, c)),
          mergeProfiles(c, mergeProfiles(b, a)),
        ]) {
          expect(exact(merged)).toEqual(exact(whole));
          expect(furthest(moments(merged), moments(whole))).toBeLessThanOrEqual(1e-12);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('come back from their bytes as they were, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const before = profile(rows);
        const bytes = encodeProfile(before);
        expect(decodeProfile(bytes)).toEqual(before);
        expect(encodeProfile(decodeProfile(bytes))).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  test('of other keys are not merged', () => {
    const other = profileOf(tableOf([], 0), { ...key, hour: '2026010204' }, edges);
    expect(() => mergeProfiles(profile([]), other)).toThrow('cannot be merged');
  });

  test('count all classes as one where they are more than 256 together, whichever rows they come in', () => {
    const classed = (from: number, to: number) =>
      Array.from(
        { length: to - from },
        (_, i): Row => ({ x: 1, town: 'a', score: 0.5, class: `c${from + i}` }),
      );
    const parts = [classed(0, 200), classed(200, 300), classed(0, 10)];
    const whole = profile(parts.flat());
    expect([...whole.classes.keys()]).toEqual(['']);
    const [a, b, c] = [profile(parts[0]), profile(parts[1], 200), profile(parts[2], 300)];
    for (const merged of [
      mergeProfiles(mergeProfiles(a, b), c),
      mergeProfiles(a, mergeProfiles(b, c)),
      mergeProfiles(c, mergeProfiles(b, a)),
    ])
      expect(merged.classes).toEqual(whole.classes);
  });

  test('sample the same rows in whatever order and however often these come', () => {
    const rows = Array.from(
      { length: 3 * sampleMax },
      (): Row => ({ x: 1, town: 'a', score: 0.5, class: 'yes' }),
    );
    const whole = profile(rows);
    const [a, b] = [profile(rows.slice(0, 4000)), profile(rows.slice(4000), 4000)];
    expect(whole.sample).toHaveLength(sampleMax);
    expect(mergeProfiles(b, a).sample).toEqual(whole.sample);
    expect(mergeProfiles(whole, a).sample).toEqual(whole.sample);
  });
});

describe('columns of numbers', () => {
  const counted = (values: number[]) => {
    const found = profile(values.map((x) => ({ x, town: null, score: null, class: null }))).features.get('x');
    if (found?.kind !== 'numeric') throw new Error('It is numeric.');
    return found;
  };
  const feature = edges.features.find(({ name }) => name === 'x');
  const all = feature?.kind === 'numeric' ? [...feature.edges] : [];

  test('give every histogram over some of their edges exactly, as numpy counts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: -15, max: 15, noNaN: true }), fc.constantFrom(...all)), {
          maxLength: 300,
        }),
        fc.subarray(all, { minLength: 2 }),
        (values, some) => {
          const { counts } = counted(values);
          const wanted = histogram(values, some);
          const last = all.length;
          const between = (from: number, to: number) =>
            all.reduce((sum, edge, i) => sum + (edge >= from && edge < to ? (counts[i + 1] ?? 0) : 0), 0);
          const mine = some.slice(1).map((to, i) => between(some[i] ?? 0, to));
          // The last bin of a histogram is closed: what lies on its end is known where that is the last edge.
          const isLast = some.at(-1) === all.at(-1);
          if (isLast) mine[mine.length - 1] = (mine.at(-1) ?? 0) + (counts[last] ?? 0);
          const end = isLast ? undefined : -1;
          expect(mine.slice(0, end)).toEqual([...wanted.counts].slice(0, end));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('of a reference with few values have a bin for each', () => {
    const discrete = edgeSetOf([{ name: 'x', cells: [1, 2, 2, 3, 3, 3, 7] }]);
    const table = {
      ...tableOf([], 0),
      rows: 4,
      columns: ['in.x'],
      column: (name: string) => (name === 'in.x' ? [1, 2, 3, 7] : []),
    };
    const found = profileOf(table, { ...key, edgeSet: discrete.id }, discrete).features.get('x');
    expect(found?.kind === 'numeric' && [...found.counts].filter((count) => count > 0)).toEqual([1, 1, 1, 1]);
  });
});

describe('columns of categories', () => {
  test('are exact up to 1,024, and beyond it too low by no more than n / 1,025, with nothing lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 4000 }),
        (seeds, variety) => {
          const columns = seeds.map((seed) =>
            Array.from({ length: 3000 }, (_, i) => {
              const drawn = Math.imul(seed + i, 0x9e37_79b1) >>> 0;
              // Squared, so that some are frequent.
              return `c${Math.floor((drawn / 2 ** 32) ** 2 * variety)}`;
            }),
          );
          const truth = new Map<string, number>();
          for (const cell of columns.flat()) truth.set(cell, (truth.get(cell) ?? 0) + 1);
          const merged = columns.map((cells) => countCategories(cells, undefined)).reduce(mergeCategories);
          const n = columns.flat().length;
          const named = [...merged.counts.values()].reduce((sum, count) => sum + count, 0);
          expect(named + merged.other).toBe(n);
          expect(merged.counts.size).toBeLessThanOrEqual(categoriesMax);
          for (const [category, count] of truth) {
            const found = merged.counts.get(category) ?? 0;
            expect(found).toBeLessThanOrEqual(count);
            expect(count - found).toBeLessThanOrEqual(
              truth.size <= categoriesMax ? 0 : n / (categoriesMax + 1),
            );
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('come back from their bytes under names that no two share, also where a text is cut or is no Unicode', () => {
    const emoji = '\u{1f600}'.repeat(100);
    const cells = [`a${emoji}`, `b${emoji}`, '\ud800', '\ud801', 'é'];
    const before = profileOf(
      {
        ...tableOf([], 0),
        rows: 5,
        columns: ['in.town'],
        column: (name) => (name === 'in.town' ? cells : []),
      },
      key,
      edges,
    );
    const town = before.features.get('town');
    expect(decodeProfile(encodeProfile(before)).features.get('town')).toEqual(town);
    expect(town?.kind === 'categorical' && [...town.counts.values()]).toEqual([1, 1, 2, 1]);
  });

  test('tell how many different ones there are within five deviations, and repeats change nothing', () => {
    for (const different of [1, 10, 1000, 20_000]) {
      const cells = Array.from({ length: different }, (_, i) => `customer ${i}`);
      const once = countCategories(cells, undefined);
      const twice = mergeCategories(once, countCategories(cells.toReversed(), undefined));
      expect(twice.distinct).toEqual(once.distinct);
      expect(Math.abs(countDistinct(once.distinct) / different - 1)).toBeLessThan(5 * (1.04 / 64));
    }
  });
});
