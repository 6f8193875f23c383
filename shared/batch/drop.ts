import type { Context } from '../context.ts';
import { isCode } from '../http/index.ts';
import { isOptionsFile } from './options-file.ts';
import { isHidden } from './found.ts';
import type { BatchJob } from './job.ts';
import { folderOf, parseName } from './names.ts';
import { newJob } from './new-job.ts';
import { placeOfFolder, type Scorer, scorerOf } from './owner.ts';
import { refuse, start } from './start.ts';
import { readJob } from './store.ts';
import { checkRoom } from './submit.ts';

/**
 * Starts the job for a blob that has appeared in `batch-input`. What lies there now counts, not what an
 * event says lay there: events come twice, late, and in any order. A blob that cannot be scored leaves a
 * failed job that says why; one in nobody's folder is passed over, as are a file of options, one whose name hides it,
 * and one whose job was deleted.
 */
export async function submitBlob(ctx: Context, name: string): Promise<BatchJob | undefined> {
  const place = parseName(name);
  if (!place) {
    ctx.log.warn('blob is in no folder of an endpoint or a model', { name });
    return undefined;
  }
  if (isOptionsFile(name) || isHidden(place.path)) return undefined;
  const here: Context = { ...ctx, workspace: place.workspace };
  const blob = await ctx.stores.blobs('batch-input').stat(name);
  if (!blob) return undefined;
  const input = { container: 'batch-input', name, isPrefix: false } as const;
  const scorer = await scorerOfDropped(here, place.folder);
  const made = newJob(here, scorer, { input, files: [{ name, ...blob }] });
  const known = (await readJob(here, made.job.jobId))?.doc;
  if (known) return known.deletedAt === undefined ? (await start(here, known, made.files)).job : undefined;
  if (scorer.reason !== undefined) return refuse(here, made.job, scorer.reason);
  if (!scorer.model)
    return refuse(
      here,
      made.job,
      `'${place.folder}' had no version that was ready; retry the job once it has one`,
    );
  const full = await whyFull(here);
  if (full !== undefined) return refuse(here, made.job, full);
  return (await start(here, { ...made.job, status: 'planned', model: scorer.model }, made.files)).job;
}

/** Whose a dropped file is, and why it cannot be scored; of a folder that is nobody's, an endpoint that is not there. */
async function scorerOfDropped(ctx: Context, folder: string): Promise<Scorer & { readonly reason?: string }> {
  const place = await placeOfFolder(ctx, folder);
  if (!place)
    return {
      owner: { type: 'endpoint', id: folder },
      folder: folderOf(ctx.workspace, folder),
      model: undefined,
      reason: `There is no endpoint or model '${folder}'; create one and retry the job, or drop the file for another`,
    };
  try {
    return await scorerOf(ctx, place.owner);
  } catch (error) {
    if (!isCode(error, 'conflict', 'not-found')) throw error;
    return { ...place, model: undefined, reason: error.message };
  }
}

/** Why a file is not scored where the workspace has scored or holds as much as it may: nobody waits for the error. */
async function whyFull(ctx: Context): Promise<string | undefined> {
  try {
    await checkRoom(ctx);
    return undefined;
  } catch (error) {
    if (isCode(error, 'too-many')) return error.message;
    throw error;
  }
}
