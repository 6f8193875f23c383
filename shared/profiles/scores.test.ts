import { expect, test } from 'vitest';
import { countScores, scoreBins } from './scores.ts';

const binOf = (score: number) =>
  countScores(['yes'], [score])
    .get('yes')
    ?.counts.findIndex((count) => count === 1);

test('scores are counted between 0 and 1, also those that float32 rounded beyond', () => {
  expect([0, 0.5, 1 - 1e-9, 1].map(binOf)).toEqual([1, 1 + scoreBins / 2, scoreBins, scoreBins]);
  const rounded = Math.fround(1 + 2 ** -23);
  expect(rounded).toBeGreaterThan(1);
  expect([rounded, 1.000_000_1, 1.000_000_9].map(binOf)).toEqual([scoreBins, scoreBins, scoreBins]);
  expect([-1e-9, -0.000_000_9, -0].map(binOf)).toEqual([1, 1, 1]);
  expect([-0.000_002, -1, 1.000_002, 2, Infinity].map(binOf)).toEqual([
    0,
    0,
    scoreBins + 1,
    scoreBins + 1,
    scoreBins + 1,
  ]);
});
