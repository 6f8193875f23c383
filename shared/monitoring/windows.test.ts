import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSettled, latestWindow, nextCheckAt, settleSeconds } from './windows.ts';

const hour = 3_600_000;
const at = Date.UTC(2026, 0, 5, 12, 0, 0);
const hourly = { windowSeconds: 3600, everySeconds: 3600, offsetSeconds: 0 };

test('the window of an hour is checked a minute after the hour, not before', () => {
  expect(latestWindow(hourly, at + 59_999)).toEqual({ from: at - 2 * hour, to: at - hour });
  expect(latestWindow(hourly, at + 60_000)).toEqual({ from: at - hour, to: at });
  expect(nextCheckAt(hourly, at + 59_999)).toBe(at + 60_000);
  expect(nextCheckAt(hourly, at + 60_000)).toBe(at + hour + 60_000);
});

test('a window may be longer than the distance between two', () => {
  expect(latestWindow({ ...hourly, windowSeconds: 86_400 }, at + 120_000)).toEqual({
    from: at - 24 * hour,
    to: at,
  });
});

test('each check finds the next window of the grid, settled: none is skipped and none comes twice', () => {
  const seconds = fc.integer({ min: 60, max: 100_000 });
  const late = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(fc.tuple(seconds, seconds, late), fc.integer({ min: 0, max: at }), (grid_, now) => {
      const [windowSeconds, everySeconds, offsetSeconds] = grid_;
      const grid = { windowSeconds, everySeconds, offsetSeconds };
      const before = latestWindow(grid, now);
      const due = nextCheckAt(grid, now);
      const window = latestWindow(grid, due);
      expect(due).toBeGreaterThan(now);
      expect(window.to).toBe(before.to + everySeconds * 1000);
      expect(window.to - window.from).toBe(windowSeconds * 1000);
      expect(isSettled(window, due)).toBe(true);
      expect(isSettled(window, window.to + settleSeconds * 1000 - 1)).toBe(false);
      expect(due - window.to).toBe((settleSeconds + offsetSeconds) * 1000);
    }),
  );
});
