import fc from 'fast-check';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { describe, expect, test } from 'vitest';
import { unpackers } from './unpack.ts';

const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.integer({ min: 1, max: 40 })), {
    maxLength: 12,
  })
  .map((pieces) =>
    Buffer.concat(pieces.flatMap(([piece, times]) => Array.from({ length: times }, () => piece))),
  );

describe('Snappy', () => {
  test('comes out as it went in', () => {
    fc.assert(
      fc.property(repetitive, (bytes) => {
        const unpacked = unpackers.SNAPPY(snappyCompress(bytes), bytes.length);
        expect(Buffer.from(unpacked).equals(bytes)).toBe(true);
      }),
    );
  });

  test('literals and copies of every length and distance are read', () => {
    const far = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7919) >> 5));
    const literal = Buffer.concat([Buffer.from([62 << 2, ...[0x6f, 0x11, 0x01]]), far]);
    const copy = Buffer.from([((4 - 1) << 2) | 3, 0x70, 0x11, 0x01, 0x00]);
    const packed = Buffer.concat([Buffer.from([0xf4, 0xa2, 0x04]), literal, copy]);
    const unpacked = unpackers.SNAPPY(packed, 70_004);
    expect(Buffer.from(unpacked).equals(Buffer.concat([far, far.subarray(0, 4)]))).toBe(true);
  });
});

describe('LZ4', () => {
  test('literals, overlapping copies and long lengths are read', () => {
    // 'ab' once, then 300 bytes of what lies two back, then a last literal.
    const packed = Buffer.from([0x2f, 0x61, 0x62, 2, 0, 255, 26, 0x30, 0x78, 0x79, 0x7a]);
    const expected = `ab${'ab'.repeat(150)}xyz`;
    expect(Buffer.from(unpackers.LZ4_RAW(packed, expected.length)).toString()).toBe(expected);
  });
});

describe('whatever the bytes are', () => {
  test.each(['SNAPPY', 'LZ4_RAW', 'GZIP', 'ZSTD', 'BROTLI'] as const)(
    '%s gives as many as were announced or an error, and always ends',
    (codec) => {
      const bytes = fc.uint8Array({ maxLength: 200 });
      fc.assert(
        fc.property(bytes, fc.integer({ min: 0, max: 400 }), (packed, length) => {
          const lengthOrError = () => {
            try {
              return unpackers[codec](packed, length).length;
            } catch (error) {
              return error instanceof Error ? 'an error' : error;
            }
          };
          expect(lengthOrError()).toBeOneOf([length, 'an error']);
        }),
      );
    },
  );

  test('a Snappy literal whose length has its highest bit set is refused, not read for ever', () => {
    const packed = Uint8Array.of(1, 63 << 2, 0xf0, 0xff, 0xff, 0xff, 0, 0, 0, 0);
    expect(() => unpackers.SNAPPY(packed, 1)).toThrow('does not unpack');
  });
});
