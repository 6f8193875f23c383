import type { Context } from '../context.ts';
import { CsvError, delimiterOf } from '../datasets/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { fedBy, portsOf } from '../serving/index.ts';
import { kindOf, whyUnreadable } from './endings.ts';
import { joinedOf } from './formats/joined.ts';
import { predictorOf } from './formats/predicted.ts';
import { csvLayout, jsonLayout } from './formats/text-layout.ts';
import { namesIn, outputFormat } from './formats/write.ts';
import { BatchError } from './failure.ts';
import type { BatchFile, Layout } from './file.ts';
import type { BatchJob } from './job.ts';
import type { JobOptions } from './options.ts';
import { rowsFixed } from './score.ts';

/** A layout is kept in one document, with much beside it. */
const layoutBytesMax = 1280 * 1024;

/** Bad rows that may stand before the first good one, where they are not what ends the job. */
const badRowsFirst = 1000;

/** A file of a job. */
export type PlannedFile = { readonly job: BatchJob; readonly file: BatchFile };

/**
 * Looks at the start of a file, or at its end, and tells how its rows lie.
 * @throws {CsvError} or {@link BatchError} for one that does not suit the model or the options.
 */
export async function layoutOf(
  ctx: Context,
  input: PlannedFile,
  ready: VersionReady,
  options: JobOptions,
): Promise<Layout> {
  rowsFixed(fedBy(ready).inputs);
  const layout = await foundLayout(ctx, input, ready, options);
  const bytes = Buffer.byteLength(JSON.stringify(layout));
  if (bytes > layoutBytesMax)
    throw new CsvError({
      row: 0,
      reason: `The names of the ${layout.columns.length} columns take ${bytes} bytes to keep, and at most ${layoutBytesMax} are kept; shorten them, or leave columns out`,
    });
  checkJoined(layout, ready, options);
  return layout;
}

async function foundLayout(
  ctx: Context,
  { job, file }: PlannedFile,
  ready: VersionReady,
  options: JobOptions,
): Promise<Layout> {
  const { name } = file.input;
  const { format, gzip, delimiter } = kindOf(name, options);
  switch (format) {
    case 'csv':
      return csvLayout(ctx, job, file, ready, {
        gzip,
        delimiter: options.delimiter,
        preferred: delimiter ?? ',',
      });
    case 'jsonl':
      return jsonLayout(ctx, job, file, ready, {
        gzip,
        rowsMax: options.badRows.policy === 'fail' ? 1 : badRowsFirst,
      });
    case 'parquet': {
      const { parquetLayout } = await import('./formats/parquet-layout.ts');
      return parquetLayout(ctx, job, file, ready, options);
    }
    default:
      throw new BatchError({
        code: 'bad-input',
        reason: whyUnreadable(name, options) ?? `'${name}' is of no format that can be read`,
      });
  }
}

/**
 * Refuses columns to join that are not there, that would stand in the output beside a predicted one of their name, or
 * twice where the format has each name once.
 */
function checkJoined(layout: Layout, ready: VersionReady, options: JobOptions): void {
  if (options.output.delimiter !== null) delimiterOf({ delimiter: options.output.delimiter });
  const names = namesIn(layout);
  const joined = joinedOf(names, options.output.join).map((at) => names[at]);
  const all = new Set(joined);
  if (all.size < joined.length && outputFormat(layout, options) !== 'csv') {
    const twice = joined.find((name) => !all.delete(name));
    throw new CsvError({
      row: 0,
      column: twice ?? '',
      reason: 'The column is there more than once; rename one of them, or leave it out of output.join',
    });
  }
  const predicted = predictorOf(portsOf(ready.signature.outputs), ready, options).columns;
  const taken = predicted.find(({ name }) => all.has(name));
  if (taken)
    throw new CsvError({
      row: 0,
      column: taken.name,
      reason: 'The output adds a column of this name; rename it in the input, or leave it out of output.join',
    });
}
