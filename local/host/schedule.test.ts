import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSchedule } from './schedule.ts';

const local = (...parts: [number, number, number, number?, number?, number?]) => new Date(...parts).getTime();

describe('a schedule', () => {
  test.each([
    ['0 */5 * * * *', local(2024, 0, 1, 10, 2, 3), local(2024, 0, 1, 10, 5)],
    ['* * * * * *', local(2024, 0, 1, 10, 2, 3), local(2024, 0, 1, 10, 2, 4)],
    ['0 * * * * *', local(2024, 0, 1, 10, 2, 0), local(2024, 0, 1, 10, 3)],
    ['30 9 * * 1-5', local(2024, 0, 5, 9, 30), local(2024, 0, 8, 9, 30)],
    ['0 0 0 1 1 *', local(2024, 5, 1), local(2025, 0, 1)],
    ['0 0 0 29 2 *', local(2024, 2, 1), local(2028, 1, 29)],
    ['0 0 12 * * MON,Wednesday', local(2024, 0, 1, 12), local(2024, 0, 3, 12)],
    ['0 0 12 * JAN-feb *', local(2024, 2, 1), local(2025, 0, 1, 12)],
    ['10-20/5 0 0 * * *', local(2024, 0, 1, 0, 0, 10), local(2024, 0, 1, 0, 0, 15)],
    ['5/20 * * * * *', local(2024, 0, 1, 0, 0, 26), local(2024, 0, 1, 0, 0, 45)],
    // Both must hold: the next Friday the 13th.
    ['0 0 0 13 * 5', local(2024, 0, 1), local(2024, 8, 13)],
    ['00:05:00', 1000, 301_000],
    ['1.02:00:00', 0, 26 * 3_600_000],
  ])('"%s" occurs next as written', (text, after, expected) => {
    expect(new Date(parseSchedule('f', text).next(after)).toISOString()).toBe(
      new Date(expected).toISOString(),
    );
  });

  test.each([
    ['61 * * * * *', '"61" in the schedule "61 * * * * *" is not a second (0 to 59)'],
    ['* * * * 13 *', 'is not a month (1 to 12)'],
    ['* * * * * 7', 'is not a day of week (0 to 6)'],
    ['0 0 0 * * someday', 'is not a day of week'],
    ['5-1 * * * * *', 'is not a second'],
    ['*/0 * * * * *', 'is not a second'],
    ['* * * *', 'has 4 fields; write six (seconds first) or five'],
    ['0 0 0 30 2 *', 'never occurs'],
    ['00:00:00', 'is no time at all'],
    ['ten:00', 'write a time span'],
  ])('"%s" is refused with the field that is wrong', (text, message) => {
    expect(() => parseSchedule('f', text)).toThrow(message);
  });

  test('occurrences only go forward, and hold the fields', () => {
    const seconds = integer({ min: 0, max: 59 });
    const hours = integer({ min: 0, max: 23 });
    const after = integer({ min: 0, max: 4_000_000_000_000 });
    assert(
      property(seconds, seconds, hours, after, (second, minute, hour, from) => {
        const schedule = parseSchedule('f', `${second} ${minute} ${hour} * * *`);
        const first = schedule.next(from);
        const date = new Date(first);
        expect(first).toBeGreaterThan(from);
        expect([date.getSeconds(), date.getMinutes(), date.getHours()]).toEqual([second, minute, hour]);
        // A day has 23 to 25 hours; where the clock skips the hour, the day is left out.
        expect(schedule.next(first) - first).toBeLessThanOrEqual(49 * 3_600_000);
        expect(schedule.next(first - 1)).toBe(first);
      }),
    );
  });
});
