import type { ColumnChunk, RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { statisticsOf } from './parquet-bounds.ts';
import { factsAColumn, type GroupFacts, packing } from './parquet-group.ts';

/** Where every Parquet file begins, and ends. */
export const magic = Buffer.from('PAR1');

/** The footer of a file whose row groups lie one behind the other from its beginning on. */
export function footerOf(
  elements: readonly SchemaElement[],
  groups: readonly GroupFacts[],
  pandas?: string,
): Uint8Array {
  let at = magic.length;
  let rows = 0;
  const row_groups = groups.map(([ofGroup, ...facts]): RowGroup => {
    const groupRows = Number(ofGroup);
    const start = at;
    let unpacked = 0;
    const columns = elements.map((element, i): ColumnChunk => {
      const from = i * factsAColumn;
      const sizes = facts.slice(from, from + factsAColumn - 2).map(Number);
      const [bytes, unpackedBytes, dictionaryBytes, isPacked, missing] = sizes;
      const bounds = facts.slice(from + factsAColumn - 2, from + factsAColumn);
      const offset = at;
      at += bytes;
      unpacked += unpackedBytes;
      const hasDictionary = dictionaryBytes > 0;
      return {
        file_offset: 0n,
        meta_data: {
          type: element.type ?? 'BYTE_ARRAY',
          encodings: hasDictionary ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
          path_in_schema: [element.name],
          codec: isPacked === 1 ? packing : 'UNCOMPRESSED',
          num_values: BigInt(groupRows),
          total_uncompressed_size: BigInt(unpackedBytes),
          total_compressed_size: BigInt(bytes),
          data_page_offset: BigInt(offset + dictionaryBytes),
          statistics: statisticsOf(element, missing, bounds),
          ...(hasDictionary ? { dictionary_page_offset: BigInt(offset) } : {}),
        },
      };
    });
    rows += groupRows;
    return {
      columns,
      total_byte_size: BigInt(unpacked),
      num_rows: BigInt(groupRows),
      file_offset: BigInt(start),
      total_compressed_size: BigInt(at - start),
    };
  });
  const writer = new ByteWriter(1 << 16);
  const root: SchemaElement = { name: 'schema', repetition_type: 'REQUIRED', num_children: elements.length };
  const schema = [root, ...elements];
  writeMetadata(writer, {
    version: 2,
    created_by: 'cairn',
    schema,
    num_rows: BigInt(rows),
    row_groups,
    metadata_length: 0,
    ...(pandas === undefined ? {} : { key_value_metadata: [{ key: 'pandas', value: pandas }] }),
  });
  writer.appendBytes(magic);
  return writer.getBytes();
}
