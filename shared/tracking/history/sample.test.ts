import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sample } from './sample.ts';
import { columnsByKey, placeAt, union, type Columns } from './points.ts';

type Point = { key: string; value: number; timestamp: number; step: number };

function columns(of: readonly Point[]): Columns {
  return columnsByKey(of).get('k') ?? union([]);
}

/** Points that meet in steps and timestamps; each ninth is NaN. */
function points(count: number): Point[] {
  return Array.from({ length: count }, (_, i) => ({
    key: 'k',
    value: i % 9 === 4 ? Number.NaN : i,
    timestamp: 1000 + ((i * 13) % 17),
    step: (i * 7) % 5,
  }));
}

// What mlflow 3.17.2 on SQLite answers for these points: which of them, in which order.
test.each([
  [1, 1, [0]],
  [5, 1, [2]],
  [5, 2, [0, 2]],
  [5, 4, [0, 1, 4, 2]],
  [5, 10, [0, 3, 1, 4, 2]],
  [10, 3, [0, 6, 2]],
  [10, 4, [0, 3, 4, 2]],
  [10, 10, [0, 5, 8, 3, 6, 1, 4, 9, 7, 2]],
  [11, 4, [0, 8, 1, 2]],
  [11, 10, [0, 5, 8, 3, 6, 1, 4, 9, 7, 2]],
  [23, 3, [0, 13, 22]],
  [23, 4, [0, 3, 6, 22]],
  [23, 10, [0, 10, 3, 21, 11, 1, 19, 9, 12, 22]],
  [23, 20, [0, 15, 5, 3, 18, 13, 21, 16, 11, 6, 1, 4, 19, 14, 9, 17, 12, 7, 2, 22]],
])('of %i points, %i are those that MLflow takes', (count, max, expected) => {
  const all = points(count);
  const sampled = sample(columns(all), max);
  expect(Array.from(sampled.values, (_, i) => ({ key: 'k', ...placeAt(sampled, i) }))).toEqual(
    expected.map((i) => all[i]),
  );
});

test('a sample is a part of the points in order by step, as many as asked, the first and the last among them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 400 }), fc.integer({ min: 2, max: 50 }), (count, max) => {
      const all = points(count);
      const sampled = sample(columns(all), max);
      const places = Array.from(sampled.values, (_, i) => placeAt(sampled, i));
      expect(places).toHaveLength(Math.min(count, max));
      const ordered = all.toSorted(
        (a, b) => a.step - b.step || a.timestamp - b.timestamp || (a.value || 0) - (b.value || 0),
      );
      const ranks = places.map((p) =>
        ordered.findIndex(
          (o) => o.step === p.step && o.timestamp === p.timestamp && Object.is(o.value, p.value),
        ),
      );
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      expect(ranks.includes(-1)).toBe(false);
      expect([ranks[0], ranks.at(-1)]).toEqual([0, count - 1]);
    }),
  );
});
