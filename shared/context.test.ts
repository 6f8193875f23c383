import { expect, test } from 'vitest';
import { randomIds } from './context.ts';

test('random ids have the bytes that were asked for, and are never the same', () => {
  const sizes = [1, 8, 16, 4095, 4096, 5000];
  for (const bytes of sizes) expect(randomIds.hex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
  const ids = Array.from({ length: 3_000 }, () => randomIds.hex(8));
  expect(new Set(ids).size).toBe(ids.length);
  // What a page still has when more is asked for is left out: no id is cut, none is of zeros.
  for (const id of ids) expect(id).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
});
