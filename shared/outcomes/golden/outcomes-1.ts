import { outcomeOf } from '../outcome.ts';
import type { HourOutcomes } from '../codec.ts';

const hour = '2026010203';
const id = (row: number) => `${hour}-00112233445566ff-${row}-00000000`;
const row = (at: number, predicted: string | null, score: number | null, label: string | number) => ({
  predictionId: id(at),
  at: 1_767_322_800_000 + at,
  predicted,
  score,
  label,
});

/** What `outcomes-1.outcomes` was made of. */
export const outcomes: HourOutcomes = {
  hour,
  madeOf: '00112233445566778899aabbccddeeff',
  unmatched: 3,
  byDigest: new Map([
    [
      `sha256:${'ab'.repeat(32)}`,
      outcomeOf(hour, 9, [
        row(2, 'ja', 1, 'ja'),
        row(0, 'ja', 0.75, 'nein'),
        row(1, 'nein', null, 'größer'),
        row(3, '1', 0, 1),
      ]),
    ],
    [
      `sha256:${'cd'.repeat(32)}`,
      outcomeOf(hour, 5, [
        row(0, null, 2, 2),
        row(1, null, 1.5, 0),
        row(2, null, -3, '1'),
        row(3, null, 4, 'text'),
      ]),
    ],
  ]),
};
