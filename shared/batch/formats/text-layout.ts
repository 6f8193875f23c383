import type { Context } from '../../context.ts';
import {
  byteOrderMarkBytes,
  CsvError,
  headerColumns,
  readHeaderLine,
  rowEnd,
  rowStarts,
  wholeRows,
  withoutLineEnd,
} from '../../datasets/index.ts';
import { excerpt } from '../../redaction/index.ts';
import type { VersionReady } from '../../registry/index.ts';
import { fedBy, namesOf, widthOf } from '../../serving/index.ts';
import { inputBytes } from '../input.ts';
import type { BatchFile, Layout } from '../file.ts';
import type { BatchJob } from '../job.ts';
import { unpacked } from './gzip.ts';
import { type JsonRow, parseRow } from './json-rows.ts';

/** What may stand between the cells of a file that does not say so; the first that suits the model is taken. */
const delimiters = [',', ';', '\t', '|'] as const;

/** Of a name of a column that is quoted. */
const likeCharsMax = 80;

type CsvLayout = Extract<Layout, { format: 'csv' }>;
type JsonLayout = Extract<Layout, { format: 'jsonl' }>;

/**
 * The layout of CSV, told by its header line.
 * @throws {CsvError} for a header that does not suit the model by any delimiter.
 */
export async function csvLayout(
  ctx: Context,
  job: BatchJob,
  file: BatchFile,
  ready: VersionReady,
  asked: { readonly gzip: boolean; readonly delimiter: string | null; readonly preferred: string },
): Promise<CsvLayout> {
  const { text, end } = await readHeaderLine(startOf(ctx, job, file, asked.gzip));
  const { columns, delimiter } = columnsOf(text, ready, asked);
  return { format: 'csv', gzip: asked.gzip, delimiter, columns, header: text.toString(), first: end };
}

type Read = { readonly columns: readonly string[]; readonly delimiter: string };

/** The columns by the delimiter that was asked for, or else by the first by which the model finds what it takes. */
export function columnsOf(
  text: Buffer,
  ready: VersionReady,
  { delimiter, preferred }: { readonly delimiter: string | null; readonly preferred: string },
): Read {
  if (delimiter !== null) {
    const columns = headerColumns(text, delimiter);
    checkSuits(columns, ready, '');
    return { columns, delimiter };
  }
  const tried = new Set([preferred, ...delimiters]);
  let widest: Read | undefined;
  let unread: CsvError | undefined;
  for (const each of tried) {
    try {
      const columns = headerColumns(text, each);
      if (suits(columns, ready)) {
        checkSuits(columns, ready, '');
        return { columns, delimiter: each };
      }
      if (columns.length > (widest?.columns.length ?? 0)) widest = { columns, delimiter: each };
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      if (error.problem.column !== undefined) throw error;
      unread ??= error;
    }
  }
  if (!widest) throw unread ?? new CsvError({ row: 0, reason: 'The header cannot be read' });
  const shown = widest.delimiter === '\t' ? 'a tab' : `'${widest.delimiter}'`;
  checkSuits(
    widest.columns,
    ready,
    `; read with ${shown} between the columns, the header has ${widest.columns.length}${widest.columns.length === 1 ? ': set delimiter in the options' : ''}`,
  );
  return widest;
}

/** Whether a header has all that the model names, or as many columns as it takes that names none. */
function suits(columns: readonly string[], ready: VersionReady): boolean {
  const fed = fedBy(ready);
  const named = namesOf(fed);
  if (named) return named.every(({ name, isOptional }) => isOptional || columns.includes(name));
  const width = widthOf(fed);
  return hasInputColumn(columns, ready) || width === null || width === columns.length;
}

/** The column that may be meant: the same but for blanks around it and for capitals. */
function likeIt(name: string, columns: readonly string[]): string {
  const plain = (text: string) => text.trim().toLowerCase();
  const like = columns.find((column) => plain(column) === plain(name));
  return like === undefined ? '' : `; '${excerpt(like, likeCharsMax)}' is another name`;
}

/** Throws {@link CsvError} for the first thing that keeps the model from taking these columns. */
export function checkSuits(columns: readonly string[], ready: VersionReady, how: string): void {
  const fed = fedBy(ready);
  const named = namesOf(fed);
  for (const { name, isOptional } of named ?? []) {
    const at = columns.indexOf(name);
    if (at < 0 && !isOptional)
      throw new CsvError({
        row: 0,
        column: name,
        reason: `The column is missing${likeIt(name, columns)}${how}`,
      });
    if (at >= 0 && columns.includes(name, at + 1))
      throw new CsvError({
        row: 0,
        column: name,
        reason: 'The column is there more than once; rename one of them',
      });
  }
  const width = widthOf(fed);
  if (named || hasInputColumn(columns, ready) || width === null || width === columns.length) return;
  throw new CsvError({
    row: 0,
    reason: `The model takes ${width} columns and does not name them, so the file must have exactly these; it has ${columns.length}${how}`,
  });
}

/** Whether the one input of a model that names no columns has one called like it. */
function hasInputColumn(columns: readonly string[], { signature: { inputs } }: VersionReady): boolean {
  return inputs.length === 1 && columns.includes(inputs[0]?.name ?? '');
}

/**
 * The layout of JSON Lines, told by the first row that can be read, of so many at most: its keys are the columns. A list
 * has one column, called like the input of the model.
 * @throws {CsvError} for a first row that lacks what the model takes, and where no line can be read.
 */
export async function jsonLayout(
  ctx: Context,
  job: BatchJob,
  file: BatchFile,
  ready: VersionReady,
  { gzip, rowsMax }: { readonly gzip: boolean; readonly rowsMax: number },
): Promise<JsonLayout> {
  const { row, first } = await firstRow(startOf(ctx, job, file, gzip), rowsMax);
  if (Array.isArray(row)) {
    const { inputs } = fedBy(ready);
    const [input] = inputs;
    if (!input || inputs.length > 1 || namesOf(fedBy(ready)) !== null)
      throw new CsvError({
        row: 1,
        reason: 'The row is a list, and the model takes columns by name; write an object on each line',
      });
    return { format: 'jsonl', gzip, columns: [input.name], areLists: true, first };
  }
  const columns = Object.keys(row);
  for (const { name, isOptional } of namesOf(fedBy(ready)) ?? [])
    if (!isOptional && !columns.includes(name))
      throw new CsvError({
        row: 1,
        column: name,
        reason: 'The first row lacks the column; where it has no value, write null',
      });
  return { format: 'jsonl', gzip, columns, first };
}

/** Blank lines before the first row; packed, there may be any number in a small file. */
const blankBytesMax = 1024 * 1024;

/** The first row among so many that can be read, and where the first of all begins. */
async function firstRow(
  source: AsyncIterable<Uint8Array>,
  rowsMax: number,
): Promise<{ readonly row: JsonRow; readonly first: number }> {
  let first: number | undefined;
  let wrong: CsvError | undefined;
  let number = 0;
  let bytes = 0;
  for await (const piece of wholeRows(source, 1, 'every')) {
    if (number === 0 && bytes > blankBytesMax)
      throw new CsvError({ reason: `The first ${blankBytesMax} bytes of the file are blank lines` });
    bytes += piece.length;
    const block = first === undefined ? piece.subarray(byteOrderMarkBytes(piece)) : piece;
    first ??= piece.length - block.length;
    for (const at of rowStarts(block, 'every')) {
      number++;
      if (number > rowsMax) throw wrong ?? new CsvError({ reason: 'The file has no rows' });
      try {
        return { row: parseRow(withoutLineEnd(block.subarray(at, rowEnd(block, at))), number), first };
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        wrong ??= error;
      }
    }
  }
  throw wrong ?? new CsvError({ reason: 'The file is empty; each line of it must be a JSON object' });
}

/** The bytes of a text from its beginning on. */
function startOf(ctx: Context, job: BatchJob, file: BatchFile, gzip: boolean): AsyncIterable<Uint8Array> {
  if (file.input.bytes === 0) throw new CsvError({ reason: 'The file is empty' });
  const bytes = inputBytes(ctx, job, file, { first: 0 });
  return gzip ? unpacked(bytes) : unpackedAlready(bytes);
}

/** What other files begin with that are taken for text, and what to do about them. */
const otherFiles: readonly (readonly [string, string])[] = [
  ['\u001f\u008b', 'packed by gzip: let its name end in .gz, or set gzip to true in the options'],
  ['PAR1', 'Parquet: let its name end in .parquet, or set format to parquet in the options'],
  ['PK\u0003\u0004', 'a ZIP archive or a workbook: save it as CSV, or pack it by gzip'],
];

/** The same bytes. Throws {@link CsvError} for those of a file that is no text. */
async function* unpackedAlready(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isStart = true;
  for await (const piece of source) {
    const start = isStart ? Buffer.from(piece.subarray(0, 4)).toString('latin1') : '';
    const other = otherFiles.find(([magic]) => isStart && start.startsWith(magic));
    if (other) throw new CsvError({ reason: `The file is ${other[1]}` });
    isStart = false;
    yield piece;
  }
}
