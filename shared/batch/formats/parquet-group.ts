import type { CompressionCodec, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { boundsOf } from './parquet-bounds.ts';
import type { HeldColumn } from './parquet-held.ts';
import type { Values } from './parquet-types.ts';

/**
 * What the footer has to say of a row group, in little room: its rows, and of each column in turn the bytes it takes,
 * those bytes unpacked, the bytes of its dictionary (0: it has none), whether it is packed (1) or not (0), its missing
 * values, and its bounds where it has some.
 */
export type GroupFacts = readonly (number | string | null)[];

export const factsAColumn = 7;

/** Columns of a row group that lie one behind the other; valid until the next group is written. */
export type WrittenGroup = { readonly bytes: Uint8Array; readonly facts: GroupFacts };

/** Where groups are written, one after the other. */
export type GroupRoom = { readonly file: ByteWriter; readonly page: ByteWriter };

export const groupRoom = (): GroupRoom => ({ file: new ByteWriter(1 << 20), page: new ByteWriter(1 << 18) });

/** Snappy is read by all that reads Parquet. */
export const packing: CompressionCodec = 'SNAPPY';

/**
 * Writes a row group: of each column a dictionary if its texts repeat themselves, and one page.
 * Source: https://github.com/apache/parquet-format/blob/master/README.md.
 */
export function writeGroup(columns: readonly HeldColumn[], rows: number, room: GroupRoom): WrittenGroup {
  const { file } = room;
  file.index = file.offset = 0;
  const facts: (number | string | null)[] = [rows];
  for (const column of columns) facts.push(...writeColumn(room, column, rows));
  return { bytes: file.getBytes(), facts };
}

function writeColumn(
  { file: writer, page: body }: GroupRoom,
  { element, values, present }: HeldColumn,
  rows: number,
): (number | string | null)[] {
  const start = writer.offset;
  body.index = body.offset = 0;
  const missing = rows - countOf(present, rows);
  const dictionary = ArrayBuffer.isView(values) ? null : dictionaryOf(values, present, rows);
  if (element.repetition_type === 'OPTIONAL') writeLevels(body, present, rows, missing);
  if (dictionary) {
    const width = dictionary.texts.length <= 1 ? 0 : 32 - Math.clz32(dictionary.texts.length - 1);
    body.appendUint8(width);
    writeRleBitPackedHybrid(body, dictionary.indices, width);
  } else writePlain(body, element, values, present, rows, missing);
  const keys = new ByteWriter();
  if (dictionary) for (const text of dictionary.texts) writeText(keys, element, text);
  const pages = dictionary ? [keys.getBytes(), body.getBytes()] : [body.getBytes()];
  const isPacked = isWorthPacking(pages);
  const kept = isPacked ? pages.map((page) => snappyCompress(page)) : pages;
  let headers = 0;
  let dictionaryBytes = 0;
  for (const [i, page] of kept.entries()) {
    const at = writer.offset;
    const isDictionary = dictionary !== null && i === 0;
    writePageHeader(writer, {
      type: isDictionary ? 'DICTIONARY_PAGE' : 'DATA_PAGE',
      uncompressed_page_size: pages[i].length,
      compressed_page_size: page.length,
      ...(isDictionary
        ? { dictionary_page_header: { num_values: dictionary.texts.length, encoding: 'PLAIN' } }
        : {
            data_page_header: {
              num_values: rows,
              encoding: dictionary ? 'RLE_DICTIONARY' : 'PLAIN',
              definition_level_encoding: 'RLE',
              repetition_level_encoding: 'RLE',
            },
          }),
    });
    headers += writer.offset - at;
    writer.appendBytes(page);
    if (isDictionary) dictionaryBytes = writer.offset - at;
  }
  const unpacked = pages.reduce((total, { length }) => total + length, headers);
  const bounds = boundsOf(element, values, present, rows) ?? [null, null];
  return [writer.offset - start, unpacked, dictionaryBytes, isPacked ? 1 : 0, missing, ...bounds];
}

/** What hardly gets smaller is not worth the time of whoever unpacks it; a piece from the middle tells. */
const sampleBytes = 8192;

function isWorthPacking(pages: readonly Uint8Array[]): boolean {
  const largest = pages.reduce((most, page) => (page.length > most.length ? page : most));
  const from = Math.max(0, (largest.length - sampleBytes) >> 1);
  const sample = largest.subarray(from, from + sampleBytes);
  return snappyCompress(sample).length < sample.length * 0.9;
}

/** Of each row whether it has a value: one run where all have, or none; else a bit each. */
function writeLevels(writer: ByteWriter, present: Uint8Array, rows: number, missing: number): void {
  const levels = new ByteWriter();
  if (missing === 0 || missing === rows) {
    levels.appendVarInt(rows * 2);
    levels.appendUint8(missing === 0 ? 1 : 0);
  } else {
    const bytes = new Uint8Array(Math.ceil(rows / 8));
    for (let row = 0; row < rows; row++) bytes[row >> 3] |= present[row] << (row & 7);
    levels.appendVarInt(bytes.length * 2 + 1);
    levels.appendBytes(bytes);
  }
  writer.appendUint32(levels.offset);
  writer.appendBytes(levels.getBytes());
}

function writePlain(
  writer: ByteWriter,
  element: SchemaElement,
  values: Values,
  present: Uint8Array,
  rows: number,
  missing: number,
): void {
  if (!ArrayBuffer.isView(values)) {
    for (let row = 0; row < rows; row++) if (present[row] === 1) writeText(writer, element, values[row]);
    return;
  }
  const all = values.subarray(0, rows);
  const there = missing === 0 ? all : all.filter((_: unknown, row: number) => present[row] === 1);
  if (element.type !== 'BOOLEAN') {
    writer.appendBytes(new Uint8Array(there.buffer, there.byteOffset, there.byteLength));
    return;
  }
  const bits = new Uint8Array(Math.ceil(there.length / 8));
  for (let i = 0; i < there.length; i++) bits[i >> 3] |= Number(there[i]) << (i & 7);
  writer.appendBytes(bits);
}

function writeText(writer: ByteWriter, { type }: SchemaElement, text: Uint8Array): void {
  if (type === 'BYTE_ARRAY') writer.appendUint32(text.length);
  writer.appendBytes(text);
}

/** Texts in the order of their first rows, and which one each row that has a value has. */
type Dictionary = { readonly texts: readonly Uint8Array[]; readonly indices: number[] };

/** A dictionary has to save most of the texts; it is given up where they turn out to be many. */
const textsAtFirst = 64;

function dictionaryOf(values: readonly Uint8Array[], present: Uint8Array, rows: number): Dictionary | null {
  const texts: Uint8Array[] = [];
  const indices: number[] = [];
  // Texts of a dictionary that was read are the same objects, which saves looking at their bytes.
  const known = new Map<Uint8Array, number>();
  const byText = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    if (present[row] === 0) continue;
    const value = values[row];
    let index = known.get(value);
    if (index === undefined) {
      const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
      index = byText.get(text);
      if (index === undefined) {
        index = texts.length;
        if (index >= textsAtFirst + indices.length / 4) return null;
        texts.push(value);
        byText.set(text, index);
      }
      known.set(value, index);
    }
    indices.push(index);
  }
  return indices.length === 0 ? null : { texts, indices };
}

function countOf(present: Uint8Array, rows: number): number {
  let count = 0;
  for (let row = 0; row < rows; row++) count += present[row];
  return count;
}
