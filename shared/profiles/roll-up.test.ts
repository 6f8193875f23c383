import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { edges, key, table } from './golden/profile-1.ts';
import { profileOf } from './profile.ts';
import { decodeRollUp, encodeRollUp, type RollUp } from './roll-up.ts';

const file = new URL('golden/roll-up-1.profiles', import.meta.url);
const profile = profileOf(table, key, edges);
const rollUp: RollUp = {
  span: '2026010203',
  madeAt: 1_767_326_400_000,
  sources: ['00112233445566ff "0x1"', 'größe "0x2"'],
  uncounted: { parts: 3, versions: ['m/7'] },
  profiles: [profile, { ...profile, key: { ...key, source: 'mirror' } }],
};
if (process.env['CAIRN_GOLDEN'] === 'write') await writeFile(file, encodeRollUp(rollUp));

describe('format 1 of roll-ups', () => {
  test('what is written now is byte for byte what the first release wrote, and read as it was meant', async () => {
    const bytes = await readFile(file);
    expect(Buffer.from(encodeRollUp(rollUp))).toEqual(bytes);
    expect(decodeRollUp(bytes)).toEqual(rollUp);
    expect(decodeRollUp(bytes, ({ source }) => source === 'mirror')).toEqual({
      ...rollUp,
      profiles: rollUp.profiles.slice(1),
    });
  });

  test('another format is refused and named, and a file that is broken or none is not misread', async () => {
    const bytes = await readFile(file);
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    };
    expect(() => decodeRollUp(changed(4, 2))).toThrow(/format '2', which this release does not read/);
    expect(() => decodeRollUp(changed(0, 0))).toThrow('not a roll-up');
    expect(() => decodeRollUp(changed(30, bytes[30] ^ 1))).toThrow('not as it was written');
    expect(() => decodeRollUp(changed(bytes.length - 1, bytes[bytes.length - 1] ^ 1))).toThrow(
      'not as it was written',
    );
    expect(() => decodeRollUp(bytes.subarray(0, bytes.length - 1))).toThrow(RangeError);
    expect(() => decodeRollUp(Buffer.alloc(3))).toThrow('not a roll-up');
  });
});
