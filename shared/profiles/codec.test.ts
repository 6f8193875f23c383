import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { decodeProfile, encodeProfile } from './codec.ts';
import { countDistinct } from './distinct.ts';
import { edges, key, table } from './golden/profile-1.ts';
import { profileOf } from './profile.ts';

const file = new URL('golden/profile-1.profile', import.meta.url);
const profile = () => ({ ...profileOf(table, key, edges), parts: ['00112233445566ff.profile "0x1"'] });
if (process.env['CAIRN_GOLDEN'] === 'write') await writeFile(file, encodeProfile(profile()));

describe('format 1 of profiles', () => {
  test('what is written now is byte for byte what the first release wrote', async () => {
    expect(Buffer.from(encodeProfile(profile()))).toEqual(await readFile(file));
  });

  test('a profile of the first release is read as it was meant', async () => {
    const read = decodeProfile(await readFile(file));
    expect(read).toEqual(profile());
    expect(read.rows).toBe(4);
    expect(read.logged).toEqual([
      { buffer: '00112233445566ff', first: 0, rows: 3 },
      { buffer: 'aaaaaaaaaaaaaaaa', first: 500, rows: 1 },
    ]);
    // Below −1; [−1, 0), [0, ½), [½, 2); 2 itself; above.
    expect(read.features.get('höhe')).toMatchObject({
      counts: Float64Array.of(0, 1, 0, 1, 1, 0),
      sums: Float64Array.of(0, -1, 0, 0.75, 2, 0),
      moments: { count: 3, min: -1, max: 2 },
      missing: { nans: 1, nulls: 0 },
    });
    expect(read.features.get('length')).toMatchObject({
      counts: Float64Array.of(2),
      missing: { positiveInfinities: 1, typeErrors: 1 },
    });
    expect(read.features.get('secret')).toMatchObject({ missing: { hidden: 4 } });
    expect(read.features.get('unasked')).toMatchObject({ missing: { absent: 4 } });
    const town = read.features.get('town');
    expect(town).toMatchObject({
      counts: new Map([
        ['Köln', 2],
        ['Zürich', 1],
      ]),
      other: 0,
      unseen: 1,
      missing: { nulls: 1 },
    });
    expect(town?.kind === 'categorical' && Math.round(countDistinct(town.distinct))).toBe(2);
    expect([...read.classes.keys()]).toEqual(['no', 'yes']);
    expect(read.classes.get('no')?.counts[1024]).toBe(1);
    expect(read.classes.get('yes')?.counts[1]).toBe(1);
    expect(read.classes.get('yes')?.counts[513]).toBe(1);
    expect(read.scores.counts).toEqual(Float64Array.of(0, 1, 0, 0));
    expect(read.sample.map(({ hash, row }) => [hash, row])).toEqual([
      [1, 500],
      [0xa07f4b7b, 2],
      [0xc8b35191, 1],
      [0xcbe3312a, 0],
    ]);
  });

  test('another format is refused and named, and a file that is broken or none is not misread', async () => {
    const bytes = await readFile(file);
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    };
    expect(() => decodeProfile(changed(4, 2))).toThrow(/format '2', which this release does not read/);
    expect(() => decodeProfile(changed(0, 0))).toThrow('not a profile');
    expect(() => decodeProfile(changed(60, bytes[60] ^ 1))).toThrow('not as it was written');
    expect(() => decodeProfile(bytes.subarray(0, bytes.length - 1))).toThrow('not as it was written');
    expect(() => decodeProfile(Buffer.alloc(3))).toThrow('not a profile');
  });
});
