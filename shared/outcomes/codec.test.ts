import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { decodeOutcomes, encodeOutcomes } from './codec.ts';
import { outcomes } from './golden/outcomes-1.ts';

const file = new URL('golden/outcomes-1.outcomes', import.meta.url);
if (process.env['CAIRN_GOLDEN'] === 'write') await writeFile(file, encodeOutcomes(outcomes));

describe('format 1 of outcomes', () => {
  test('what is written now is byte for byte what the first release wrote', async () => {
    expect(Buffer.from(encodeOutcomes(outcomes))).toEqual(await readFile(file));
  });

  test('outcomes of the first release are read as they were meant', async () => {
    const read = decodeOutcomes(await readFile(file));
    expect(read).toEqual(outcomes);
    expect([read.hour, read.unmatched]).toEqual(['2026010203', 3]);
    const [classes, numbers] = [...read.byDigest.values()];
    expect(classes).toMatchObject({ rows: 9, labelled: 4, unusable: 0, numbers: null });
    expect(classes?.classes?.correct).toBe(2);
    expect(classes?.classes?.confusion).toEqual(
      new Map([
        [
          'ja',
          new Map([
            ['ja', 1],
            ['nein', 1],
          ]),
        ],
        ['nein', new Map([['größer', 1]])],
        ['1', new Map([['1', 1]])],
      ]),
    );
    expect(classes?.errors).toEqual([
      { hour: '2026010203', every: 1, kind: 'classes', values: Uint8Array.of(1, 1, 0, 0) },
    ]);
    expect(numbers).toMatchObject({ rows: 5, labelled: 3, unusable: 1, classes: null });
    // Errors 0, 1.5 and −4 of the labels 2, 0 and 1.
    expect(numbers?.numbers).toEqual({
      count: 3,
      sum: -2.5,
      absolute: 5.5,
      squares: 18.25,
      relative: 4,
      relatives: 2,
      labels: 3,
      labelSquares: 5,
      histogram: new Map([
        [0, 1],
        [1 + 512 + 4, 1],
        [-(1 + 512 + 16), 1],
      ]),
    });
    expect(numbers?.errors[0]?.values).toEqual(Float32Array.of(0, 1.5, 4));
  });

  test('another format is refused and named, and a file that is broken or none is not misread', async () => {
    const bytes = await readFile(file);
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    };
    expect(() => decodeOutcomes(changed(4, 2))).toThrow(/format '2', which this release does not read/);
    expect(() => decodeOutcomes(changed(0, 0))).toThrow('no outcomes');
    expect(() => decodeOutcomes(changed(60, bytes[60] ^ 1))).toThrow('not as they were written');
    expect(() => decodeOutcomes(bytes.subarray(0, bytes.length - 1))).toThrow('not as they were written');
    expect(() => decodeOutcomes(Buffer.alloc(3))).toThrow('no outcomes');
  });
});
