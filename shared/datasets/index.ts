export {
  byteOrderMarkBytes,
  type CsvOptions,
  delimiterOf,
  delimiterWords,
  isDelimiter,
  mendedCells,
  readCsv,
  rowCells,
} from './cells.ts';
export { CsvError, type CsvProblem } from './csv-error.ts';
export { headerColumns, readHeader, readHeaderLine } from './header.ts';
export { numberOf } from './numbers.ts';
export { type NumberCheck, NumericRows, wrongCount } from './numeric.ts';
export { isReadable, ownerOfFolder, requireReadable } from './readable.ts';
export { type DatasetRef, parseDatasetRef } from './ref.ts';
export { type BlobLocation, resolveUri } from './resolve.ts';
export {
  bufferOf,
  endOfRow,
  isOpen,
  isRow,
  lineEnd,
  type RowEnds,
  rowEnd,
  rowStarts,
  wholeRows,
  withoutLineEnd,
} from './rows.ts';
export { type Cell, parseTable, readTable, type Table, type TableLimits } from './table.ts';
export { unpackers } from './unpack.ts';
export { csvCell, writeCsv } from './write.ts';
