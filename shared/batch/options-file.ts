import { isRefusal } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError, isCode, parse } from '../http/index.ts';
import { BatchError } from './failure.ts';
import type { BatchJob } from './job.ts';
import { jobOptions, type JobOptions, optionsOf } from './options.ts';

/** What the file of options beside `data.csv` is called: `data.csv.job.json`. It starts no job itself. */
const suffix = '.job.json';
const bytesMax = 64 * 1024;
/** Editors of Windows write it before a text. */
const byteOrderMark = '\u{feff}';

export function isOptionsFile(name: string): boolean {
  return name.toLowerCase().endsWith(suffix);
}

/**
 * The options that lie beside the input of a job; `undefined` where there are none.
 * @throws {BatchError} where they are not what they should be, naming the field.
 */
export async function readOptionsFile(ctx: Context, { input }: BatchJob): Promise<JobOptions | undefined> {
  if (input.container !== 'batch-input' || input.isPrefix) return undefined;
  const name = `${input.name}${suffix}`;
  const bytes = await readSmall(ctx, name);
  if (!bytes) return undefined;
  const asked = objectOf(bytes.toString(), name);
  try {
    return optionsOf(parse(jobOptions, asked));
  } catch (error) {
    if (!isCode(error, 'invalid')) throw error;
    throw refused(name, error.message.replace(/\.$/, ''));
  }
}

async function readSmall(ctx: Context, name: string): Promise<Buffer | undefined> {
  try {
    return await ctx.stores.blobs('batch-input').read(name, bytesMax);
  } catch (error) {
    if (error instanceof CairnError && error.code === 'too-large')
      throw refused(name, `it has over ${bytesMax} bytes`);
    if (isRefusal(error)) throw refused(name, error.message);
    throw error;
  }
}

function objectOf(text: string, name: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith(byteOrderMark) ? text.slice(1) : text);
  } catch {
    throw refused(name, 'it is not JSON in UTF-8');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refused(name, 'it must be a JSON object');
}

function refused(name: string, why: string): BatchError {
  return new BatchError({
    code: 'options',
    reason: `The options in '${name}' cannot be used: ${why}; mend the file and retry the job`,
  });
}
