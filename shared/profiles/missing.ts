import type { ByteReader, ByteWriter } from './bytes.ts';

/** Cells of a column that were no value of it, by why. */
export type Missing = {
  nulls: number;
  nans: number;
  positiveInfinities: number;
  negativeInfinities: number;
  /** Text where the reference has numbers, or numbers where it has text. */
  typeErrors: number;
  /** The data policy keeps the value out of the log. */
  hidden: number;
  /** The call had no such column. */
  absent: number;
};

const kinds = [
  'nulls',
  'nans',
  'positiveInfinities',
  'negativeInfinities',
  'typeErrors',
  'hidden',
  'absent',
] as const satisfies readonly (keyof Missing)[];

export function noneMissing(): Missing {
  return {
    nulls: 0,
    nans: 0,
    positiveInfinities: 0,
    negativeInfinities: 0,
    typeErrors: 0,
    hidden: 0,
    absent: 0,
  };
}

export function mergeMissing(a: Missing, b: Missing): Missing {
  const sum = { ...a };
  for (const kind of kinds) sum[kind] += b[kind];
  return sum;
}

export function writeMissing(writer: ByteWriter, missing: Missing): void {
  for (const kind of kinds) writer.count(missing[kind]);
}

export function readMissing(reader: ByteReader): Missing {
  const missing = noneMissing();
  for (const kind of kinds) missing[kind] = reader.count();
  return missing;
}
