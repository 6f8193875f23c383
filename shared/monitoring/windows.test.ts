import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSettled, latestWindow, nextCheckAt, settleSeconds } from './windows.ts';

const hour = 3_600_000;
const at = Date.UTC(2026, 0, 5, 12, 0, 0);
const hourly = { windowSeconds: 3600, everySeconds: 3600 };

test('the window of an hour is checked a minute after the hour, not before', () => {
  expect(latestWindow(hourly, at + 59_999)).toEqual({ from: at - 2 * hour, to: at - hour });
  expect(latestWindow(hourly, at + 60_000)).toEqual({ from: at - hour, to: at });
  expect(nextCheckAt(3600, at + 59_999)).toBe(at + 60_000);
  expect(nextCheckAt(3600, at + 60_000)).toBe(at + hour + 60_000);
});

test('a window may be longer than the distance between two', () => {
  expect(latestWindow({ windowSeconds: 86_400, everySeconds: 3600 }, at + 120_000)).toEqual({
    from: at - 24 * hour,
    to: at,
  });
});

test('each check finds the next window of the grid, settled: none is skipped and none comes twice', () => {
  const seconds = fc.integer({ min: 60, max: 100_000 });
  fc.assert(
    fc.property(seconds, seconds, fc.integer({ min: 0, max: at }), (windowSeconds, everySeconds, now) => {
      const grid = { windowSeconds, everySeconds };
      const before = latestWindow(grid, now);
      const due = nextCheckAt(everySeconds, now);
      const window = latestWindow(grid, due);
      expect(due).toBeGreaterThan(now);
      expect(window.to).toBe(before.to + everySeconds * 1000);
      expect(window.to - window.from).toBe(windowSeconds * 1000);
      expect(isSettled(window, due)).toBe(true);
      expect(isSettled(window, due - 1)).toBe(false);
      expect(due - window.to).toBe(settleSeconds * 1000);
    }),
  );
});
