import { describe, expect, test } from 'vitest';
import { randomIds } from '../context.ts';
import { pointOf } from './sticky.ts';

const callers = Array.from({ length: 100_000 }, (_, i) => `user-${i}`);
const ctx = { ids: randomIds };
const among = (salt: string, share: number) =>
  new Set(callers.filter((key) => pointOf(ctx, salt, key) < share));
const shareOf = (some: ReadonlySet<string>) => some.size / callers.length;

describe('callers with a key', () => {
  test.each([0.01, 0.1, 0.25, 0.5])(
    'fall to a share of %f as it says, within four standard errors',
    (share) => {
      const error = Math.sqrt((share * (1 - share)) / callers.length);
      expect(Math.abs(shareOf(among('endpoint', share)) - share)).toBeLessThan(4 * error);
    },
  );

  test('stay when the share grows: from 10 to 25 % nobody leaves', () => {
    const [early, late] = [among('rollout', 0.1), among('rollout', 0.25)];
    expect([...early].filter((key) => !late.has(key))).toEqual([]);
    expect(late.size).toBeGreaterThan(2 * early.size);
  });

  test('are drawn anew for each endpoint and rollout: in 10 % of two are 1 %', () => {
    const [one, other] = [among('one', 0.1), among('other', 0.1)];
    const both = [...one].filter((key) => other.has(key)).length / callers.length;
    expect(Math.abs(both - 0.01)).toBeLessThan(4 * Math.sqrt(0.01 / callers.length));
  });

  test('have the same point in every process, whatever their key is', () => {
    expect(pointOf(ctx, 'endpoint', 'user-1')).toBe(0.652_244_706_870_988);
    for (const key of ['', '\n', 'ä😀', 'x'.repeat(10_000), '0', '00'])
      expect(pointOf(ctx, 'endpoint', key)).toBe(pointOf(ctx, 'endpoint', key));
  });

  test('cost a microsecond or so', () => {
    const started = process.cpuUsage();
    for (const key of callers) pointOf(ctx, 'endpoint', key);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / callers.length).toBeLessThan(20);
  });
});

test('calls without a key are drawn one by one', () => {
  const points = Array.from({ length: 100 }, () => pointOf(ctx, 'endpoint', undefined));
  expect(new Set(points).size).toBe(100);
});
