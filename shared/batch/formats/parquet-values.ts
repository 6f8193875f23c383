import type { SchemaElement } from 'hyparquet';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readHybrid } from './parquet-hybrid.ts';
import { roomFor, type Values } from './parquet-types.ts';

/** Bytes of the texts of a page that are stored by what they share. */
const textBytesMax = 128 * 1024 * 1024;

/** Where numbers are put that are done with before the next ones are; it grows as it must. */
export type Room = { buffer: ArrayBuffer };

/** An unpacked page, from where its values begin. */
export type Packed = { readonly bytes: Uint8Array; readonly at: number };

/**
 * Decodes `count` values of a column that are stored by an encoding other than that of a dictionary.
 * Source: https://github.com/apache/parquet-format/blob/master/Encodings.md.
 * @throws {Error} where the bytes hold no such values.
 */
export function readValues(
  encoding: string,
  element: SchemaElement,
  page: Packed,
  count: number,
  room?: Room,
): Values {
  if (count === 0) return roomFor(element, 0);
  switch (encoding) {
    case 'PLAIN':
      return plain(element, page, count, room);
    case 'RLE':
      return booleanRuns(element, page, count);
    case 'BYTE_STREAM_SPLIT':
      return streamSplit(element, page, count);
    case 'DELTA_BINARY_PACKED':
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY':
      return deltas(encoding, element, page, count);
    default:
      throw new Error(`values are encoded as ${encoding}, which is not read`);
  }
}

function plain(
  { type, type_length: width = 0 }: SchemaElement,
  { bytes, at }: Packed,
  count: number,
  room?: Room,
): Values {
  switch (type) {
    case 'BOOLEAN': {
      need(bytes, at, Math.ceil(count / 8));
      const values = new Uint8Array(count);
      for (let i = 0; i < count; i++) values[i] = (bytes[at + (i >> 3)] >> (i & 7)) & 1;
      return values;
    }
    case 'INT32':
      return new Int32Array(aligned(bytes, at, count * 4, room), 0, count);
    case 'INT64':
      return new BigInt64Array(aligned(bytes, at, count * 8, room), 0, count);
    case 'FLOAT':
      return new Float32Array(aligned(bytes, at, count * 4, room), 0, count);
    case 'DOUBLE':
      return new Float64Array(aligned(bytes, at, count * 8, room), 0, count);
    case 'INT96':
      return moments(bytes, at, count);
    case 'BYTE_ARRAY':
      return texts(bytes, at, count);
    case 'FIXED_LEN_BYTE_ARRAY':
      need(bytes, at, count * width);
      return Array.from({ length: count }, (_, i) => bytes.subarray(at + i * width, at + (i + 1) * width));
    default:
      throw new Error(`a column has type ${type}`);
  }
}

/** A copy, for where values may stand is not where typed arrays can. */
function aligned(bytes: Uint8Array, at: number, length: number, room: Room | undefined): ArrayBuffer {
  need(bytes, at, length);
  if (room && room.buffer.byteLength < length) room.buffer = new ArrayBuffer(length);
  const buffer = room?.buffer ?? new ArrayBuffer(length);
  new Uint8Array(buffer).set(bytes.subarray(at, at + length));
  return buffer;
}

const julianEpochDays = 2_440_588n;
const nanosADay = 86_400_000_000_000n;

/** Nanoseconds of the day and the Julian day, as Impala and Spark wrote them: nanoseconds since 1970. */
function moments(bytes: Uint8Array, at: number, count: number): BigInt64Array<ArrayBuffer> {
  need(bytes, at, count * 12);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, count * 12);
  const values = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const days = BigInt(view.getUint32(i * 12 + 8, true)) - julianEpochDays;
    values[i] = days * nanosADay + view.getBigInt64(i * 12, true);
  }
  return values;
}

function texts(bytes: Uint8Array, at: number, count: number): Uint8Array[] {
  // Each has a length of four bytes, whatever else.
  need(bytes, at, count * 4);
  const values = new Array<Uint8Array>(count);
  for (let i = 0; i < count; i++) {
    need(bytes, at, 4);
    const length = (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
    at += 4;
    need(bytes, at, length);
    values[i] = bytes.subarray(at, at + length);
    at += length;
  }
  return values;
}

/** Booleans as runs, behind the length of those. */
function booleanRuns({ type }: SchemaElement, { bytes, at }: Packed, count: number): Values {
  if (type !== 'BOOLEAN') throw new Error(`values of type ${type} are encoded as RLE`);
  need(bytes, at, 4);
  const values = new Uint8Array(count);
  readHybrid(bytes, at + 4, bytes.length, 1, values);
  return values;
}

const widths: Readonly<Record<string, number>> = { FLOAT: 4, DOUBLE: 8, INT32: 4, INT64: 8 };

/** First the lowest byte of each value, then the next of each, and so on. */
function streamSplit(element: SchemaElement, { bytes, at }: Packed, count: number): Values {
  const width = widths[element.type ?? ''] ?? element.type_length ?? 0;
  need(bytes, at, count * width);
  const whole = new Uint8Array(count * width);
  for (let byte = 0; byte < width; byte++)
    for (let i = 0; i < count; i++) whole[i * width + byte] = bytes[at++];
  return plain(element, { bytes: whole, at: 0 }, count);
}

/** Differences of numbers; of texts their lengths, and where they share a beginning with the one before, how much. */
function deltas(encoding: string, { type }: SchemaElement, { bytes, at }: Packed, count: number): Values {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: at };
  const numbers = <T extends Int32Array | BigInt64Array>(values: T): T => {
    // The decoder makes room for as much as the header of the differences says, so that is looked at first.
    checkDeltas(bytes, reader.offset);
    deltaBinaryUnpack(reader, count, values);
    return values;
  };
  if (encoding === 'DELTA_BINARY_PACKED') {
    if (type === 'INT32') return numbers(new Int32Array(count));
    if (type === 'INT64') return numbers(new BigInt64Array(count));
  } else if (type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY') {
    const shared = encoding === 'DELTA_BYTE_ARRAY' ? numbers(new Int32Array(count)) : undefined;
    return pieces(bytes, reader, numbers(new Int32Array(count)), shared);
  }
  throw new Error(`values of type ${type} are encoded as ${encoding}`);
}

/** Texts that may begin with as many bytes of the text before as `shared` says. */
function pieces(
  bytes: Uint8Array,
  { offset }: { readonly offset: number },
  lengths: Int32Array,
  shared: Int32Array | undefined,
): Uint8Array[] {
  let at = offset;
  let total = 0;
  let previous: Uint8Array = new Uint8Array();
  return Array.from(lengths, (length, i) => {
    const before = shared?.[i] ?? 0;
    if (length < 0 || before < 0 || before > previous.length || (total += before + length) > textBytesMax)
      throw new Error('a page announces other texts than it holds');
    need(bytes, at, length);
    const own = bytes.subarray(at, at + length);
    at += length;
    if (before === 0) return (previous = own);
    const whole = new Uint8Array(before + length);
    whole.set(previous.subarray(0, before));
    whole.set(own, before);
    return (previous = whole);
  });
}

/** A block has a multiple of 128 values in parts of a multiple of 32. */
function checkDeltas(bytes: Uint8Array, at: number): void {
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      need(bytes, at, 1);
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a page is not encoded as it says');
  };
  const size = varint();
  const parts = varint();
  if (size === 0 || size > 1 << 16 || parts === 0 || size % parts !== 0 || (size / parts) % 8 !== 0)
    throw new Error('a page is not encoded as it says');
}

function need(bytes: Uint8Array, at: number, length: number): void {
  if (at + length > bytes.length) throw new Error('a page ends before its values do');
}
