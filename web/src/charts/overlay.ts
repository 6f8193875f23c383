/** Counts as shares of their sum; all 0 where nothing was counted. */
export function sharesOf(counts: readonly number[]): number[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (all > 0 ? count / all : 0));
}

/** A path along the tops of bars, from the left edge of the first to the right edge of the last. */
export function stairs(
  values: readonly number[],
  x: (edge: number) => number,
  y: (value: number) => number,
): string {
  return values
    .map((value, at) => {
      const up = y(value).toFixed(1);
      return `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${up}L${x(at + 1).toFixed(1)} ${up}`;
    })
    .join('');
}
