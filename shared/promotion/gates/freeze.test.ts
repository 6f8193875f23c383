import { describe, expect, test } from 'vitest';
import type { FreezeWindow } from '../model.ts';
import { freeze } from './freeze.ts';

const at = (text: string) => Date.parse(text);
const weekend: FreezeWindow = {
  weekdays: ['fri'],
  from: '16:00',
  to: '08:00',
  timezone: 'Europe/Berlin',
  reason: 'nobody is there',
};
const held = (windows: readonly FreezeWindow[], now: string) => {
  const { status, inputs } = freeze({ gate: 'freeze', windows }, at(now));
  const { until } = inputs as { until?: number | null };
  return status === 'passed' ? 'open' : typeof until === 'number' ? new Date(until).toISOString() : until;
};

describe('a freeze', () => {
  test('once holds from its first moment until before its last', () => {
    const once = { from: at('2026-12-24T00:00Z'), to: at('2026-12-27T00:00Z'), reason: 'holidays' };
    expect(held([once], '2026-12-23T23:59:59Z')).toBe('open');
    expect(held([once], '2026-12-24T00:00:00Z')).toBe('2026-12-27T00:00:00.000Z');
    expect(held([once], '2026-12-27T00:00:00Z')).toBe('open');
  });

  test('of a week goes by the clocks of its time zone, past midnight too', () => {
    // Friday 16:00 in Berlin is 15:00 in winter and 14:00 in summer, by UTC.
    expect(held([weekend], '2026-01-09T14:59:00Z')).toBe('open');
    expect(held([weekend], '2026-01-09T15:00:00Z')).toBe('2026-01-10T07:00:00.000Z');
    expect(held([weekend], '2026-01-10T06:59:00Z')).toBe('2026-01-10T07:00:00.000Z');
    expect(held([weekend], '2026-01-10T07:00:00Z')).toBe('open');
    expect(held([weekend], '2026-07-10T14:00:00Z')).toBe('2026-07-11T06:00:00.000Z');
  });

  test('ends by the clock on the nights on which it changes', () => {
    const nightly: FreezeWindow = {
      weekdays: ['sat'],
      from: '22:00',
      to: '06:00',
      timezone: 'America/New_York',
      reason: 'night',
    };
    // 8 March 2026: 02:00 EST becomes 03:00 EDT. 1 November 2026: 02:00 EDT becomes 01:00 EST.
    expect(held([nightly], '2026-03-08T04:00:00Z')).toBe('2026-03-08T10:00:00.000Z');
    expect(held([nightly], '2026-11-01T03:00:00Z')).toBe('2026-11-01T11:00:00.000Z');
    const skipped: FreezeWindow = { ...nightly, weekdays: ['sun'], from: '01:00', to: '02:30' };
    // 02:30 is never shown on that night: the window ends when it would have been.
    expect(held([skipped], '2026-03-08T06:30:00Z')).toBe('2026-03-08T07:30:00.000Z');
  });

  test('that follows another without a gap goes on with it', () => {
    const days: FreezeWindow = {
      weekdays: ['mon', 'tue'],
      from: '00:00',
      to: '00:00',
      timezone: 'UTC',
      reason: 'days',
    };
    expect(held([days], '2026-01-05T12:00:00Z')).toBe('2026-01-07T00:00:00.000Z');
    const after = { from: at('2026-01-06T23:00Z'), to: at('2026-01-08T05:00Z'), reason: 'after' };
    expect(held([days, after], '2026-01-05T12:00:00Z')).toBe('2026-01-08T05:00:00.000Z');
  });

  test('of every hour of the week has no end in sight, and says so', () => {
    const always: FreezeWindow = {
      weekdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
      from: '00:00',
      to: '00:00',
      timezone: 'Asia/Kolkata',
      reason: 'always',
    };
    expect(held([always], '2026-01-05T12:00:00Z')).toBeNull();
  });
});
