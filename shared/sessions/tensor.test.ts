import { describe, expect, test } from 'vitest';
import { elementOf, type ElementType } from './tensor.ts';

describe('elements', () => {
  test.each<[ElementType, unknown[], unknown[]]>([
    ['bool', [true, false], [0, 1, 'true', null]],
    ['uint8', [0, 255], [-1, 256, 1.5, '1', null, true]],
    ['int8', [-128, 127], [-129, 128]],
    ['uint16', [65535], [65536, -1]],
    ['int16', [-32768, 32767], [32768]],
    ['uint32', [4294967295], [4294967296, -1]],
    ['int32', [-2147483648, 2147483647], [2 ** 40, 1.7]],
    ['int64', [0, -(2 ** 53) + 1, 2n ** 63n - 1n, -(2n ** 63n)], [2 ** 53, 2n ** 63n, 0.5, '1']],
    ['uint64', [0, 2n ** 64n - 1n], [-1, 2n ** 64n, -1n]],
    [
      'float32',
      [0, -0, 3.4e38, 1e-46, 5n, Number.NEGATIVE_INFINITY],
      [1e39, 10n ** 400n, Number.NaN, 'x', true, [1]],
    ],
    ['float64', [1e308, 0.1, Number.POSITIVE_INFINITY], [10n ** 400n, '0', {}]],
    ['string', ['', 'å😀', '\n'], ['a\0b', 1, null, true]],
  ])('%s takes what fits it and nothing that would be changed by storing it', (type, good, bad) => {
    for (const value of good)
      expect({ value, element: elementOf(type, value) }).not.toHaveProperty('element', undefined);
    for (const value of bad)
      expect({ value, element: elementOf(type, value) }).toHaveProperty('element', undefined);
  });
});
