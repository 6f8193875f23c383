import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  columnsByKey,
  compareValues,
  countUpTo,
  packed,
  placeAt,
  pointBytesMax,
  slice,
  union,
  unpacked,
  without,
  type Columns,
  type Place,
} from './points.ts';

const integer = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 63, 64, 127, 128, 8191, 8192, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);
const place: fc.Arbitrary<Place> = fc.record({
  timestamp: integer.map(Math.abs),
  step: integer,
  value: fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, Number.NaN, Infinity, -Infinity)),
});
const places = fc.array(place, { maxLength: 60 });

/** The same set of points as plain objects, by the rule and not by the code. */
function model(points: readonly Place[]): Place[] {
  const distinct = new Map(points.map((p) => [JSON.stringify([p.timestamp, p.step, String(p.value)]), p]));
  const rank = (v: number) => (Number.isNaN(v) ? 0 : v);
  return [...distinct.values()]
    .map((p) => ({ timestamp: p.timestamp + 0, step: p.step + 0, value: p.value + 0 }))
    .toSorted(
      (a, b) =>
        a.timestamp - b.timestamp ||
        a.step - b.step ||
        (rank(a.value) < rank(b.value) ? -1 : rank(a.value) > rank(b.value) ? 1 : 0) ||
        Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)),
    );
}

function columns(points: readonly Place[]): Columns {
  return columnsByKey(points.map((p) => ({ ...p, key: 'k' }))).get('k') ?? union([]);
}

function plain(of: Columns): Place[] {
  return Array.from(of.values, (_, i) => placeAt(of, i));
}

describe('columns', () => {
  test('hold each point once, in order', () => {
    fc.assert(
      fc.property(places, (points) => {
        expect(plain(columns(points))).toEqual(model(points));
      }),
    );
  });

  test('unite as sets do', () => {
    fc.assert(
      fc.property(fc.array(places, { maxLength: 5 }), (parts) => {
        expect(plain(union(parts.map(columns)))).toEqual(model(parts.flat()));
      }),
    );
  });

  test('subtract as sets do', () => {
    fc.assert(
      fc.property(places, fc.array(places, { maxLength: 3 }), (points, others) => {
        const taken = new Set(model(others.flat()).map((p) => JSON.stringify([p, String(p.value)])));
        expect(plain(without(columns([...points, ...(others[0] ?? [])]), others.map(columns)))).toEqual(
          model([...points, ...(others[0] ?? [])]).filter(
            (p) => !taken.has(JSON.stringify([p, String(p.value)])),
          ),
        );
      }),
    );
  });

  test('are cut behind any place', () => {
    fc.assert(
      fc.property(places, place, (points, at) => {
        const all = columns(points);
        const count = countUpTo(all, at);
        expect(plain(union([slice(all, 0, count), columns([at])]))).toEqual(
          model([...plain(slice(all, 0, count)), at]),
        );
        expect(plain(slice(all, count)).every((p) => model([p, at])[0] !== p)).toBe(true);
      }),
    );
  });

  test('pack and unpack to the same, each point within its bound', () => {
    fc.assert(
      fc.property(places, (points) => {
        const all = columns(points);
        const text = packed(all);
        expect(plain(unpacked(text))).toEqual(plain(all));
        expect(Buffer.from(text, 'base64').length).toBeLessThanOrEqual(8 + all.values.length * pointBytesMax);
      }),
    );
  });

  test('take 11 bytes a point where points come evenly', () => {
    const evenly = Array.from({ length: 1000 }, (_, step) => ({
      timestamp: 1_700_000_000_000 + step * 1000 + (step % 7),
      step,
      value: Math.sin(step),
    }));
    expect(Buffer.from(packed(columns(evenly)), 'base64').length / 1000).toBeCloseTo(11, 1);
  });
});

test('a NaN has the place of a zero, behind it', () => {
  expect([Infinity, Number.NaN, 0, 1, -Infinity, -1].toSorted(compareValues)).toEqual([
    -Infinity,
    -1,
    0,
    Number.NaN,
    1,
    Infinity,
  ]);
});
