import type { Context } from '../context.ts';
import { isOver } from './job.ts';
import { countedAt, countedFolders, removeCounted } from './profile-folder.ts';
import { readJob } from './store.ts';

/** Storage drops blocks that were staged and never committed after a week: a job of before then cannot go on. */
const keptMilliseconds = 8 * 86_400_000;

/**
 * Removes, in all workspaces, what was counted chunk by chunk of jobs that ended over a week ago: of those that failed
 * or were cancelled, and what a worker that came late has left of the others.
 */
export async function removeLeftovers(ctx: Context): Promise<void> {
  const before = ctx.clock.now() - keptMilliseconds;
  for await (const { workspace, jobId } of countedFolders(ctx)) {
    const job = (await readJob(ctx, jobId))?.doc;
    const here: Context = { ...ctx, workspace };
    // Of a job that is not there, as after a restore of the metadata to a time before it, the blobs say how old it is.
    if (job ? !isOver(job) || job.updatedAt > before : (await countedAt(here, jobId)) > before) continue;
    await removeCounted(here, jobId);
  }
}
