import { expect, test } from 'vitest';
import { pollDelay } from './queue.ts';

test('the wait between fruitless polls doubles from 100 ms, varies by a fifth, and is bounded', () => {
  const waits = (random: number) => [1, 2, 3, 4, 20, 1000].map((empty) => pollDelay(empty, 60_000, random));
  expect(waits(0.5)).toEqual([100, 200, 400, 800, 60_000, 60_000]);
  expect(waits(0)).toEqual([100, 160, 320, 640, 60_000, 60_000]);
  expect(waits(1).map(Math.round)).toEqual([100, 240, 480, 960, 60_000, 60_000]);
});
