import { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { type CsvOptions, readCsv } from './cells.ts';
import { CsvError } from './csv-error.ts';
import { numberOf } from './numbers.ts';
import { wrongCount } from './numeric.ts';
import type { DatasetRef } from './ref.ts';
import { resolveUri } from './resolve.ts';

/** A value of a table; `null` is a missing one. */
export type Cell = string | number | null;

/** A table in memory, by columns. */
export type Table = {
  readonly columns: readonly string[];
  readonly rows: number;
  /** The values of a column from the first row to the last. Throws `invalid` naming the columns there are. */
  column(name: string): readonly Cell[];
};

export type Columns = { readonly rows: number; readonly columns: ReadonlyMap<string, readonly Cell[]> };

export type TableLimits = { readonly bytesMax: number; readonly cellsMax: number };

/** What fits an instance of 512 MB beside everything else. */
const tableLimits: TableLimits = { bytesMax: 64 * 1024 * 1024, cellsMax: 8_000_000 };

/**
 * Reads a dataset whole: Parquet by its magic number, CSV otherwise.
 * @throws {CairnError} `not-found` where there is no such file, `too-large` beyond the limits, `invalid`
 * for a file that is no table (a {@link CsvError} with row and column where they are known).
 */
export async function readTable(
  ctx: Context,
  ref: DatasetRef,
  limits: TableLimits = tableLimits,
): Promise<Table> {
  const { container, blob } = await resolveUri(ctx, ref);
  const bytes = await ctx.stores.blobs(container).read(blob, limits.bytesMax);
  if (bytes === undefined)
    throw new CairnError('not-found', `There is no file at '${ref.uri}'.`, { field: 'uri' });
  return parseTable(bytes, limits);
}

/** The table in the bytes of a file. */
export async function parseTable(
  bytes: Uint8Array,
  limits: TableLimits = tableLimits,
  options: CsvOptions = {},
): Promise<Table> {
  const { rows, columns } = isParquet(bytes)
    ? await (await lazyParquet()).parquetColumns(bytes, limits.cellsMax)
    : await csvColumns(bytes, limits.cellsMax, options);
  return {
    columns: [...columns.keys()],
    rows,
    column(name) {
      const column = columns.get(name);
      if (column) return column;
      throw new CairnError(
        'invalid',
        `There is no column '${name}'; the columns are ${[...columns.keys()].join(', ')}.`,
        {
          field: name,
        },
      );
    },
  };
}

/** Loaded when first needed: most instances never read Parquet, and each starts faster without it. */
const lazyParquet = () => import('./parquet.ts');

function isParquet(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'PAR1';
}

async function csvColumns(bytes: Uint8Array, cellsMax: number, options: CsvOptions): Promise<Columns> {
  let names: readonly string[] | undefined;
  let texts: string[][] = [];
  let rows = 0;
  for await (const cells of readCsv(Readable.from([bytes]), options)) {
    if (names === undefined) {
      names = cells;
      texts = cells.map(() => []);
      const twice = cells.find((name, at) => cells.indexOf(name) !== at);
      if (twice !== undefined)
        throw new CsvError({ row: 0, column: twice, reason: 'The column is there more than once' });
      continue;
    }
    rows++;
    if (cells.length !== names.length) throw wrongCount(rows, cells.length, names.length);
    if (rows * names.length > cellsMax)
      throw new CairnError('too-large', `The file has over ${cellsMax} values, the most that can be read.`);
    for (let i = 0; i < cells.length; i++) texts[i]?.push(cells[i] ?? '');
  }
  if (names === undefined)
    throw new CsvError({ reason: 'The file is empty; its first line must name the columns' });
  return { rows, columns: new Map(names.map((name, i) => [name, typed(texts[i] ?? [])])) };
}

/** Numbers where every value is one or missing; else text, with nothing as `null`. */
function typed(texts: readonly string[]): Cell[] {
  const numbers: Cell[] = [];
  let any = false;
  for (const text of texts) {
    const value = numberOf(text);
    if (value === undefined) return texts.map((cell) => (cell === '' ? null : cell));
    any ||= !Number.isNaN(value);
    numbers.push(Number.isNaN(value) ? null : value);
  }
  return any ? numbers : texts.map((cell) => (cell === '' ? null : cell));
}
