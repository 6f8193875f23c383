import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitsPort, parseBody, tensorOf } from './fill.ts';
import type { ElementType, Port } from '../sessions/index.ts';

const port = (type: ElementType, shape: Port['shape']): Port => ({ name: 'x', type, shape });

describe('tensors from JSON', () => {
  test('nested and flat data are the same tensor', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 4 }), (rows, columns) => {
        const table = Array.from({ length: rows }, (_row, r) =>
          Array.from({ length: columns }, (_column, c) => r * 10 + c),
        );
        const dims = [rows, columns];
        const flat = tensorOf(port('int32', ['n', columns]), dims, table.flat());
        expect(tensorOf(port('int32', ['n', columns]), dims, table)).toEqual(flat);
        expect(Array.from(flat.data as Int32Array)).toEqual(table.flat());
      }),
    );
  });

  test.each<[string, number[], unknown[]]>([
    ['too few elements', [2, 2], [1, 2, 3]],
    ['too many elements', [2, 2], [1, 2, 3, 4, 5]],
    ['ragged rows', [2, 2], [[1, 2], [3]]],
    [
      'a row too deep',
      [2, 2],
      [
        [1, 2],
        [3, [4]],
      ],
    ],
    ['mixed nesting', [2, 2], [[1, 2], 3]],
    ['transposed nesting', [2, 1], [[1, 2]]],
    ['a promise of more memory than there is', [0x7fffffff, 0x7fffffff], [1]],
    ['the same promise, nested', [2, 0x7fffffff], [[1], [1]]],
    ['a lone null', [2, 2], [1, 2, 3, null]],
  ])('%s is refused before anything is allocated', (_, dims, data) => {
    expect(() => tensorOf(port('float32', ['n', 'm']), dims, data)).toThrow(
      expect.objectContaining({ code: 'invalid', field: 'x' }) as Error,
    );
  });

  test('sizes that are negative, fractional, huge or of another rank do not fit', () => {
    const of = (...dims: number[]) => fitsPort(port('float32', ['n', 4]), dims);
    expect(of(1, 4) && of(0, 4)).toBe(true);
    for (const dims of [[-1, 4], [1.5, 4], [2 ** 31, 4], [Number.NaN, 4], [1, 3], [4], [1, 4, 1], []])
      expect({ dims, fits: of(...dims) }).toEqual({ dims, fits: false });
  });

  test('64-bit integers keep every digit where an input needs them', () => {
    const text = '{"data":[9223372036854775807,-9223372036854775808,1]}';
    const body = parseBody(text, { isWide: true }).value as { data: unknown[] };
    expect(tensorOf(port('int64', ['n']), [3], body.data).data).toEqual(
      BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 1n),
    );
  });

  test('NaN and the infinities are read as Python writes them, and left alone within text', () => {
    const text = String.raw`{"NaN": [NaN, -Infinity, Infinity], "a \"NaN": "Infinity\\"}`;
    expect(parseBody(text, { isWide: true })).toEqual({
      value: { NaN: [null, -Infinity, Infinity], 'a "NaN': 'Infinity\\' },
      hasNaN: true,
    });
    expect(parseBody('[-Infinity]', { isWide: false })).toEqual({ value: [-Infinity], hasNaN: false });
    for (const malformed of ['{"a": NaNs}', '[NaN', '["NaN]', 'Inf', '"\\', 'NaN"'])
      expect(() => parseBody(malformed, { isWide: false })).toThrow(SyntaxError);
  });

  test('what is not JSON is found out in time that grows with it', () => {
    const begun = process.cpuUsage();
    for (const part of ['"\\', '\\', '\\"', '"', 'NaN', '-Infinity'])
      expect(() => parseBody(`"${part.repeat(2 ** 20)}`, { isWide: false })).toThrow(SyntaxError);
    expect(process.cpuUsage(begun).user / 1e6).toBeLessThan(10);
  });
});
