import type { BlobFile } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError, checkedPath } from '../http/index.ts';
import { isReport, parseName } from './names.ts';
import { readJob } from './store.ts';

/**
 * An output file of the workspace, to be read or handed out; `not-found` where there is none (yet). While a job
 * commits several files, none of them is there before all are; of a job that was deleted none is.
 */
export async function findOutput(ctx: Context, path: string): Promise<BlobFile> {
  const name = checkedPath(path);
  const place = parseName(name);
  if (place?.workspace !== ctx.workspace || isReport(name)) throw unknownOutput(name);
  const job = (await readJob(ctx, place.path.split('/')[0] ?? ''))?.doc;
  if (job && (job.status !== 'succeeded' || job.deletedAt !== undefined)) throw unknownOutput(name);
  const found = await ctx.stores.blobs('batch-output').file(name);
  if (found) return found;
  throw unknownOutput(name, job?.status === 'succeeded');
}

/** The words where the workspace has no output of a name. */
export function unknownOutput(name: string, wasThere = false): CairnError {
  const why = wasThere
    ? 'its job has none of this name, or it is no longer kept'
    : 'it appears when its job has succeeded';
  return new CairnError('not-found', `There is no output '${name}'; ${why}.`, { field: 'path' });
}
