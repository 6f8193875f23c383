import type { ByteRange } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CsvError, type CsvHeader, NumericRows, readHeader } from '../datasets/index.ts';
import { isCode } from '../http/index.ts';
import { getReady, type VersionReady } from '../registry/index.ts';
import type { BatchFailure, BatchJob, BatchModel } from './job.ts';
import { outputColumns } from './output.ts';

/** What ends a job for good, however often it is tried. */
class BatchError extends Error {
  readonly failure: BatchFailure;
  constructor(failure: BatchFailure) {
    super(failure.reason);
    this.name = 'BatchError';
    this.failure = failure;
  }
}

/** Why an error ends the job, or `undefined` where trying again may help. */
export function failureOf(error: unknown): BatchFailure | undefined {
  if (error instanceof BatchError) return error.failure;
  if (error instanceof CsvError) return { code: 'bad-input', ...error.problem };
  // A file that is gone or another, a model that does not take tables: it stays as it is.
  if (isCode(error, 'conflict', 'invalid')) return { code: 'model', reason: error.message };
  return undefined;
}

/** The bytes of a range of the job's input, as it was when the job was made. Throws {@link BatchError} where it changed. */
export async function* inputBytes(ctx: Context, job: BatchJob, range: ByteRange): AsyncGenerator<Uint8Array> {
  const { container, name, etag } = job.input;
  if (range.last !== undefined && range.last < range.first) return;
  const opened = await ctx.stores
    .blobs(container)
    .open(name, { range, ifMatch: `"${etag}"` })
    .catch((error: unknown) => {
      if (isCode(error, 'conflict')) throw changed(name, 'was overwritten');
      throw error;
    });
  if (!opened) throw changed(name, 'was deleted');
  yield* opened.body;
}

/** The header of the job's input. */
export async function inputHeader(ctx: Context, job: BatchJob): Promise<CsvHeader> {
  if (job.input.bytes === 0)
    throw new CsvError({ reason: 'The file is empty; its first line must name the columns' });
  return readHeader(inputBytes(ctx, job, { first: 0 }));
}

/** The ready version a job is pinned to. Throws {@link BatchError} where it cannot score any more. */
export async function pinnedVersion(ctx: Context, model: BatchModel): Promise<VersionReady> {
  try {
    const ready = await getReady(ctx, model.modelId, model.version);
    if (ready.digest === model.digest) return ready;
  } catch (error) {
    if (!isCode(error, 'conflict', 'not-found')) throw error;
    throw new BatchError({ code: 'model', reason: error.message });
  }
  throw new BatchError({
    code: 'model',
    reason: `Version ${model.version} is no longer the one the endpoint was pinned to.`,
  });
}

/**
 * A parser for the columns the model takes: those it names, wherever they stand in the file; a model that
 * names none takes all columns in their order.
 * @throws {CsvError} for a column that is missing or there twice, and for one named like an output column.
 */
export function featureRows(
  columns: readonly string[],
  ready: VersionReady,
  options: { rowsMax: number; row?: number },
): NumericRows {
  const taken = outputColumns.find((name) => columns.includes(name));
  if (taken !== undefined)
    throw new CsvError({
      row: 0,
      column: taken,
      reason: 'The output adds a column of this name; rename it in the input',
    });
  const width = ready.signature.inputs[0]?.shape[1];
  if (ready.features === null && typeof width === 'number' && width !== columns.length)
    throw new CsvError({
      row: 0,
      reason: `The model takes ${width} columns and does not name them, so the file must have exactly these; it has ${columns.length}`,
    });
  return new NumericRows(columns, ready.features ?? columns, options);
}

function changed(name: string, how: string): BatchError {
  return new BatchError({
    code: 'input-changed',
    reason: `The input '${name}' ${how} after the job began; a new blob makes a new job.`,
  });
}
