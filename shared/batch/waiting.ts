import type { Context } from '../context.ts';
import type { BatchChunk, ChunkMessage } from './chunk.ts';
import type { BatchJob, RunningJob } from './job.ts';

/** Running jobs that are looked at, and those of them, the smallest first, whose chunks are. */
const jobsMax = 50;
const jobsLookedIntoMax = 5;
/** Chunks of which one is drawn, so that workers who look at the same moment seldom meet. */
const chunksMax = 20;

/**
 * A chunk that nobody has taken, of the job with the smallest input among those smaller than that of `job`;
 * `undefined` where none waits. Jobs are of any workspace, as the queue is. One query, and a few more within single
 * jobs where smaller ones run; a `job` of one chunk has nobody waiting behind it. A chunk that has failed is left to
 * its own message, which comes again after a while.
 */
export async function waitingChunk(ctx: Context, job: RunningJob): Promise<ChunkMessage | undefined> {
  if (job.plan.chunks <= 1) return undefined;
  const documents = ctx.stores.documents('jobs');
  const jobs = await documents.query<Pick<BatchJob, 'jobId'> & Pick<BatchJob['input'], 'bytes'>>(
    {
      text:
        "SELECT c.jobId, c.input.bytes FROM c WHERE c.type = 'batch-job' AND c.status = 'running' " +
        'AND c.input.bytes < @bytes',
      values: { bytes: job.input.bytes },
    },
    { limit: jobsMax, consistency: 'strong' },
  );
  const smallest = jobs.toSorted((a, b) => a.bytes - b.bytes).slice(0, jobsLookedIntoMax);
  for (const { jobId } of smallest) {
    const chunks = await documents.query<BatchChunk['index']>(
      {
        text:
          "SELECT VALUE c.index FROM c WHERE c.type = 'batch-chunk' AND c.status = 'pending' " +
          'AND c.failures = 0',
      },
      { key: [jobId], limit: chunksMax, consistency: 'strong' },
    );
    const chunk = chunks[Math.floor(ctx.ids.random() * chunks.length)];
    if (chunk !== undefined) return { jobId, chunk };
  }
  return undefined;
}
