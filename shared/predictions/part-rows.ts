import { type FileMetaData, parquetMetadata, parquetRead, type SchemaElement } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';

/**
 * The same part without some of its rows, by their position from 0: schema, metadata, order and all other values
 * stay as they are. A part may be left without any.
 */
export async function withoutRows(bytes: Uint8Array, removed: ReadonlySet<number>): Promise<Uint8Array> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(file);
  const columns = await storedColumns(file, metadata);
  const elements = metadata.schema.slice(1);
  const columnData = elements.map((element): ColumnSource => {
    const { encoding, codec } = writingOf(element);
    const values = columns.get(element.name) ?? [];
    return { name: element.name, encoding, codec, data: values.filter((_, row) => !removed.has(row)) };
  });
  const rows = Number(metadata.num_rows) - removed.size;
  return new Uint8Array(
    parquetWriteBuffer({
      columnData,
      schema: metadata.schema,
      createdBy: 'cairn',
      rowGroupSize: Math.max(rows, 1),
      statistics: false,
      ...(metadata.key_value_metadata ? { kvMetadata: metadata.key_value_metadata } : {}),
    }),
  );
}

/** Values as they are stored, which is how the writer takes them. */
async function storedColumns(file: ArrayBuffer, metadata: FileMetaData): Promise<Map<string, unknown[]>> {
  const columns = new Map<string, unknown[]>();
  await parquetRead({
    file,
    metadata,
    onChunk({ columnName, columnData }) {
      const known = columns.get(columnName) ?? [];
      for (const value of columnData as Iterable<unknown>) known.push(value);
      columns.set(columnName, known);
    },
  });
  return columns;
}

/** As the log writes them: ids and measured values rarely repeat and hardly compress. */
function writingOf({ name, type }: SchemaElement): Pick<ColumnSource, 'encoding' | 'codec'> {
  if (name === 'predictionId') return { encoding: 'PLAIN' };
  const isTensor = name.startsWith('in.') || name.startsWith('out.');
  return isTensor && (type === 'FLOAT' || type === 'DOUBLE')
    ? { encoding: 'PLAIN', codec: 'UNCOMPRESSED' }
    : {};
}
