import type { FileMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { CairnError } from '../http/index.ts';

/** Bytes that the pages of one file may unpack to, all together and each: 8 times the largest file that is read. */
const unpackedBytesMax = 512 * 1024 * 1024;
const pageBytesMax = 128 * 1024 * 1024;

/**
 * Refuses a file whose pages announce more than it can honestly hold: whoever reads it makes room for what is announced,
 * and a run of equal values takes five bytes however long it is.
 * @throws {CairnError} `invalid` where rows or values do not agree with each other, `too-large` above the bounds.
 */
export function checkPages(file: ArrayBuffer, { num_rows, row_groups }: FileMetaData): void {
  const rows = row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (rows !== Number(num_rows) || row_groups.some((group) => Number(group.num_rows) < 0))
    throw lying('rows');
  let unpacked = 0;
  for (const group of row_groups)
    for (const { meta_data: chunk } of group.columns) {
      if (!chunk)
        throw new CairnError('invalid', 'The file is not readable Parquet: a column has no metadata.');
      const dictionary = Number(chunk.dictionary_page_offset ?? 0);
      const first = dictionary > 0 ? dictionary : Number(chunk.data_page_offset);
      const end = Math.min(first + Number(chunk.total_compressed_size), file.byteLength);
      const reader = { view: new DataView(file, 0, end), offset: first };
      let values = 0;
      // What is behind the last value is not read.
      while (values < Number(group.num_rows) && reader.offset < end - 1) {
        const page = parquetHeader(reader);
        const bytes = page.uncompressed_page_size;
        if (!(bytes >= 0 && page.compressed_page_size >= 0)) throw lying('bytes');
        if (bytes > pageBytesMax || (unpacked += bytes) > unpackedBytesMax) throw tooLarge();
        const data = page.data_page_header?.num_values ?? page.data_page_header_v2?.num_values ?? 0;
        const keys = page.dictionary_page_header?.num_values ?? 0;
        values += data;
        if (data < 0 || values > Number(group.num_rows) || keys < 0 || keys > bytes) throw lying('values');
        reader.offset += page.compressed_page_size;
      }
    }
}

function lying(what: string): CairnError {
  return new CairnError(
    'invalid',
    `The file is not readable Parquet: a page announces other ${what} than there are.`,
  );
}

function tooLarge(): CairnError {
  return new CairnError(
    'too-large',
    `The file unpacks to more than ${unpackedBytesMax} bytes, or a page of it to more than ${pageBytesMax}.`,
  );
}
