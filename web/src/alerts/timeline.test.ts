import { expect, test } from 'vitest';
import { headingOf, partsOf } from './timeline.ts';

const entry = (kind: string, text: string, by?: string) => ({
  at: 0,
  kind,
  text,
  ...(by === undefined ? {} : { by }),
});

test('tells what happened in words, with its times apart', () => {
  expect(
    partsOf(entry('opened', 'feature-drift: drifted-share 0.66666666667 (at most 0.3), version 3')),
  ).toEqual(['Feature drift: drifted share 0.6667 (at most 0.3), version 3']);
  expect(partsOf(entry('silenced', 'Not told until 2026-03-02T02:00:00.000Z: latency.', 'ann'))).toEqual([
    'Not told until ',
    { at: Date.UTC(2026, 2, 2, 2) },
    ': latency.',
  ]);
});

test('leaves what people wrote as it stands', () => {
  const text = 'feature-drift since 2026-03-02T02:00:00.000Z? no, 0.123456789';
  expect(partsOf(entry('note', text, 'ann'))).toEqual([text]);
  expect(partsOf(entry('acknowledged', '', 'ann'))).toEqual(['']);
});

test('has a heading for what it does not know', () => {
  expect(headingOf(entry('rolled-up', ''))).toBe('rolled up');
});
