import type { Counts } from './counts.ts';
import { totalOf } from './counts.ts';

/*
 * Latencies in log-linear buckets, as in HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/): 32 of equal
 * width from each power of two to the next, so that a bucket is at most 1/32 = 3.125 % wide, and one microsecond
 * below 64. What is read from the middle of one is at most 1.6 % off.
 */

const perDoubling = 32;
const bits = 5;
/** Four minutes and a half, beyond the longest answer; what took longer counts as this. */
export const latencyMicrosMax = 2 ** 28 - 1;

/** The bucket of a latency in microseconds. */
export function latencyBucket(micros: number): number {
  const value = micros >= 0 ? Math.min(Math.round(micros), latencyMicrosMax) : 0;
  if (value < perDoubling) return value;
  const shift = 31 - Math.clz32(value) - bits;
  return shift * perDoubling + (value >>> shift);
}

/** The least latency of a bucket, in microseconds. */
export function bucketStart(bucket: number): number {
  if (bucket < 2 * perDoubling) return bucket;
  const shift = Math.floor(bucket / perDoubling) - 1;
  return (perDoubling + (bucket % perDoubling)) * 2 ** shift;
}

/** The latency below which a share of the calls stayed, in microseconds; `undefined` where there were none. */
export function latencyAt(counts: Counts, share: number): number | undefined {
  const bucket = bucketAt(counts, share);
  return bucket === undefined ? undefined : (bucketStart(bucket) + bucketStart(bucket + 1) - 1) / 2;
}

/** The bucket in which the call lies that a share of all calls was no slower than. */
export function bucketAt(counts: Counts, share: number): number | undefined {
  const rank = Math.max(1, Math.ceil(totalOf(counts) * share));
  let seen = 0;
  for (const [bucket, times] of [...counts].toSorted(([a], [b]) => a - b)) {
    seen += times;
    if (seen >= rank) return bucket;
  }
  return undefined;
}

/** Calls in buckets above one. */
export function slowerThan(counts: Counts, limit: number): number {
  let slower = 0;
  for (const [bucket, times] of counts) if (bucket > limit) slower += times;
  return slower;
}
