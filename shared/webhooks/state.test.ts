import { describe, expect, test } from 'vitest';
import type { Delivery, DeliveryState } from './model.ts';
import type { Answer } from './post.ts';
import { claimed, isSpent, leaseSeconds, renewed, settled, stopped, triesMax, waitSeconds } from './state.ts';

const now = Date.UTC(2026, 0, 1);

function delivery(state: DeliveryState): Delivery {
  return {
    id: 'delivery:d',
    type: 'delivery',
    v: 1,
    workspace: 'default',
    webhookId: 'w',
    deliveryId: 'd',
    event: 'registered_model.created',
    body: { entity: 'registered_model', action: 'created', timestamp: '', data: {} },
    state,
    attempts: [],
    createdAt: now,
    ttl: 1,
  };
}

const due = delivery({ status: 'pending', dueAt: now, tries: 0 });
const attempt = { at: now, milliseconds: 5 };

function answered(status: number, retryAfter?: string): Answer {
  return { outcome: 'answered', status, retryAfter, body: '' };
}

/** The state after an attempt of this number, with the answer given. */
function after(tries: number, answer: Answer, random = 0.5): DeliveryState {
  const sending = delivery({ status: 'pending', dueAt: now, tries, sendingSince: now });
  return settled(sending, attempt, answer, now, random).state;
}

/** Seconds until the next attempt. */
function waits(tries: number, answer: Answer, random?: number): number {
  const state = after(tries, answer, random);
  return state.status === 'pending' ? (state.dueAt - now) / 1000 : Number.NaN;
}

describe('a delivery', () => {
  test('is claimed when it is due, not before, and by nobody else until the lease ends', () => {
    expect(claimed(due, now - 1)).toBeUndefined();
    const claim = claimed(due, now);
    expect(claim?.state).toEqual({
      status: 'pending',
      dueAt: now + leaseSeconds * 1000,
      tries: 1,
      sendingSince: now,
    });
    expect(claim && claimed(claim, now + leaseSeconds * 1000 - 1)).toBeUndefined();
  });

  test('whose worker died is claimed again, with the attempt that broke off on record', () => {
    const claim = claimed(due, now) ?? due;
    const again = claimed(claim, now + leaseSeconds * 1000);
    expect(again?.state).toMatchObject({ tries: 2 });
    expect(again?.attempts).toEqual([
      { at: now, error: expect.any(String), milliseconds: leaseSeconds * 1000 },
    ]);
  });

  test('is delivered by 2xx alone', () => {
    for (const status of [200, 201, 204, 299]) expect(after(1, answered(status)).status).toBe('delivered');
  });

  test('fails at once where the receiver refuses it, redirects it, or may not be reached', () => {
    for (const status of [300, 301, 307, 400, 401, 404, 410, 422])
      expect(after(1, answered(status)).status).toBe('failed');
    expect(after(1, { outcome: 'forbidden', reason: 'r' })).toEqual({ status: 'failed', reason: 'r' });
  });

  test('is tried again where the failure may pass', () => {
    for (const status of [408, 429, 500, 502, 503, 504, 599])
      expect(after(1, answered(status)).status).toBe('pending');
    expect(after(1, { outcome: 'unreachable', reason: 'r' }).status).toBe('pending');
  });

  test('fails after the last attempt and says why', () => {
    expect(after(triesMax - 1, answered(500)).status).toBe('pending');
    expect(after(triesMax, answered(500))).toEqual({
      status: 'failed',
      reason: expect.stringContaining('the receiver answered 500'),
    });
    expect(isSpent(delivery({ status: 'pending', dueAt: now, tries: triesMax }))).toBe(true);
    expect(isSpent(due)).toBe(false);
  });

  test('that failed or was delivered is not claimed, but can be asked for anew', () => {
    for (const state of [{ status: 'delivered' }, { status: 'failed', reason: '' }] as const) {
      expect(claimed(delivery(state), now)).toBeUndefined();
      expect(claimed(renewed(delivery(state), now), now)?.state).toMatchObject({ tries: 1 });
    }
    expect(stopped(due, 'why', now).state).toEqual({ status: 'failed', reason: 'why' });
  });

  test('keeps the last 50 attempts', () => {
    let each = due;
    for (let i = 0; i < 60; i++) each = settled(each, { ...attempt, at: i }, answered(200), now, 0);
    expect(each.attempts.map(({ at }) => at)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10));
  });
});

describe('the wait between attempts', () => {
  test('grows fourfold from seconds to hours, and all of them are most of a day', () => {
    const all = Array.from({ length: triesMax - 1 }, (_, i) => waitSeconds(i + 1, 0.5));
    expect(all).toEqual([5, 20, 80, 320, 1280, 5120, 20_480, 21_600, 21_600]);
    const hours = all.reduce((sum, each) => sum + each, 0) / 3600;
    expect(hours).toBeGreaterThan(18);
    expect(hours).toBeLessThan(26);
  });

  test('varies by a fifth', () => {
    expect(waitSeconds(1, 0)).toBeCloseTo(4);
    expect(waitSeconds(1, 0.999_999)).toBeCloseTo(6, 3);
  });

  test('is as long as the receiver asks, in seconds or by a date, but six hours at most', () => {
    expect(waits(1, answered(429, '120'))).toBe(120);
    expect(waits(1, answered(503, new Date(now + 90_000).toUTCString()))).toBe(90);
    expect(waits(1, answered(503, '999999999'))).toBe(21_600);
    expect(waits(3, answered(503, '1'))).toBe(80);
    for (const odd of ['soon', '-5', '', 'Thu, 01 Jan 1970 00:00:00 GMT', '1e9']) {
      expect(waits(1, answered(503, odd))).toBeGreaterThanOrEqual(5);
      expect(waits(1, answered(503, odd))).toBeLessThanOrEqual(21_600);
    }
  });
});
