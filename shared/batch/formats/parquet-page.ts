import type { PageHeader, SchemaElement } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { unpackers } from '../../datasets/index.ts';
import { readHybrid } from './parquet-hybrid.ts';
import { checkStruct } from './parquet-metadata.ts';
import { roomFor, type Values } from './parquet-types.ts';
import { readValues, type Room } from './parquet-values.ts';

/** What a page of a column may unpack to, and the values that it may hold. */
const pageBytesMax = 128 * 1024 * 1024;
const pageValuesMax = 1 << 24;

/** The values of a page, in memory. */
export type Page = {
  readonly rows: number;
  /** 1 for each row that has a value; `null` where each has one. */
  readonly present: Uint8Array | null;
  /** Of the rows that have one: the values, or which ones of the dictionary they are. */
  readonly values: Values;
  readonly indices: Uint8Array | Uint16Array | Uint32Array | null;
};

/** What the header of a page says, in its two versions alike. */
export type PageStart = {
  readonly kind: 'dictionary' | 'data' | 'other';
  readonly rows: number;
  readonly encoding: string;
  readonly headerBytes: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Levels that stand unpacked before the values, in pages of version 2; `null` in those of version 1. */
  readonly levels: { readonly bytes: number; readonly isPacked: boolean } | null;
};

/**
 * Reads the header at the start of `bytes`. `undefined` where they end within it.
 * @throws {Error} where a page announces more than any may hold.
 */
export function readPageStart(bytes: Uint8Array): PageStart | undefined {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  let header: PageHeader;
  try {
    checkStruct(reader);
    header = parquetHeader(reader);
  } catch {
    return undefined;
  }
  const { data_page_header: one, data_page_header_v2: two, dictionary_page_header: dictionary } = header;
  const kind = header.type === 'DICTIONARY_PAGE' ? 'dictionary' : one || two ? 'data' : 'other';
  const rows = (one ?? two ?? dictionary)?.num_values ?? 0;
  const { compressed_page_size: packedBytes, uncompressed_page_size: unpackedBytes } = header;
  const levelBytes = two ? two.definition_levels_byte_length + two.repetition_levels_byte_length : 0;
  // What stands where a number should may be anything: of 1.5 rows, or of `true`, there is no end.
  if (![packedBytes, unpackedBytes, rows, levelBytes].every((count) => Number.isInteger(count) && count >= 0))
    throw new Error('a page announces impossible numbers');
  if (unpackedBytes > pageBytesMax)
    throw new Error(`a page unpacks to ${unpackedBytes} bytes, and at most ${pageBytesMax} are read`);
  if (rows > pageValuesMax)
    throw new Error(`a page has ${rows} values, and at most ${pageValuesMax} are read`);
  if (levelBytes > Math.min(packedBytes, unpackedBytes))
    throw new Error('a page announces other levels than it holds');
  return {
    kind,
    rows,
    encoding: (one ?? two ?? dictionary)?.encoding ?? '',
    headerBytes: reader.offset,
    packedBytes,
    unpackedBytes,
    levels: two ? { bytes: levelBytes, isPacked: two.is_compressed !== false } : null,
  };
}

/** The values of a page of a dictionary. Throws an {@link Error} where the page is broken. */
export function readDictionary(
  start: PageStart,
  packed: Uint8Array,
  codec: string,
  element: SchemaElement,
): Values {
  const bytes = unpack(codec, packed, start.unpackedBytes, element);
  return readValues('PLAIN', element, { bytes, at: 0 }, start.rows);
}

/** What a page refers to, and where its numbers are put. */
export type PageContext = { readonly dictionary: Values | undefined; readonly room: Room };

/** The values of a page of data. Throws an {@link Error} where the page is broken. */
export function readPage(
  start: PageStart,
  packed: Uint8Array,
  codec: string,
  element: SchemaElement,
  { dictionary, room }: PageContext,
): Page {
  const isOptional = element.repetition_type === 'OPTIONAL';
  const { levels, rows } = start;
  let bytes: Uint8Array;
  let at = 0;
  let present: Uint8Array | null = null;
  if (levels) {
    if (isOptional) present = presentOf(packed, 0, levels.bytes, rows);
    const values = packed.subarray(levels.bytes);
    const length = start.unpackedBytes - levels.bytes;
    bytes = unpack(levels.isPacked ? codec : 'UNCOMPRESSED', values, length, element);
  } else {
    bytes = unpack(codec, packed, start.unpackedBytes, element);
    if (isOptional) {
      if (bytes.length < 4) throw new Error('a page ends before its levels do');
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      at = 4 + length;
      if (at > bytes.length) throw new Error('a page ends before its levels do');
      present = presentOf(bytes, 4, at, rows);
    }
  }
  const count = present === null ? rows : countOf(present);
  if (start.encoding !== 'RLE_DICTIONARY' && start.encoding !== 'PLAIN_DICTIONARY')
    return {
      rows,
      present,
      values: readValues(start.encoding, element, { bytes, at }, count, room),
      indices: null,
    };
  if (!dictionary) throw new Error('a page refers to a dictionary that is not there');
  return { rows, present, values: dictionary, indices: indicesOf(bytes, at, count, dictionary.length) };
}

/** Which rows have a value, by their definition levels; `null` where all have one. */
function presentOf(bytes: Uint8Array, at: number, end: number, rows: number): Uint8Array | null {
  const present = new Uint8Array(rows);
  readHybrid(bytes, at, end, 1, present);
  return present.includes(0) ? present : null;
}

function indicesOf(
  bytes: Uint8Array,
  at: number,
  count: number,
  size: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (count === 0) return new Uint8Array();
  if (at >= bytes.length) throw new Error('a page ends before its values do');
  const width = bytes[at];
  const indices =
    width <= 8 ? new Uint8Array(count) : width <= 16 ? new Uint16Array(count) : new Uint32Array(count);
  // Of a dictionary of one value each index is 0, and some write none.
  if (width > 0) readHybrid(bytes, at + 1, bytes.length, width, indices);
  for (let i = 0; i < count; i++)
    if (indices[i] >= size) throw new Error('a page refers to values that its dictionary does not have');
  return indices;
}

function countOf(present: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < present.length; i++) count += present[i];
  return count;
}

function unpack(codec: string, packed: Uint8Array, length: number, { type }: SchemaElement): Uint8Array {
  // A page without values may have no bytes at all, which are none of a codec's.
  if (length === 0) return new Uint8Array();
  const isText = type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY';
  // Texts stay where they are unpacked, and what is read from the file makes room for what comes next.
  if (isText && codec === 'UNCOMPRESSED') return unpackers[codec](packed, length).slice();
  if (!Object.hasOwn(unpackers, codec))
    throw new Error(`its pages are packed by ${codec}, which is not read`);
  // All other values are copied from there.
  const room = isText ? undefined : (scratch = scratch.length < length ? new Uint8Array(length) : scratch);
  return unpackers[codec as keyof typeof unpackers](packed, length, room);
}

/** Where pages are unpacked whose values do not stay there, one after the other. */
let scratch = new Uint8Array(1 << 20);

/** Bytes that a page takes once it is decoded, about. */
export function decodedBytes({ unpackedBytes, rows }: PageStart, element: SchemaElement): number {
  const room = roomFor(element, 0);
  return unpackedBytes + rows * (ArrayBuffer.isView(room) ? 4 : 64);
}
