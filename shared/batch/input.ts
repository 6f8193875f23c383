import { type ByteRange, isRefusal } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import { isCode } from '../http/index.ts';
import { getReady, type VersionReady } from '../registry/index.ts';
import type { BatchFailure, BatchFile, BatchJob, BatchModel } from './job.ts';

/** What ends a job for good, however often it is tried. */
export class BatchError extends Error {
  readonly failure: BatchFailure;
  constructor(failure: BatchFailure) {
    super(failure.reason);
    this.name = 'BatchError';
    this.failure = failure;
  }
}

/** Why an error ends the job, or `undefined` where trying again may help. `file` is the one it was in. */
export function failureOf(error: unknown, job: BatchJob, file?: BatchFile): BatchFailure | undefined {
  const failure = plainFailureOf(error);
  const name = job.input.files > 1 ? file?.input.name : undefined;
  return failure && (name === undefined ? failure : { ...failure, file: name });
}

function plainFailureOf(error: unknown): BatchFailure | undefined {
  if (error instanceof BatchError) return error.failure;
  if (error instanceof CsvError) return { code: 'bad-input', ...error.problem };
  // A plan, or what is to be kept of a chunk, that no document holds.
  if (isCode(error, 'too-large')) return { code: 'bad-input', reason: error.message };
  // Rows that the model cannot run on.
  if (isCode(error, 'invalid')) return { code: 'bad-input', reason: error.message };
  if (isRefusal(error)) return { code: 'bad-input', reason: error.message };
  // A file that is gone or another, a model that does not take tables: it stays as it is.
  if (isCode(error, 'conflict')) return { code: 'model', reason: error.message };
  return undefined;
}

/** The bytes of a range of a file, as it was when the job was made. Throws {@link BatchError} where it changed. */
export async function* inputBytes(
  ctx: Context,
  { input: { container } }: Pick<BatchJob, 'input'>,
  { input: { name, etag } }: Pick<BatchFile, 'input'>,
  range: ByteRange,
): AsyncGenerator<Uint8Array> {
  if (range.last !== undefined && range.last < range.first) return;
  try {
    const opened = await ctx.stores.blobs(container).open(name, { range, ifMatch: `"${etag}"` });
    if (!opened) throw changed(name, 'was deleted');
    yield* opened.body;
  } catch (error) {
    if (isRefusal(error)) throw unreadable(name, error.message);
    // Also in the midst of it: what breaks off is asked for again by its etag.
    if (isCode(error, 'conflict'))
      throw changed(name, (await ctx.stores.blobs(container).stat(name)) ? 'was overwritten' : 'was deleted');
    throw error;
  }
}

function unreadable(name: string, why: string): BatchError {
  return new BatchError({ code: 'bad-input', reason: `The input '${name}' cannot be read: ${why}` });
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
    reason: `Version ${model.version} is no longer the one the job was pinned to.`,
  });
}

function changed(name: string, how: string): BatchError {
  return new BatchError({
    code: 'input-changed',
    reason: `The input '${name}' ${how} after the job began; a new blob makes a new job.`,
  });
}
