import { getHeapSpaceStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { withLittleRoom } from './heap.ts';

const room = () => getHeapSpaceStatistics().find((each) => each.space_name === 'new_space')?.space_size ?? 0;

/** Makes objects of which many stay for a while, as modules that are loaded do. */
function makeMany(): number {
  let kept: object[] = [];
  for (let made = 0; made < 3_000_000; made++) {
    kept.push({ made });
    if (kept.length > 300_000) kept = [];
  }
  return kept.length;
}

test('the room for new objects is little while work is done, however large it was, and may grow behind it', async () => {
  makeMany();
  const before = room();
  const during = await withLittleRoom(async () => {
    makeMany();
    return Promise.resolve(room());
  });
  makeMany();
  // V8 may take some more for a moment.
  const little = 16 * 1024 * 1024;
  expect(during).toBeLessThanOrEqual(little);
  expect(before).toBeGreaterThan(little);
  expect(room()).toBeGreaterThan(little);
});

test('what the work gives or throws is told', async () => {
  expect(await withLittleRoom(() => Promise.resolve(7), { isWasteful: true })).toBe(7);
  await expect(withLittleRoom(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
