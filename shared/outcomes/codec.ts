import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, readScores, writeScores } from '../profiles/index.ts';
import type { ClassOutcome, Errors, NumberOutcome, Outcome } from './outcome.ts';

/** What turned out in an hour, by the digest of the version. */
export type HourOutcomes = {
  /** `yyyymmddhh` in UTC. */
  readonly hour: string;
  /** Of the labels, parts and tombstones that it was made of. */
  readonly madeOf: string;
  /** Labels of predictions that no part has (yet). */
  readonly unmatched: number;
  readonly byDigest: ReadonlyMap<string, Outcome>;
};

/** `CNPO`, as bytes. */
const magic = 0x4f504e43;
const version = 1;
const checkBytes = 4;
const kinds = ['classes', 'numbers'] as const;
/** Error bins as counts: the lowest of them is −1,024. */
const binsBelow = 1_024;

/**
 * Outcomes as a file, format 1, little-endian: the magic number `CNPO`, a byte with the version, hour, what it was made
 * of, unmatched labels, and by digest: rows, labelled, unusable, classes and numbers (each behind a byte that says
 * whether there are any) and errors; at the end the CRC-32 of all before it. Counts are LEB128, text is UTF-8 behind its
 * length, errors of classes are bits from the lowest on, those of numbers float32, all else float64.
 */
export function encodeOutcomes({ hour, madeOf, unmatched, byDigest }: HourOutcomes): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(magic);
  writer.u8(version);
  writer.text(hour);
  writer.text(madeOf);
  writer.count(unmatched);
  writer.count(byDigest.size);
  for (const [digest, outcome] of sorted(byDigest)) {
    writer.text(digest);
    for (const count of [outcome.rows, outcome.labelled, outcome.unusable]) writer.count(count);
    writer.u8(Number(outcome.classes !== null));
    if (outcome.classes) writeClasses(writer, outcome.classes);
    writer.u8(Number(outcome.numbers !== null));
    if (outcome.numbers) writeNumbers(writer, outcome.numbers);
    writer.count(outcome.errors.length);
    for (const errors of outcome.errors) writeErrors(writer, errors);
  }
  writer.u32(crc32(writer.done()));
  return new Uint8Array(writer.done());
}

/** Reads outcomes. Throws for a file that is none, of a format this release does not know, or not whole. */
export function decodeOutcomes(bytes: Uint8Array): HourOutcomes {
  const reader = new ByteReader(bytes);
  if (reader.left < checkBytes + 5 || reader.u32() !== magic) throw new Error('These are no outcomes.');
  const found = reader.u8();
  if (found !== version)
    throw new Error(
      `Outcomes are of format '${found}', which this release does not read; it reads ${version}.`,
    );
  const end = bytes.length - checkBytes;
  if (crc32(bytes.subarray(0, end)) !== new ByteReader(bytes.subarray(end)).u32())
    throw new Error('Outcomes are not as they were written.');
  const [hour, madeOf, unmatched] = [reader.text(), reader.text(), reader.count()];
  return { hour, madeOf, unmatched, byDigest: new Map(reader.list(() => readOutcome(reader, hour))) };
}

function readOutcome(reader: ByteReader, hour: string): readonly [string, Outcome] {
  const digest = reader.text();
  const outcome: Outcome = {
    rows: reader.count(),
    labelled: reader.count(),
    unusable: reader.count(),
    classes: reader.u8() === 1 ? readClasses(reader) : null,
    numbers: reader.u8() === 1 ? readNumbers(reader) : null,
    errors: reader.list(() => readErrors(reader, hour)),
  };
  return [digest, outcome];
}

function writeClasses(writer: ByteWriter, { correct, confusion, right, wrong }: ClassOutcome): void {
  writer.count(correct);
  writer.u8(Number(confusion !== null));
  if (confusion)
    writeByName(writer, confusion, (labels) => writeByName(writer, labels, (n) => writer.count(n)));
  writeScores(writer, right);
  writeScores(writer, wrong);
}

function readClasses(reader: ByteReader): ClassOutcome {
  const correct = reader.count();
  const confusion =
    reader.u8() === 1 ? readByName(reader, () => readByName(reader, () => reader.count())) : null;
  return { correct, confusion, right: readScores(reader), wrong: readScores(reader) };
}

const sums = ['sum', 'absolute', 'squares', 'relative', 'labels', 'labelSquares'] as const;

function writeNumbers(writer: ByteWriter, numbers: NumberOutcome): void {
  writer.count(numbers.count);
  writer.count(numbers.relatives);
  for (const name of sums) writer.f64(numbers[name]);
  writer.count(numbers.histogram.size);
  for (const [bin, count] of [...numbers.histogram].toSorted(([a], [b]) => a - b)) {
    writer.count(bin + binsBelow);
    writer.count(count);
  }
}

function readNumbers(reader: ByteReader): NumberOutcome {
  const [count, relatives] = [reader.count(), reader.count()];
  const [sum, absolute, squares] = [reader.f64(), reader.f64(), reader.f64()];
  const [relative, labels, labelSquares] = [reader.f64(), reader.f64(), reader.f64()];
  const bins = reader.list(() => [reader.count() - binsBelow, reader.count()] as const);
  const histogram = new Map(bins);
  return { count, relatives, sum, absolute, squares, relative, labels, labelSquares, histogram };
}

function writeErrors(writer: ByteWriter, { every, kind, values }: Errors): void {
  writer.count(every);
  writer.u8(kinds.indexOf(kind));
  writer.count(values.length);
  if (kind === 'numbers') return writer.bytes(new Uint8Array(values.slice().buffer));
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => (bits[i >> 3] |= value << (i & 7)));
  writer.bytes(bits);
}

function readErrors(reader: ByteReader, hour: string): Errors {
  const every = reader.count();
  const kind = kinds[reader.u8()] ?? 'classes';
  const length = reader.count();
  if (kind === 'numbers') {
    // A copy: a typed array must begin at a multiple of its width.
    const values = new Float32Array(Uint8Array.from(reader.bytes(4 * length)).buffer);
    return { hour, every, kind, values };
  }
  const bits = reader.bytes(Math.ceil(length / 8));
  const values = Uint8Array.from({ length }, (_, i) => ((bits[i >> 3] ?? 0) >> (i & 7)) & 1);
  return { hour, every, kind, values };
}

function writeByName<T>(writer: ByteWriter, map: ReadonlyMap<string, T>, write: (value: T) => void): void {
  writer.count(map.size);
  for (const [name, value] of sorted(map)) {
    writer.text(name);
    write(value);
  }
}

function readByName<T>(reader: ByteReader, read: () => T): Map<string, T> {
  return new Map(reader.list(() => [reader.text(), read()] as const));
}

function sorted<T>(map: ReadonlyMap<string, T>): (readonly [string, T])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
