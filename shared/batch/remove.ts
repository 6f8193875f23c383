import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { spend } from '../ledger.ts';
import type { ScoredFile } from './scored-files.ts';
import { type BatchJob, isOver } from './job.ts';
import { removeCounted } from './profile-folder.ts';
import { removeReport } from './report.ts';
import { changeJob, readJob, unknownJob } from './store.ts';

/**
 * Removes what was counted chunk by chunk of a job that has succeeded: it is in the report by then. Subscriber of
 * `batch.finished`; a job that failed can go on, and keeps it until it is deleted.
 */
export async function forgetCounted(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const job = (await readJob(ctx, subject['jobId'] ?? ''))?.doc;
  if (job?.status === 'succeeded') await removeCounted({ ...ctx, workspace: job.workspace }, job.jobId);
}

/** Documents removed in one write. */
const removedAtOnce = 100;

/**
 * Deletes a job that has ended, with all that came out of it; done again, it changes nothing. What stays is a document
 * that nobody sees, by which a late event of the same input is known.
 * Throws `not-found`, and `conflict` for a job that has not ended.
 */
export async function deleteJob(ctx: Context, jobId: string): Promise<void> {
  const found = (await readJob(ctx, jobId))?.doc;
  if (found?.workspace !== ctx.workspace) throw unknownJob(jobId);
  await changeJob(
    ctx,
    jobId,
    (job) => {
      if (job.deletedAt !== undefined) return undefined;
      if (!isOver(job))
        throw new CairnError('conflict', `The job is ${job.status}; cancel it before you delete it.`, {
          field: 'id',
        });
      return { ...job, deletedAt: ctx.clock.now() };
    },
    () => 'batch.deleted',
  );
}

/** Removes what a deleted job leaves: its outputs, what was counted, its files and chunks. Subscriber of `batch.deleted`. */
export async function cleanJob(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const job = (await readJob(ctx, subject['jobId'] ?? ''))?.doc;
  if (job?.deletedAt === undefined) return;
  await removeFolder(ctx, job);
  const here: Context = { ...ctx, workspace: job.workspace };
  await removeReport(here, job);
  await removeCounted(here, job.jobId);
  await removeDocuments(ctx, job.jobId);
}

async function removeFolder(ctx: Context, job: BatchJob): Promise<void> {
  let bytes = 0;
  await ctx.stores.blobs('batch-output').removeBelow(placeOfOutputs(job), (removed) => (bytes += removed));
  spend('storedBytes', -bytes);
}

/** What came out of a job: outputs, and files of errors. */
export async function* outputsOf(ctx: Context, job: BatchJob): AsyncGenerator<ScoredFile> {
  for await (const { name, modifiedAt } of ctx.stores.blobs('batch-output').walk(placeOfOutputs(job)))
    yield { container: 'batch-output', name, modifiedAt };
}

/** The folder of a job's own; the first release had none, and one output. */
function placeOfOutputs({ jobId, output }: BatchJob): string {
  const folder = `/${jobId}/`;
  const at = output.name.indexOf(folder);
  return at < 0 ? output.name : output.name.slice(0, at + folder.length);
}

/** Removes the documents of files and chunks of a job. */
export async function removeDocuments(ctx: Context, jobId: string): Promise<void> {
  const documents = ctx.stores.documents('jobs');
  for (;;) {
    const found = await documents.query<{ id: string; _etag: string }>(
      { text: "SELECT c.id, c._etag FROM c WHERE c.type IN ('batch-file', 'batch-chunk')" },
      { key: [jobId], consistency: 'strong', limit: removedAtOnce },
    );
    if (found.length === 0) return;
    const writes = found.map(({ id, _etag }) => ({ op: 'delete' as const, id, etag: _etag }));
    await documents.batch([jobId], writes);
  }
}
