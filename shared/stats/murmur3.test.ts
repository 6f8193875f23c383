import { expect, test } from 'vitest';
import { murmur3 } from './murmur3.ts';

test.each([
  ['', 0, 0],
  ['', 1, 0x514e28b7],
  ['', 0xffffffff, 0x81f16f39],
  ['ffffffff', 0, 0x76293b50],
  ['21436587', 0, 0xf55b516b],
  ['21436587', 0x5082edee, 0x2362f9de],
  ['214365', 0, 0x7e4a8634],
  ['2143', 0, 0xa0f7b07a],
  ['21', 0, 0x72661cf4],
  ['00000000', 0, 0x2362f9de],
  [Buffer.from('The quick brown fox jumps over the lazy dog').toString('hex'), 0x9747b28c, 0x2fa826cd],
])('the bytes %s hash by seed %i as those of the reference implementation do', (hex, seed, hash) => {
  expect(murmur3(Buffer.from(hex, 'hex'), seed)).toBe(hash);
});
