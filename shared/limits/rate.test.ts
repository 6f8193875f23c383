import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeCall } from './rate.ts';

const account = (minePerMinute = 0, othersPerMinute = 0) => ({
  callsLeft: undefined as number | undefined,
  callsAt: 0,
  minePerMinute,
  othersPerMinute,
});

/** How many calls of a burst are let in. */
function admitted(one: ReturnType<typeof account>, perMinute: number, now: number, calls: number): number {
  let count = 0;
  for (let i = 0; i < calls; i++) if (takeCall(one, perMinute, now) === 0) count++;
  return count;
}

describe('calls of one minute', () => {
  test('an account that was idle makes as many at once as its limit, and not one more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 2e12 }), (limit, now) => {
        expect(admitted(account(), limit, now, limit + 5)).toBe(limit);
      }),
      { numRuns: 30 },
    );
  });

  test('who waits as long as they are told is let in, and not before', () => {
    const one = account();
    const now = 1_700_000_000_000;
    admitted(one, 10, now, 10);
    const wait = takeCall(one, 10, now);
    expect(wait).toBeCloseTo(6000, 0);
    expect(takeCall(one, 10, now + wait - 5)).toBeGreaterThan(0);
    expect(takeCall(one, 10, now + wait)).toBe(0);
  });

  test('however calls come, no minute lets in more than twice the limit, and an hour no more than it allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 50, maxLength: 400 }),
        (limit, gaps) => {
          const one = account();
          let now = 1e12;
          const times: number[] = [];
          for (const gap of gaps) {
            now += gap;
            if (takeCall(one, limit, now) === 0) times.push(now);
          }
          for (const [i, at] of times.entries())
            expect(times.filter((other, j) => j >= i && other < at + 60_000).length).toBeLessThanOrEqual(
              2 * limit,
            );
          const minutes = (now - 1e12) / 60_000;
          expect(times.length).toBeLessThanOrEqual(limit * (minutes + 1) + 1);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a refused call is not paid for: refusals do not push the next call further away', () => {
    const one = account();
    admitted(one, 10, 0, 10);
    const first = takeCall(one, 10, 0);
    for (let i = 0; i < 100; i++) takeCall(one, 10, 0);
    expect(takeCall(one, 10, 0)).toBe(first);
  });
});

describe('several instances', () => {
  test('what others take is left to them', () => {
    expect(admitted(account(100, 400), 1000, 1e12, 2000)).toBe(600);
  });

  test('where all together take too much, each keeps to its share', () => {
    const shares = [
      [3000, 1000],
      [1000, 3000],
    ].map(([mine, others]) => admitted(account(mine, others), 1000, 1e12, 5000));
    expect(shares).toEqual([750, 250]);
  });

  test('one that had no part in it lets a call through each minute, so that it is never shut', () => {
    expect(admitted(account(0, 5000), 1000, 1e12, 100)).toBe(1);
  });
});
