import { describe, expect, test } from 'vitest';
import { count } from './counts.ts';
import { bucketStart, latencyAt, latencyBucket, latencyMicrosMax, slowerThan } from './latency.ts';

describe('buckets of latencies', () => {
  test('every latency lies in the bucket that begins at it or below, and none is wider than a thirty-second', () => {
    for (let micros = 0; micros <= latencyMicrosMax; micros += Math.max(1, Math.floor(micros / 97))) {
      const bucket = latencyBucket(micros);
      const [from, to] = [bucketStart(bucket), bucketStart(bucket + 1)];
      expect(micros).toBeGreaterThanOrEqual(from);
      expect(micros).toBeLessThan(to);
      expect(to - from).toBeLessThanOrEqual(Math.max(1, from / 32));
    }
  });

  test('what is below nothing or beyond the longest answer counts at the ends', () => {
    expect(latencyBucket(-5)).toBe(0);
    expect(latencyBucket(Number.NaN)).toBe(0);
    expect(latencyBucket(1e12)).toBe(latencyBucket(latencyMicrosMax));
    expect(latencyBucket(latencyMicrosMax)).toBe(767);
  });

  test('a percentile is at most 1.6 % off the one of the latencies themselves', () => {
    const latencies = Array.from({ length: 9_999 }, (_, i) => 40 + ((i * 7919) ** 2 % 3_000_017));
    const counts = new Map<number, number>();
    for (const micros of latencies) count(counts, latencyBucket(micros));
    const sorted = latencies.toSorted((a, b) => a - b);
    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
      expect(Math.abs((latencyAt(counts, share) ?? 0) / exact - 1)).toBeLessThan(0.016);
    }
    const limit = latencyBucket(1_000_000);
    expect(slowerThan(counts, limit)).toBe(sorted.filter((each) => latencyBucket(each) > limit).length);
    expect(latencyAt(new Map(), 0.5)).toBeUndefined();
  });
});
