import type { Context } from '../../context.ts';
import { namesOf, type ServedModel } from '../../serving/index.ts';
import type { BatchFile } from '../file.ts';
import type { BatchJob } from '../job.ts';
import type { JobOptions } from '../options.ts';
import type { NumericTable } from './csv-rows.ts';
import { joinedOf, withoutIndex } from './joined.ts';
import { footerOf, rangesOf } from './parquet-open.ts';
import { frameFeeder, parquetRows, tableFeeder } from './parquet-rows.ts';
import type { ReadOptions, RowBlock } from './rows.ts';

type Part = {
  readonly job: Pick<BatchJob, 'input'>;
  readonly file: BatchFile;
  readonly end: number;
  readonly join: JobOptions['output']['join'];
  /** What a model takes whose rows go into one matrix. */
  readonly table: Pick<NumericTable, 'features' | 'port' | 'types'> | undefined;
};

/** The rows of a Parquet file from where `options` says to row `end`. */
export async function* parquetBlocks(
  ctx: Context,
  { job, file, end, join, table }: Part,
  model: ServedModel,
  options: ReadOptions,
): AsyncGenerator<RowBlock> {
  const footer = await footerOf(ctx, job, file);
  const { columns } = footer;
  const names = columns.map(({ name }) => name);
  const place = (name: string) => names.indexOf(name);
  const feeder = table
    ? tableFeeder(columns, table.features.map(place), table)
    : frameFeeder(columns, namedIn(names, model).map(place));
  yield* parquetRows(
    { footer, read: rangesOf(ctx, job, file), joined: joinedOf(names, join), feeder },
    { ...options, end },
  );
}

/** The columns of a file that a model looks at: those that it names, or all. */
function namedIn(names: readonly string[], model: ServedModel): readonly string[] {
  const named = namesOf(model)?.map(({ name }) => name);
  return named ? named.filter((name) => names.includes(name)) : withoutIndex(names);
}
