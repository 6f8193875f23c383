import { expect, test } from 'vitest';
import { isFoldDue } from './fold.ts';

/** The calls at which a run is due that logs so many points with each. */
function due(runId: string, points: number, calls = 640): number[] {
  return Array.from({ length: calls }, (_, i) => i).filter((i) =>
    isFoldDue(runId, [i, i * points], [i + 1, (i + 1) * points]),
  );
}

test('a run is due every 64 calls, or every 32768 points where these come sooner', () => {
  expect(due('0'.repeat(32), 1)).toEqual([63, 127, 191, 255, 319, 383, 447, 511, 575, 639]);
  const many = due('0'.repeat(32), 1024, 64);
  expect(many).toEqual([31, 63]);
});

test('runs that log at one beat are due at different calls', () => {
  const first = Array.from({ length: 64 }, (_, i) => due((i * 1024).toString(16).padStart(32, '0'), 1)[0]);
  expect(new Set(first).size).toBe(64);
});
