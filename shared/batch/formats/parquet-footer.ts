import type { SchemaElement } from 'hyparquet';
import { BatchError } from '../failure.ts';
import type { ParquetColumn } from '../file.ts';
import { type GroupMetadata, readMetadata } from './parquet-metadata.ts';
import { typeOf } from './parquet-types.ts';

/** Where the columns of a Parquet file lie, as its footer says. */
export type Footer = {
  /** Those at the top of the schema, in its order. */
  readonly columns: readonly ParquetColumn[];
  readonly rows: number;
  readonly groups: readonly RowGroup[];
  /** What pandas has noted of its frame. */
  readonly pandas: string | undefined;
  /** Where the values of column `column` of group `group` lie; only columns that are not nested can be asked for. */
  chunk(group: number, column: number): ColumnChunk;
};

/** `first` is the number of its first row in the file, from 0; `bytes` what it takes of the file. */
export type RowGroup = { readonly first: number; readonly rows: number; readonly bytes: number };

/** The bytes `[start, end)` of the file, of pages that are packed by `codec`. */
export type ColumnChunk = { readonly start: number; readonly end: number; readonly codec: string };

/** Fills `into` with the bytes of a file from `first` on, which are all there. */
export type ReadRange = (first: number, into: Uint8Array<ArrayBuffer>) => Promise<void>;

/** A footer of this size tells of some 100,000 column chunks. */
const footerBytesMax = 16 * 1024 * 1024;

/** What is read at once in the hope that the footer is in it. */
const tailBytes = 64 * 1024;

const magic = 'PAR1';
const encryptedMagic = 'PARE';

/**
 * Reads the footer of a Parquet file of so many bytes.
 * @throws {BatchError} `bad-input` for a file that is broken or encrypted, or whose footer is too large to be held.
 */
export async function readFooter(bytes: number, read: ReadRange): Promise<Footer> {
  if (bytes < 12) throw unreadable('it is too short');
  const tail = await bytesAt(read, Math.max(0, bytes - tailBytes), Math.min(bytes, tailBytes));
  const ending = Buffer.from(tail.subarray(-4)).toString('latin1');
  if (ending === encryptedMagic) throw bad('The file is encrypted Parquet; store it without encryption');
  if (ending !== magic) throw unreadable(`it does not end in ${magic}`);
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(tail.length - 8, true);
  if (length > bytes - 12) throw unreadable('its footer is longer than the file');
  if (length > footerBytesMax)
    throw bad(
      `The footer of the file has ${length} bytes and at most ${footerBytesMax} are read; write it with larger row groups`,
    );
  const whole = length + 8 <= tail.length ? tail : await bytesAt(read, bytes - length - 8, length + 8);
  return footerOf(whole, length, bytes - length - 8);
}

async function bytesAt(read: ReadRange, first: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await read(first, bytes);
  return bytes;
}

/** What is needed of the metadata, in little room. `end` is where the footer begins. */
function footerOf(footer: Uint8Array, length: number, end: number): Footer {
  const groups: RowGroup[] = [];
  const chunks: ColumnChunk[][] = [];
  const codecs = new Map<string, string>();
  let first = 0;
  const metadata = sound(() => readMetadata(footer, length));
  const leaves = sound(() => topColumns(metadata.schema));
  const placesOf = (group: GroupMetadata) =>
    leaves.map(({ name, leaf }): ColumnChunk => {
      if (leaf === undefined) return noChunk;
      const chunk = chunkOf(group, name, leaf, end);
      const codec = codecs.get(chunk.codec) ?? chunk.codec;
      codecs.set(codec, codec);
      return { ...chunk, codec };
    });
  sound(() => {
    for (const group of metadata.groups()) {
      const rows = countOf(group.rows);
      // PyArrow writes one for a table without rows, with columns that lie nowhere.
      if (rows === 0) continue;
      const bytes = group.columns.reduce((total, column) => total + countOf(column.bytes), 0);
      chunks.push(placesOf(group));
      groups.push({ first, rows, bytes });
      first += rows;
    }
  });
  if (first !== countOf(metadata.num_rows)) throw unreadable('its row groups have other rows than the file');
  return {
    columns: leaves.map(({ column }) => column),
    rows: first,
    groups,
    pandas: metadata.key_value_metadata?.find(({ key }) => key === 'pandas')?.value,
    chunk: (group, column) => chunks[group]?.[column] ?? noChunk,
  };
}

/** Stands for the chunks of nested columns, which nobody asks for. */
const noChunk: ColumnChunk = { start: 0, end: 0, codec: 'UNCOMPRESSED' };

function chunkOf(group: GroupMetadata, name: string, leaf: number, end: number): ColumnChunk {
  const chunk = group.columns[leaf];
  if (chunk?.isEncrypted) throw bad(`Column '${name}' is encrypted; store it without encryption`, name);
  if (chunk?.isElsewhere) throw bad(`Column '${name}' lies in another file`, name);
  if (chunk?.path.length !== 1 || chunk.path[0] !== name)
    throw unreadable('a row group has other columns than the schema', name);
  if (countOf(chunk.values) !== countOf(group.rows))
    throw unreadable('a column has other values than rows', name);
  const dictionary = countOf(chunk.dictionaryOffset);
  const pages = countOf(chunk.dataOffset);
  const start = dictionary > 0 ? Math.min(dictionary, pages) : pages;
  const until = start + countOf(chunk.bytes);
  if (start < 4 || until > end) throw unreadable('a column lies outside the file', name);
  return { start, end: until, codec: chunk.codec };
}

function sound<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BatchError) throw error;
    throw unreadable((error as Error).message);
  }
}

type TopColumn = {
  readonly name: string;
  readonly column: ParquetColumn;
  /** Its place among the column chunks of a row group; `undefined` for a nested column. */
  readonly leaf: number | undefined;
};

/** The children of the root; the schema lists its tree depth first, each element with the number of its children. */
function topColumns(schema: readonly SchemaElement[]): TopColumn[] {
  const columns: TopColumn[] = [];
  let at = 1;
  let leaf = 0;
  const skip = () => {
    for (let left = 1; left > 0; left--) {
      const element = schema[at++];
      if (!element) throw unreadable('its schema is cut short');
      const children = countOf(element.num_children ?? 0);
      if (children > 0) left += children;
      else leaf++;
    }
  };
  for (let child = 0; child < (schema[0]?.num_children ?? 0); child++) {
    const element = schema[at];
    const place = leaf;
    skip();
    const type = typeOf(element);
    const column: ParquetColumn = { name: element.name, type, element };
    columns.push({ name: element.name, column, leaf: type === 'nested' ? undefined : place });
  }
  return columns;
}

function countOf(value: bigint | number): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count) || count < 0) throw unreadable('its footer holds impossible numbers');
  return count;
}

/** The failure of a job whose file is not what a Parquet file must be. */
export function unreadable(reason: string, column?: string): BatchError {
  return bad(`The file is not readable Parquet: ${reason}`, column);
}

export function bad(reason: string, column?: string): BatchError {
  return new BatchError({ code: 'bad-input', ...(column === undefined ? {} : { column }), reason });
}
