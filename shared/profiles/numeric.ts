import { mergeMoments, type Moments, noMoments } from '../stats/index.ts';
import { type ByteReader, type ByteWriter } from './bytes.ts';
import { mergeMissing, type Missing, noneMissing, readMissing, writeMissing } from './missing.ts';

/**
 * A column of numbers, counted between edges e₀ < … < eₙ₋₁ that do not move. With n edges there are n + 2 bins: below
 * e₀; [eᵢ, eᵢ₊₁) for each pair; exactly eₙ₋₁; above. So every histogram over some of the edges, whose last bin is
 * closed as numpy's is, can be made of them exactly. Without edges there is one bin.
 */
export type NumericCounts = {
  readonly kind: 'numeric';
  readonly counts: Float64Array;
  /** Σx of each bin: from both the area below the distribution function is exact. */
  readonly sums: Float64Array;
  moments: Moments;
  missing: Missing;
};

export function noNumbers(edges: number): NumericCounts {
  const bins = edges === 0 ? 1 : edges + 2;
  return {
    kind: 'numeric',
    counts: new Float64Array(bins),
    sums: new Float64Array(bins),
    moments: { ...noMoments },
    missing: noneMissing(),
  };
}

/** Counts cells; text is an error of type unless it is a whole number too large for a double. */
export function countNumbers(
  into: NumericCounts,
  cells: ArrayLike<string | number | null>,
  edges: ArrayLike<number>,
): void {
  const { counts, sums, moments, missing } = into;
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (cell === null) {
      missing.nulls++;
      continue;
    }
    const value = typeof cell === 'string' ? wholeNumber(cell) : cell;
    if (value === undefined) missing.typeErrors++;
    else if (Number.isNaN(value)) missing.nans++;
    else if (value === Number.POSITIVE_INFINITY) missing.positiveInfinities++;
    else if (value === Number.NEGATIVE_INFINITY) missing.negativeInfinities++;
    else {
      const bin = binOf(edges, value);
      counts[bin]++;
      sums[bin] += value;
      // Welford's recurrence (Technometrics 4, 1962).
      const gap = value - moments.mean;
      moments.mean += gap / ++moments.count;
      moments.squares += gap * (value - moments.mean);
      if (value < moments.min) moments.min = value;
      if (value > moments.max) moments.max = value;
    }
  }
}

export function mergeNumbers(a: NumericCounts, b: NumericCounts): NumericCounts {
  if (a.counts.length !== b.counts.length)
    throw new Error('Columns that were counted between other edges cannot be merged.');
  return {
    kind: 'numeric',
    counts: a.counts.map((count, i) => count + b.counts[i]),
    sums: a.sums.map((sum, i) => sum + b.sums[i]),
    moments: { ...mergeMoments(a.moments, b.moments) },
    missing: mergeMissing(a.missing, b.missing),
  };
}

/** Adds a column to one that is nobody else's, as {@link mergeNumbers} would. */
export function addNumbers(into: NumericCounts, more: NumericCounts): void {
  if (into.counts.length !== more.counts.length)
    throw new Error('Columns that were counted between other edges cannot be merged.');
  for (let bin = 0; bin < more.counts.length; bin++) {
    into.counts[bin] += more.counts[bin];
    into.sums[bin] += more.sums[bin];
  }
  into.moments = { ...mergeMoments(into.moments, more.moments) };
  into.missing = mergeMissing(into.missing, more.missing);
}

export function copyOfNumbers({ counts, sums, moments, missing }: NumericCounts): NumericCounts {
  return {
    kind: 'numeric',
    counts: counts.slice(),
    sums: sums.slice(),
    moments: { ...moments },
    missing: { ...missing },
  };
}

export function writeNumbers(writer: ByteWriter, { counts, sums, moments, missing }: NumericCounts): void {
  writeMissing(writer, missing);
  writer.count(moments.count);
  for (const value of [moments.mean, moments.squares, moments.min, moments.max]) writer.f64(value);
  writer.count(counts.length);
  counts.forEach((count, bin) => {
    writer.count(count);
    if (count > 0) writer.f64(sums[bin] ?? 0);
  });
}

export function readNumbers(reader: ByteReader): NumericCounts {
  const missing = readMissing(reader);
  const count = reader.count();
  const [mean, squares, min, max] = [reader.f64(), reader.f64(), reader.f64(), reader.f64()];
  const bins = reader.count();
  if (bins > reader.left) throw new RangeError('There are fewer bins left.');
  const [counts, sums] = [new Float64Array(bins), new Float64Array(bins)];
  for (let bin = 0; bin < bins; bin++) {
    const inBin = reader.count();
    if (inBin === 0) continue;
    counts[bin] = inBin;
    sums[bin] = reader.f64();
  }
  return {
    kind: 'numeric',
    counts,
    sums,
    moments: { count, mean, squares, min, max },
    missing,
  };
}

function binOf(edges: ArrayLike<number>, value: number): number {
  const { length } = edges;
  if (length === 0) return 0;
  const last = edges[length - 1];
  if (value >= last) return value === last ? length : length + 1;
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** 64-bit integers beyond 2⁵³ are logged as text. */
function wholeNumber(text: string): number | undefined {
  return /^-?\d{16,20}$/.test(text) ? Number(text) : undefined;
}
