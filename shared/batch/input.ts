import { type ByteRange, isRefusal } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { isCode } from '../http/index.ts';
import { BatchError } from './failure.ts';
import type { BatchFile } from './file.ts';
import type { BatchJob } from './job.ts';

const deleted = 'was deleted after the job began; upload it again and ask for a new job';
const overwritten = 'was overwritten after the job began; what lies there now is scored by a job of its own';

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
    if (!opened) throw changed(name, deleted);
    yield* opened.body;
  } catch (error) {
    if (isRefusal(error)) throw unreadable(name, error.message);
    // Also in the midst of it: what breaks off is asked for again by its etag.
    if (isCode(error, 'conflict'))
      throw changed(name, (await ctx.stores.blobs(container).stat(name)) ? overwritten : deleted);
    throw error;
  }
}

function unreadable(name: string, why: string): BatchError {
  return new BatchError({ code: 'bad-input', reason: `The input '${name}' cannot be read: ${why}` });
}

function changed(name: string, how: string): BatchError {
  return new BatchError({
    code: 'input-changed',
    reason: `The input '${name}' ${how}`,
  });
}
