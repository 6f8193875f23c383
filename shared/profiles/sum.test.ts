import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { edgeSetOf } from './edges.ts';
import { mergeProfiles, type ProfileKey, profileOf, type RowTable } from './profile.ts';
import { decodeRollUp, encodeRollUp } from './roll-up.ts';
import { segmentationOf, segmentNames, segmentProfiles } from './segments.ts';
import { ProfileSum } from './sum.ts';

type Row = { readonly x: number | null; readonly town: string | null; readonly class: string | null };

const edges = edgeSetOf([
  { name: 'town', cells: ['a', 'b'] },
  { name: 'x', cells: Array.from({ length: 300 }, (_, i) => Math.sin(i)) },
]);
const key: ProfileKey = {
  digest: 'sha256:00',
  edgeSet: edges.id,
  source: 'realtime',
  segment: '',
  hour: '2026010203',
};

function tableOf(rows: readonly Row[], first = 0): RowTable {
  const ids = rows.map(
    (_, i) =>
      `2026010203-0011223344556677-${first + i}-${(Math.imul(first + i + 1, 0x9e37_79b1) >>> 0).toString(16)}`,
  );
  const columns: Record<string, readonly (string | number | null)[]> = {
    predictionId: ids,
    'in.x': rows.map(({ x }) => x),
    'in.town': rows.map(({ town }) => town),
    score: rows.map(({ x }) => x),
    class: rows.map((each) => each.class),
  };
  return {
    rows: rows.length,
    columns: Object.keys(columns),
    column: (name) => columns[name] ?? [],
    hidden: new Map(),
  };
}

const row: fc.Arbitrary<Row> = fc.record({
  x: fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), fc.constant(null)),
  town: fc.constantFrom('a', 'b', 'c', null),
  class: fc.constantFrom('yes', 'no', null),
});
const parts = fc.array(fc.array(row, { maxLength: 20 }), { minLength: 1, maxLength: 6 });

/** The profiles of parts, one behind the other. */
function profilesOf(some: readonly (readonly Row[])[]) {
  let first = 0;
  return some.map((rows) => {
    const profile = profileOf(tableOf(rows, first), key, edges);
    first += rows.length;
    return profile;
  });
}

describe('a sum of profiles', () => {
  test('is to the last bit what merging them one after the other gives, and changes none of them', () => {
    fc.assert(
      fc.property(parts, (some) => {
        const [all, untouched] = [profilesOf(some), profilesOf(some)];
        const sum = new ProfileSum(key, { withPlaces: true });
        for (const profile of all) sum.add(profile);
        expect(sum.profile).toEqual(untouched.reduce(mergeProfiles));
        expect(all).toEqual(untouched);
        const bare = new ProfileSum(key, { withPlaces: false });
        for (const profile of all) bare.add(profile);
        expect(bare.profile).toEqual({ ...sum.profile, logged: [], sample: [] });
      }),
      { numRuns: 100 },
    );
  });

  test('is of one version, edge set, source and segment, of any hours', () => {
    const [profile] = profilesOf([[{ x: 1, town: 'a', class: null }]]);
    if (!profile) throw new Error('There is one.');
    const sum = new ProfileSum({ ...key, hour: '20260102' }, { withPlaces: false });
    sum.add(profile);
    sum.add({ ...profile, key: { ...key, hour: '2026010204' } });
    expect(sum.profile).toMatchObject({ key: { hour: '20260102' }, rows: 2 });
    for (const other of [{ digest: 'x' }, { edgeSet: 'x' }, { source: 'batch' as const }, { segment: 'x' }])
      expect(() => sum.add({ ...profile, key: { ...key, ...other } })).toThrow('cannot be added');
  });
});

describe('segments', () => {
  const split = segmentationOf({ column: 'town', values: ['b', 'a', 'b'] });

  test('are of the values in any order, and of all other rows', () => {
    expect(split).toEqual(segmentationOf({ column: 'town', values: ['a', 'b'] }));
    expect(segmentNames(split)).toEqual(['town=a', 'town=b', '*']);
    expect(segmentationOf({ column: 'x', values: ['a', 'b'] }).id).not.toBe(split.id);
    for (const values of [[], Array.from({ length: 21 }, (_, i) => `v${i}`), ['x'.repeat(129)]])
      expect(() => segmentationOf({ column: 'town', values })).toThrow('1 to 20 values');
  });

  test('add up to the whole', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        const profiles = segmentProfiles(tableOf(rows), key, edges, split);
        for (const { key: of, rows: count } of profiles) {
          const value = of.segment === '*' ? undefined : of.segment.slice(-1);
          const own = rows.filter(({ town }) =>
            value === undefined ? town !== 'a' && town !== 'b' : town === value,
          );
          expect(count).toBe(own.length);
        }
        const whole = profileOf(tableOf(rows), key, edges);
        const sum = new ProfileSum(key, { withPlaces: false });
        for (const profile of profiles) sum.add({ ...profile, key });
        const counts = (of: typeof whole) =>
          [...of.features.values()].map((each) =>
            each.kind === 'numeric' ? [each.counts, each.missing] : [new Map(each.counts), each.unseen],
          );
        expect(counts(sum.profile)).toEqual(counts(whole));
        expect(sum.rows).toBe(rows.length);
      }),
      { numRuns: 100 },
    );
  });

  test('of a column of numbers are told by what float32 makes of them, and of a hidden one not at all', () => {
    const byX = segmentationOf({ column: 'x', values: ['0.1', '7', ' '] });
    const rows = [0.1, Math.fround(0.1), 7, 8].map((x): Row => ({ x, town: null, class: null }));
    const found = (table: RowTable) =>
      segmentProfiles(table, key, edges, byX).map(({ key: { segment }, rows: count }) => [segment, count]);
    expect(found(tableOf(rows))).toEqual([
      ['*', 1],
      ['x=0.1', 2],
      ['x=7', 1],
    ]);
    expect(found({ ...tableOf(rows), hidden: new Map([['in.x', true]]) })).toEqual([['*', 4]]);
  });
});

describe('roll-ups', () => {
  test('come back from their bytes, whole or with the profiles that are wanted', () => {
    fc.assert(
      fc.property(parts, fc.array(fc.string()), (some, sources) => {
        const profiles = profilesOf(some).map((profile, i) => ({
          ...profile,
          key: { ...key, segment: `town=${i}` },
        }));
        const rollUp = {
          span: '2026010203',
          madeAt: 1_767_322_800_000,
          sources: sources.map((text) => text.toWellFormed()),
          uncounted: { parts: 2, versions: ['m/1'] },
          profiles,
        };
        const bytes = encodeRollUp(rollUp);
        expect(decodeRollUp(bytes)).toEqual(rollUp);
        const last = decodeRollUp(bytes, ({ segment }) => segment === `town=${some.length - 1}`);
        expect(last.profiles).toEqual(profiles.slice(-1));
      }),
      { numRuns: 50 },
    );
  });
});
