export { byteOrderMarkBytes, type CsvOptions, readCsv, textRows } from './cells.ts';
export { CsvError, type CsvProblem } from './csv-error.ts';
export { numberOf } from './numbers.ts';
export { NumericRows } from './numeric.ts';
export { type DatasetRef, datasetRef } from './ref.ts';
export { type BlobLocation, experimentOfRun, resolveUri } from './resolve.ts';
export { comma, lineFeed, rowStarts, wholeRows } from './rows.ts';
export { type Cell, parseTable, readTable, type Table, type TableLimits, tableLimits } from './table.ts';
export { csvCell, writeCsv } from './write.ts';
