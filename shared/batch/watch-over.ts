import type { Context } from '../context.ts';
import { scheduleUntil, standsUntil, unschedule } from '../events/index.ts';
import { inTurns } from '../turns.ts';
import type { BatchJob, BatchMessage } from './job.ts';
import { type Pace, usualPace } from './pace.ts';

/** How often jobs are looked after. */
export const lookEverySeconds = 60;
/** A plan or a commit that has not moved for so long is taken up again. */
export const stalledSeconds = 60;
/** So long the looks go on after the last job that needed them: far longer than clocks are apart. */
const standSeconds = 3_600;
/** Jobs of one look at most; of more each has its turn in one of the next looks. */
const looksMax = 200;
const sendsAtOnce = 8;

/** The one entry of all jobs, so that the agenda does not grow with them. */
const entry = 'batch-jobs';

/** Has the timer look after jobs from now on: before a job is made or goes on, so that whatever dies then, the timer finds it. */
export async function watchOver(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  await scheduleUntil(
    ctx,
    entry,
    {
      dueAt: now + lookEverySeconds * 1000,
      everySeconds: lookEverySeconds,
      until: now + standSeconds * 1000,
      workspace: '*',
      message: { kind: 'batch-look' },
    },
    now + (standSeconds / 2) * 1000,
  );
}

/** What a look reads of a job that has not ended. */
type OpenJob = Pick<BatchJob, 'jobId' | 'workspace' | 'status' | 'updatedAt'>;

/**
 * Work of kind `batch-look`, each minute while there are jobs: has each that may need it looked into by a message of
 * its own. An hour after the last one has ended the looks end, too.
 */
export async function lookAfterJobs(ctx: Context, pace: Pace = usualPace): Promise<void> {
  const now = ctx.clock.now();
  // Before the jobs: one that comes after them moves it on, and then it stays.
  const until = await standsUntil(ctx, entry);
  const open = await openJobs(ctx);
  if (open.length > 0) await watchOver(ctx);
  else if (until !== undefined && until < now) await unschedule(ctx, entry, until);
  const due = inTurn(
    open.filter((job) => mayNeedLook(job, now, pace)),
    now,
  );
  await inTurns(due, sendsAtOnce, ({ jobId, workspace }) =>
    ctx.stores.queues.send(
      { ...ctx, workspace },
      'work',
      { kind: 'batch-recover', jobId } satisfies BatchMessage,
      // Where it has not come by then, the next look has been.
      { keptSeconds: 2 * lookEverySeconds },
    ),
  );
}

/** Jobs of all workspaces that have not ended; those that the first release began are over. */
function openJobs({ stores }: Context): Promise<OpenJob[]> {
  return stores.documents('jobs').query<OpenJob>(
    {
      text:
        "SELECT c.jobId, c.workspace, c.status, c.updatedAt FROM c WHERE c.type = 'batch-job' " +
        "AND c.status IN ('planned', 'running', 'committing') AND c.v > 1",
    },
    { consistency: 'strong' },
  );
}

function mayNeedLook({ status, updatedAt }: OpenJob, now: number, pace: Pace): boolean {
  const age = now - updatedAt;
  if (status === 'planned') return isTimeForPlan(age, pace);
  return status === 'running' || age >= stalledSeconds * 1000;
}

/**
 * Whether it is time to ask again for a plan that has not moved for so long: after a minute, and then as seldom as for
 * chunks, since its message may merely wait behind those of many other jobs. A look comes once in each minute.
 */
export function isTimeForPlan(milliseconds: number, { resendSeconds }: Pace): boolean {
  const seconds = milliseconds / 1000 - stalledSeconds;
  return seconds >= 0 && seconds % resendSeconds < lookEverySeconds;
}

/** As many as one look may have, others each minute. */
function inTurn(jobs: readonly OpenJob[], now: number): readonly OpenJob[] {
  if (jobs.length <= looksMax) return jobs;
  const ordered = jobs.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));
  const first = (Math.floor(now / 1000 / lookEverySeconds) * looksMax) % ordered.length;
  return [...ordered.slice(first), ...ordered].slice(0, looksMax);
}
