import type { Context } from '../../context.ts';
import { CsvError } from '../../datasets/index.ts';
import type { VersionReady } from '../../registry/index.ts';
import { fedBy, namesOf } from '../../serving/index.ts';
import type { BatchFile, Layout, ParquetColumn } from '../file.ts';
import type { BatchJob } from '../job.ts';
import type { JobOptions } from '../options.ts';
import { isFloatTable } from './csv-rows.ts';
import { joinedOf, withoutIndex } from './joined.ts';
import { footerOf } from './parquet-open.ts';
import { pandasNote } from './parquet-pandas.ts';
import { checkSuits } from './text-layout.ts';

/** Columns of a file at most, so that the document that lists them stays small. */
const columnsMax = 5000;

/**
 * The layout of a Parquet file as its footer tells it. Nested columns are in the way only where they are joined.
 * @throws {CsvError} or {@link BatchError} for a file that does not suit the options.
 */
export async function parquetLayout(
  ctx: Context,
  job: BatchJob,
  file: BatchFile,
  ready: VersionReady,
  { output }: JobOptions,
): Promise<Extract<Layout, { format: 'parquet' }>> {
  const { columns, rows, pandas } = await footerOf(ctx, job, file);
  if (rows === 0) throw new CsvError({ reason: 'The file has no rows' });
  if (columns.length > columnsMax)
    throw new CsvError({
      row: 0,
      reason: `The file has ${columns.length} columns, and at most ${columnsMax} are read; leave some out`,
    });
  const names = columns.map(({ name }) => name);
  for (const at of joinedOf(names, output.join)) {
    const { name, type } = columns[at];
    if (type === 'nested')
      throw new CsvError({
        row: 0,
        column: name,
        reason:
          'The column is nested and cannot be joined; name those to join in output.join, or set it to none',
      });
  }
  checkSuits(namesOf(fedBy(ready)) ? names : withoutIndex(names), ready, '');
  checkKinds(columns, ready);
  const note = pandasNote(pandas);
  return { format: 'parquet', columns, rows, ...(note === undefined ? {} : { pandas: note }) };
}

/** Throws {@link CsvError} for a column of a kind that the model cannot take. */
function checkKinds(columns: readonly ParquetColumn[], ready: VersionReady): void {
  const fed = fedBy(ready);
  const named = namesOf(fed)?.map(({ name }) => name);
  const taken = new Set(named ?? withoutIndex(columns.map(({ name }) => name)));
  const isOfNumbers = isFloatTable(fed.inputs);
  for (const { name, type } of columns) {
    if (!taken.has(name)) continue;
    if (type === 'nested')
      throw new CsvError({
        row: 0,
        column: name,
        reason:
          'The column is nested, and the model takes plain values; write its parts as columns of their own',
      });
    if (type === 'time' && isOfNumbers)
      throw new CsvError({
        row: 0,
        column: name,
        reason: 'The column holds times, and the model takes numbers; write it as one',
      });
  }
}
