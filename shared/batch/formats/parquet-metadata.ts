import { type FileMetaData, parquetMetadata } from 'hyparquet';
import { CompressionCodecs } from 'hyparquet/src/constants.js';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';

/** What the metadata of a file says of one column of one row group. */
export type ChunkMetadata = {
  readonly path: readonly string[];
  readonly codec: string;
  readonly values: bigint;
  readonly bytes: bigint;
  readonly dataOffset: bigint;
  readonly dictionaryOffset: bigint;
  readonly isEncrypted: boolean;
  readonly isElsewhere: boolean;
};

export type GroupMetadata = { readonly rows: bigint; readonly columns: readonly ChunkMetadata[] };

/** The field of the row groups, and the types of Thrift's compact protocol. */
const rowGroups = 4;
const [stop, truth, lie, byte, i16, i32, i64, double, binary, list, set, , struct] = Array.from(
  { length: 13 },
  (_, type) => type,
);
const emptyList = 0x0c;

/**
 * Reads the metadata at the end of a footer (with the eight bytes behind it), and the row groups one after the other
 * when they are asked for: all of them together would take thirty times the room of the footer.
 * Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
 * @throws {Error} where it is broken.
 */
export function readMetadata(
  footer: Uint8Array,
  length: number,
): Pick<FileMetaData, 'schema' | 'num_rows' | 'key_value_metadata'> & { groups(): Iterable<GroupMetadata> } {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  const first = footer.length - 8 - length;
  const reader = { view, offset: first };
  let [from, to] = [0, 0];
  for (let field = 0; ; ) {
    const head = view.getUint8(reader.offset++);
    const type = head & 15;
    if (type === stop) break;
    field = head >> 4 ? field + (head >> 4) : zigzag(reader);
    const at = reader.offset;
    skip(reader, type);
    if (field === rowGroups && type === list) [from, to] = [at, reader.offset];
  }
  if (to === 0) throw new Error('it has no list of row groups');
  // The same without its row groups, for the parser that knows the rest.
  const rest = Buffer.concat([footer.subarray(first, from), Buffer.of(emptyList), footer.subarray(to)]);
  rest.writeUInt32LE(rest.length - 8, rest.length - 8);
  const { schema, num_rows, key_value_metadata } = parquetMetadata(new Uint8Array(rest), {
    geoparquet: false,
  });
  return { schema, num_rows, key_value_metadata, groups: () => groupsAt({ view, offset: from }) };
}

function* groupsAt(reader: Reader): Generator<GroupMetadata> {
  const { size, of } = listHead(reader);
  if (of !== struct && size > 0) throw new Error('its row groups are none');
  for (let i = 0; i < size; i++) yield groupOf(deserializeTCompactProtocol(reader));
}

type Thrift = ReturnType<typeof deserializeTCompactProtocol>;

function groupOf({ field_1: columns, field_3: rows }: Thrift): GroupMetadata {
  return { rows: rows as bigint, columns: (columns as Thrift[]).map(chunkOf) };
}

function chunkOf({
  field_1: file,
  field_3: data,
  field_8: crypto,
  field_9: encrypted,
}: Thrift): ChunkMetadata {
  const of = (data ?? {}) as Thrift;
  return {
    path: ((of.field_3 ?? []) as Uint8Array[]).map((part) => Buffer.from(part).toString()),
    codec: CompressionCodecs[of.field_4 as number] ?? String(of.field_4),
    values: (of.field_5 ?? -1n) as bigint,
    bytes: (of.field_7 ?? -1n) as bigint,
    dataOffset: (of.field_9 ?? -1n) as bigint,
    dictionaryOffset: (of.field_11 ?? 0n) as bigint,
    isEncrypted: crypto !== undefined || encrypted !== undefined,
    isElsewhere: file !== undefined,
  };
}

type Reader = { readonly view: DataView; offset: number };

/** Throws where no whole struct begins at the reader: whoever parses it makes room for as much as its lists announce. */
export function checkStruct({ view, offset }: Reader): void {
  skip({ view, offset }, struct);
}

function skip(reader: Reader, type: number): void {
  switch (type) {
    case truth:
    case lie:
      return;
    case byte:
      reader.offset++;
      break;
    case i16:
    case i32:
    case i64:
      varint(reader);
      break;
    case double:
      reader.offset += 8;
      break;
    case binary: {
      const size = varint(reader);
      reader.offset += size;
      break;
    }
    case list:
    case set: {
      const { size, of } = listHead(reader);
      // A truth in a list has a byte of its own.
      for (let i = 0; i < size; i++) skip(reader, of === truth || of === lie ? byte : of);
      break;
    }
    case struct:
      for (;;) {
        const head = reader.view.getUint8(reader.offset++);
        if ((head & 15) === stop) break;
        if (head >> 4 === 0) varint(reader);
        skip(reader, head & 15);
      }
      break;
    default:
      throw new Error(`it holds a field of type ${type}`);
  }
  if (reader.offset > reader.view.byteLength) throw new Error('it is cut short');
}

function listHead(reader: Reader): { size: number; of: number } {
  const head = reader.view.getUint8(reader.offset++);
  return { size: head >> 4 === 15 ? varint(reader) : head >> 4, of: head & 15 };
}

function zigzag(reader: Reader): number {
  const value = varint(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function varint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const next = reader.view.getUint8(reader.offset++);
    value += (next & 0x7f) * 2 ** shift;
    if (next < 0x80) return value;
  }
  throw new Error('it holds a number that never ends');
}
