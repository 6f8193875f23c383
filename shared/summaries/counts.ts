/** How often what fell into each bin; bins that stay empty take no room. */
export type Counts = ReadonlyMap<number, number>;

/** One more in a bin. */
export function count(counts: Map<number, number>, bin: number, more = 1): void {
  counts.set(bin, (counts.get(bin) ?? 0) + more);
}

/** Adds all of `more` to `sum`. */
export function addCounts(sum: Map<number, number>, more: Counts): void {
  for (const [bin, times] of more) count(sum, bin, times);
}

export function mergeCounts(parts: Iterable<Counts>): Counts {
  const sum = new Map<number, number>();
  for (const part of parts) addCounts(sum, part);
  return sum;
}

export function totalOf(counts: Counts): number {
  let total = 0;
  for (const times of counts.values()) total += times;
  return total;
}

/** As stored: bin, count, bin, count, by bin. */
export function flatCounts(counts: Counts): number[] {
  return [...counts].toSorted(([a], [b]) => a - b).flat();
}

/** Reads what {@link flatCounts} made; `undefined` for anything else. */
export function countsOf(flat: unknown): Map<number, number> | undefined {
  if (!Array.isArray(flat) || flat.length % 2 !== 0) return undefined;
  const counts = new Map<number, number>();
  for (let i = 0; i < flat.length; i += 2) {
    const [bin, times] = [flat[i], flat[i + 1]] as [unknown, unknown];
    if (!Number.isInteger(bin) || !isCount(times)) return undefined;
    counts.set(bin as number, times);
  }
  return counts;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
