import type { Context } from '../context.ts';
import { isOutage } from './claim.ts';
import { failJob } from './finish.ts';
import { withLittleRoom } from './heap.ts';
import { failureOf } from './failure.ts';
import { type BatchFailure, type BatchMessage, isOver } from './job.ts';
import { type Pace, usualPace } from './pace.ts';
import { Planner } from './planner.ts';
import { changeJob, readJob } from './store.ts';

/**
 * Reads the input once and cuts it at row starts, so that a chunk is whole rows and the number of its
 * first row is known. Only the quotes before it tell whether a line feed ends a row, hence one pass over
 * the whole file; workers begin with the first chunks while the rest is still being cut.
 * A plan that breaks off continues from its last write; of two planners, one writes and the other stops.
 */
export async function planJob(
  ctx: Context,
  { jobId }: Pick<BatchMessage, 'jobId'>,
  pace: Pace = usualPace,
): Promise<void> {
  const stored = await readJob(ctx, jobId);
  if (!stored) return;
  const { doc: job } = stored;
  if ((job.status !== 'planned' && job.status !== 'running') || job.plan.complete) return;
  const here: Context = { ...ctx, workspace: job.workspace };
  const planner = new Planner(here, { doc: job, etag: stored.etag }, pace);
  try {
    // Chunks are scored beside it, of the same memory.
    await withLittleRoom(() => planner.run(), { isWasteful: true });
  } catch (error) {
    const failure = failureOf(error, job, planner.file) ?? (await heldAgainst(here, jobId, error, pace));
    if (!failure) throw error;
    await failJob(here, job, failure);
  }
}

/** Counts a try that ended badly for no known reason; too many end the job. That a service is away is no such try. */
async function heldAgainst(
  ctx: Context,
  jobId: string,
  error: unknown,
  { failuresMax }: Pace,
): Promise<BatchFailure | undefined> {
  if (isOutage(error)) return undefined;
  const job = await changeJob(
    ctx,
    jobId,
    (now) =>
      isOver(now) ? undefined : { ...now, plan: { ...now.plan, failures: (now.plan.failures ?? 0) + 1 } },
    () => undefined,
  );
  const failures = job?.plan.failures ?? 0;
  if (failures < failuresMax) return undefined;
  const why = error instanceof Error ? error.message : String(error);
  return {
    code: 'attempts',
    reason: `The input could not be cut into chunks in ${failures} tries, the last time because ${why}`,
  };
}
