import { parquetMetadata, parquetRead } from 'hyparquet';
import { CairnError } from '../http/index.ts';
import { checkPages } from './parquet-pages.ts';
import type { Cell, Columns } from './table.ts';
import { unpackers } from './unpack.ts';

/**
 * Every column of a Parquet file. Times become ISO 8601 text, booleans 0 and 1, whole numbers beyond
 * 2^53 text.
 * @throws {CairnError} `invalid` for a broken file and for nested columns, `too-large` above `cellsMax`.
 */
export async function parquetColumns(bytes: Uint8Array, cellsMax: number): Promise<Columns> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = wellFormed(() => parquetMetadata(file));
  const [root] = metadata.schema;
  const fields = metadata.schema.slice(1);
  const nested = fields.find(
    (field) => (field.num_children ?? 0) > 0 || field.repetition_type === 'REPEATED',
  );
  if (nested)
    throw new CairnError('invalid', `Column '${nested.name}' is nested; a table has plain columns.`, {
      field: nested.name,
    });
  wellFormed(() => checkPages(file, metadata));
  const rows = Number(metadata.num_rows);
  if (rows * (root?.num_children ?? 0) > cellsMax)
    throw new CairnError(
      'too-large',
      `The file has ${rows} rows of ${fields.length} columns; at most ${cellsMax} values can be read.`,
    );
  const columns = new Map<string, Cell[]>(
    fields.map((field) => [field.name, Array.from({ length: rows }, (): Cell => null)]),
  );
  try {
    await parquetRead({
      file,
      metadata,
      compressors: unpackers,
      onChunk({ columnName, columnData, rowStart }) {
        const column = columns.get(columnName);
        if (column)
          for (let i = 0; i < columnData.length; i++)
            column[rowStart + i] = cellOf(columnData[i], columnName);
      },
    });
  } catch (error) {
    throw unreadable(error);
  }
  return { rows, columns };
}

function cellOf(value: unknown, column: string): Cell {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Number.isNaN(value) ? null : value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    case 'boolean':
      return value ? 1 : 0;
    case 'undefined':
      return null;
    default:
      if (value === null) return null;
      if (value instanceof Date) return value.toISOString();
      if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
      throw new CairnError(
        'invalid',
        `Column '${column}' holds ${typeof value} values; a table has text and numbers.`,
        { field: column },
      );
  }
}

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(error: unknown): CairnError {
  if (error instanceof CairnError) return error;
  return new CairnError('invalid', `The file is not readable Parquet: ${(error as Error).message}`, {
    cause: error,
  });
}
