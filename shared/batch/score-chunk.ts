import type { Context } from '../context.ts';
import type { ChunkMessage } from './chunk.ts';
import { runChunk } from './chunk-run.ts';
import { claim, giveBack } from './claim.ts';
import { failureOf } from './failure.ts';
import type { BatchFile } from './file.ts';
import { failJob, finishIfDone } from './finish.ts';
import { withLittleRoom } from './heap.ts';
import type { RunningJob } from './job.ts';
import { Lease } from './lease.ts';
import { type Pace, usualPace } from './pace.ts';
import { readFile, readJob } from './store.ts';

/**
 * Scores one chunk and stages its output, if it is not being scored or done already; the last chunk done
 * commits the job. A message that comes twice, or too late, does nothing. Returns the job of a chunk that was taken.
 * After `secondsMax` the rest is handed on; after a turn, too, where a smaller job waits.
 * Throws what trying again may cure; the chunk is then free for the next message.
 */
export async function scoreChunk(
  ctx: Context,
  message: ChunkMessage,
  pace: Pace = usualPace,
  secondsMax = pace.workSecondsMax,
): Promise<RunningJob | undefined> {
  const { jobId, chunk: index } = message;
  const job = (await readJob(ctx, jobId))?.doc;
  if (job?.status !== 'running') return undefined;
  const here: Context = { ...ctx, workspace: job.workspace };
  const claimed = await claim(here, jobId, index, pace);
  if (!claimed) return undefined;
  const lease = new Lease(here, claimed, pace);
  let file: BatchFile | undefined;
  try {
    file = (await readFile(here, jobId, claimed.doc.file)).doc;
    const work = { job, file, lease, secondsMax };
    // Rows of CSV become numbers where they lie; of other formats they become objects, or pages of them.
    const isWasteful = file.layout?.format !== 'csv';
    const result = await withLittleRoom(() => runChunk(here, work, pace), { isWasteful });
    if (result === 'done') await finishIfDone(here, jobId);
  } catch (error) {
    await lease.stop();
    const failure = failureOf(error, job, file);
    if (failure) {
      const { attempt, progress } = lease.claimed.doc;
      await lease.leave({ status: 'failed', attempt, progress, reason: failure.reason });
      await failJob(here, job, failure);
      return job;
    }
    const freed = await giveBack(here, lease.claimed, error, pace);
    if (freed?.doc.status !== 'failed') throw error;
  }
  return job;
}
