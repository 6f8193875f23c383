import * as z from 'zod';
import { endJobTokens, githubClaims, jobToken } from '../access/index.ts';
import { type Context, platform } from '../context.ts';
import { executorNamed, hear, type Report, startedRun } from '../executors/index.ts';
import { CairnError } from '../http/index.ts';
import type { RetrainingJob } from './model.ts';
import { getRetraining, readJob } from './store.ts';
import { taskOf } from './training.ts';

/**
 * Takes what a receiver says of its training: that it goes on, or how it ended. `attempt` says of which it speaks,
 * the present one unless given. Throws `not-found`, and `conflict` where nobody waits for it any more, by which the
 * receiver knows that it may stop.
 */
export async function hearOfTraining(
  ctx: Context,
  jobId: string,
  { attempt, report }: { readonly attempt?: number | undefined; readonly report?: Report },
): Promise<void> {
  const job = await getRetraining(ctx, jobId);
  const kind = Object.hasOwn(ctx.settings.executors, job.executor)
    ? ctx.settings.executors[job.executor]?.kind
    : undefined;
  if (kind !== 'webhook')
    throw new CairnError('conflict', `Executor '${job.executor}' is no webhook: it is asked how it goes.`, {
      field: 'id',
    });
  if (job.status !== 'training' || (attempt !== undefined && attempt !== job.attempt)) throw over(job);
  if ((await hear(ctx, taskOf(ctx, job, job.attempt), report)) === 'over') throw over(job);
}

function over({ status }: RetrainingJob): CairnError {
  return new CairnError('conflict', `Nobody waits for this training any more: the job is ${status}. Stop.`, {
    field: 'id',
  });
}

/** https://docs.github.com/actions/reference/security/oidc */
const claimsOfRun = z.object({ repository: z.string(), run_id: z.string() });

/**
 * The token of a job, for the run of GitHub Actions that was started for it: the run proves by the OIDC token that
 * GitHub gives it which run of which repository it is, so that no secret travels in inputs that others can read. Each
 * call ends the token before it; `null` where nobody has to sign in. Throws `unauthenticated` for what is no such
 * token, `not-found` alike for a job that is not there, is not training, and is not this run's, `unavailable` while
 * the run is not known yet.
 */
export async function tokenForRun(
  ctx: Context,
  jobId: string,
  idToken: string,
): Promise<{ readonly token: string | null; readonly workspace: string; readonly expiresInSeconds: number }> {
  const job = (await readJob(ctx, jobId))?.doc;
  const isOpen = ctx.settings.auth === 'off';
  const claims = isOpen ? undefined : claimsOfRun.safeParse(await githubClaims(ctx, idToken)).data;
  const executor = job && executorNamed(ctx, job.executor);
  const setting = job && executor ? ctx.settings.executors[job.executor] : undefined;
  if (job?.status !== 'training' || !executor || setting?.kind !== 'github') throw notOfRun(jobId);
  const there: Context = { ...ctx, workspace: job.workspace, principal: platform };
  const task = taskOf(there, job, job.attempt);
  const answer = { workspace: job.workspace, expiresInSeconds: task.secondsMax };
  if (isOpen) return { token: null, ...answer };
  const repository = `${setting.owner}/${setting.repo}`;
  if (claims?.repository.toLowerCase() !== repository.toLowerCase()) throw notOfRun(jobId);
  const run = await startedRun(there, executor, task);
  if (run === undefined)
    throw new CairnError('unavailable', 'The run of this job is not known yet; ask again.', {
      retryAfterSeconds: 10,
    });
  if (claims.run_id !== String(run)) throw notOfRun(jobId);
  await endJobTokens(there, jobId);
  return { token: (await jobToken(there, task)) ?? null, ...answer };
}

function notOfRun(jobId: string): CairnError {
  return new CairnError('not-found', `There is no retraining job '${jobId}' that trains in this run.`, {
    field: 'id',
  });
}
