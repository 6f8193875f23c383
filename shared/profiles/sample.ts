import type { ByteReader, ByteWriter } from './bytes.ts';

/** Rows of a sample. */
export const sampleMax = 5_000;

/** A row of the log, by its place there: nothing of what is in it. */
export type SampledRow = {
  /** The check digits of its prediction id, which are uniform. */
  readonly hash: number;
  readonly buffer: string;
  readonly row: number;
};

/**
 * The rows with the smallest hashes, in their order: the same rows give the same sample, in whatever order or
 * how often they come, and the sample of several samples is that of all rows.
 */
export function sampleOf(rows: readonly SampledRow[]): SampledRow[] {
  const ordered = rows.toSorted(
    (a, b) => a.hash - b.hash || (a.buffer < b.buffer ? -1 : a.buffer > b.buffer ? 1 : 0) || a.row - b.row,
  );
  return ordered
    .filter((each, i) => {
      const before = ordered[i - 1];
      return before?.hash !== each.hash || before.buffer !== each.buffer || before.row !== each.row;
    })
    .slice(0, sampleMax);
}

/** Where the row of a prediction id is. */
export function sampledRow(predictionId: string): SampledRow {
  const [, buffer = '', row = '', check = ''] = predictionId.split('-');
  return { hash: Number.parseInt(check, 16), buffer, row: Number(row) };
}

export function writeSample(writer: ByteWriter, sample: readonly SampledRow[]): void {
  const buffers = [...new Set(sample.map(({ buffer }) => buffer))].toSorted();
  const numbers = new Map(buffers.map((buffer, i) => [buffer, i]));
  writer.count(buffers.length);
  for (const buffer of buffers) writer.text(buffer);
  writer.count(sample.length);
  for (const { hash, buffer, row } of sample) {
    writer.u32(hash);
    writer.count(numbers.get(buffer) ?? 0);
    writer.count(row);
  }
}

export function readSample(reader: ByteReader): SampledRow[] {
  const buffers = reader.list(() => reader.text());
  return reader.list(() => ({
    hash: reader.u32(),
    buffer: buffers[reader.count()] ?? '',
    row: reader.count(),
  }));
}
