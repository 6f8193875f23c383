import type { Context } from '../../context.ts';
import type { VersionReady } from '../../registry/index.ts';
import { namesOf, type ServedModel } from '../../serving/index.ts';
import { inputBytes } from '../input.ts';
import type { BatchChunk } from '../chunk.ts';
import type { BatchFile } from '../file.ts';
import type { BatchJob } from '../job.ts';
import { plainOptions } from '../options.ts';
import { checksOf, isFloatTable, numericCsv, type NumericTable } from './csv-rows.ts';
import { csvFormat } from './csv-text.ts';
import { unpacked } from './gzip.ts';
import { withoutIndex } from './joined.ts';
import { JsonNumbers } from './json-numbers.ts';
import { jsonFormat } from './json-rows.ts';
import { predictorOf } from './predicted.ts';
import type { ReadOptions, RowBlock } from './rows.ts';
import { textBlocks } from './text-rows.ts';
import { namesIn, outputFormat } from './write.ts';

/** A chunk of a file, with how far it has been scored. */
type Opened = {
  readonly job: Pick<BatchJob, 'input' | 'options' | 'plan'>;
  readonly file: BatchFile;
  readonly chunk: Pick<BatchChunk, 'first' | 'end' | 'row' | 'progress'>;
};

type Model = { readonly ready: VersionReady; readonly model: ServedModel };

/** The rows of a chunk that are still to be scored. Throws what ends the job for good where they cannot be read. */
export function openRows(
  ctx: Context,
  { job, file, chunk }: Opened,
  { ready, model }: Model,
): AsyncIterable<RowBlock> {
  const { layout } = file;
  if (!layout) throw new Error(`File ${file.index} of ${file.jobId} has a chunk and no layout.`);
  const { progress } = chunk;
  const options: ReadOptions = {
    rowsMax: job.plan.rowsAtOnce,
    row: chunk.row + progress.read,
    position: progress.position,
    badRows: (job.options ?? plainOptions).badRows.policy,
  };
  if (layout.format === 'parquet') return parquet(ctx, { job, file, chunk }, { ready, model }, options);
  const bytes = chunkBytes(ctx, { job, file, chunk });
  const use = job.options ?? plainOptions;
  if (layout.format === 'csv') {
    const { columns, delimiter } = layout;
    const table = numericTable(columns, model);
    if (table) return numericCsv(bytes, { ...table, columns, delimiter }, options);
    return textBlocks(bytes, csvFormat(columns, delimiter), options);
  }
  const { columns, areLists = false } = layout;
  const { join } = use.output;
  const isAll = join === 'all';
  const format = jsonFormat({
    columns,
    areLists,
    needed: (namesOf(model) ?? []).map(({ name }) => name),
    isFixed: isAll && outputFormat(layout, use) !== 'jsonl',
    added: isAll ? predictorOf(model.outputs, ready, use).columns.map(({ name }) => name) : [],
    ...(areLists ? {} : numbersOf(columns, model, options.rowsMax)),
  });
  return textBlocks(bytes, format, options);
}

/** What is left of a chunk of text. */
function chunkBytes(ctx: Context, { job, file, chunk }: Opened): AsyncIterable<Uint8Array> {
  const { position } = chunk.progress;
  if (file.layout?.format !== 'parquet' && file.layout?.gzip)
    return unpacked(inputBytes(ctx, job, file, { first: 0 }), position);
  return inputBytes(ctx, job, file, {
    first: position,
    ...(chunk.end === null ? {} : { last: chunk.end - 1 }),
  });
}

/** How a table of numbers is read from objects; nothing for all other models. */
function numbersOf(
  columns: readonly string[],
  model: Pick<ServedModel, 'inputs' | 'ready'>,
  rowsMax: number,
): { readonly numbers?: JsonNumbers } {
  const table = numericTable(columns, model);
  // Of whole numbers and truths, and of a wrong number of columns, those who make values of them tell more.
  if (!table || (table.types?.size ?? 0) > 0) return {};
  const { features, port } = table;
  const [, width] = port.shape;
  if (typeof width === 'number' && width !== features.length) return {};
  return { numbers: new JsonNumbers({ columns, features, port, rowsMax }) };
}

/** How a table of numbers is read from CSV without making values of its cells; `undefined` for all other models. */
function numericTable(
  columns: readonly string[],
  { inputs, ready }: Pick<ServedModel, 'inputs' | 'ready'>,
): Pick<NumericTable, 'features' | 'port' | 'types'> | undefined {
  const [port] = inputs;
  if (!port || !isFloatTable(inputs)) return undefined;
  const named = namesOf({ inputs, ready });
  // The types of columns without names are looked at one by one.
  if (!named) {
    const { schema } = ready;
    const isPlain = schema === undefined && !columns.includes(port.name);
    return isPlain && new Set(columns).size === columns.length ? { features: columns, port } : undefined;
  }
  const types = checksOf(named, columns);
  return types ? { features: named.map(({ name }) => name), port, types } : undefined;
}

/** Loaded when first needed: most instances never read Parquet. */
async function* parquet(
  ctx: Context,
  { job, file, chunk }: Opened,
  model: Model,
  options: ReadOptions,
): AsyncGenerator<RowBlock> {
  const { parquetBlocks } = await import('./parquet-chunk.ts');
  const { join } = (job.options ?? plainOptions).output;
  const names = file.layout ? withoutIndex(namesIn(file.layout)) : [];
  const part = { job, file, end: chunk.end ?? chunk.first, join, table: numericTable(names, model.model) };
  yield* parquetBlocks(ctx, part, model.model, options);
}
