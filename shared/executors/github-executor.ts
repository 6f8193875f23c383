import * as z from 'zod';
import type { Context } from '../context.ts';
import type { GithubSetting } from '../executor-settings.ts';
import { CairnError } from '../http/index.ts';
import type { Execution, Executor, Task } from './executor.ts';
import { askGithub, type GithubAnswer, saidIn } from './github-api.ts';
import { type Recorder, recordsOf } from './records.ts';

/**
 * `asking` is noted before GitHub is asked: whoever finds it so does not ask again, but looks for the run. `asked`:
 * GitHub took it and named no run.
 */
type Run =
  | { readonly state: 'waiting'; readonly until: number; readonly tries: number }
  | { readonly state: 'asking'; readonly tries: number }
  | { readonly state: 'asked' }
  | { readonly state: 'started'; readonly runId: number; readonly page?: string }
  | Extract<Execution, { state: 'failed' | 'lost' }>;
const records = recordsOf<Run>('github');

/** A run that is not to be found this long after it was asked for did not begin. */
const startSecondsMax = 300;
/** GitHub's clock and ours. */
const clockSecondsMax = 120;
const triesMax = 8;
const againSeconds = 60;
const pagesMax = 5;
const perPage = 100;

const started = z.object({ workflow_run_id: z.int().positive(), html_url: z.string().optional() });
const run = z.object({
  id: z.int().positive(),
  display_title: z.string().nullish(),
  name: z.string().nullish(),
  status: z.string().nullish(),
  conclusion: z.string().nullish(),
  html_url: z.string().nullish(),
});
type Found = z.output<typeof run>;
const runs = z.object({ workflow_runs: z.array(run) });

/**
 * Runs a task as a workflow of GitHub Actions.
 *
 * - `workflow_dispatch`: POST /repos/{owner}/{repo}/actions/workflows/{id or file}/dispatches with `ref` and `inputs`
 *   (all of which the workflow must declare, else 422) answers 204; with `return_run_details` 200 with
 *   `workflow_run_id`, which servers before 2026 do not know and may refuse.
 * - `repository_dispatch`: POST /repos/{owner}/{repo}/dispatches with `event_type` and `client_payload` of at most 10
 *   properties answers 204, also where no workflow listens.
 * - GET /repos/{owner}/{repo}/actions/runs/{id}: `status` until `completed`, then `conclusion`; POST …/cancel: 202,
 *   or 409 where it has ended.
 *
 * A run that was not named is known by `cairn_job=<job>/<attempt>` in its name, which its workflow takes from
 * the input `cairn_job` (`run-name`). No token travels in inputs, which whoever may read the repository can read: the
 * run proves what it is by an OIDC token. https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event
 */
export function githubExecutor(setting: GithubSetting): Executor {
  const repository = `/repos/${setting.owner}/${setting.repo}`;

  const start = async (ctx: Context, task: Task, record: Recorder<Run>, tries: number): Promise<void> => {
    const answer = await dispatch(ctx, setting, repository, task);
    const failed = (reason: string) => record({ state: 'failed', reason, log: '' });
    switch (answer.outcome) {
      case 'limited':
      case 'not-sent': {
        if (tries >= triesMax || ('isFinal' in answer && answer.isFinal))
          return void (await failed(answer.reason));
        const until = 'until' in answer ? answer.until : ctx.clock.now() + againSeconds * 1000;
        return void (await record({ state: 'waiting', until, tries }));
      }
      case 'unknown':
        // It may have been taken: only a run that does not appear tells.
        ctx.log.warn('dispatch without an answer', { jobId: task.jobId, reason: answer.reason });
        return;
      case 'answered': {
        if (answer.status >= 300) return void (await failed(refusal(setting, answer)));
        const { data } = started.safeParse(answer.body);
        await record(
          data
            ? {
                state: 'started',
                runId: data.workflow_run_id,
                ...(data.html_url === undefined ? {} : { page: data.html_url }),
              }
            : { state: 'asked' },
        );
      }
    }
  };

  /** The run of a task by its name; `undefined` where there is none yet, or none can be asked for. */
  const search = async (ctx: Context, task: Task, askedAt: number): Promise<Found | undefined> => {
    const since = new Date(askedAt - clockSecondsMax * 1000).toISOString().replace(/\.\d+/, '');
    const { start: by } = setting;
    const list =
      'workflow' in by
        ? `/actions/workflows/${encodeURIComponent(by.workflow)}/runs?event=workflow_dispatch`
        : '/actions/runs?event=repository_dispatch';
    for (let page = 1; page <= pagesMax; page++) {
      const path = `${repository}${list}&created=${encodeURIComponent(`>=${since}`)}&per_page=${perPage}&page=${page}`;
      const answer = await askGithub(ctx, setting, 'GET', path);
      const { data } = runs.safeParse(answer.outcome === 'answered' ? answer.body : undefined);
      if (!data) {
        note(ctx, task, answer);
        return undefined;
      }
      const found = data.workflow_runs.find((each) => isNamed(each, task));
      if (found || data.workflow_runs.length < perPage) return found;
    }
    return undefined;
  };

  const state = async (ctx: Context, task: Task, runId: number): Promise<Execution> => {
    const answer = await askGithub(ctx, setting, 'GET', `${repository}/actions/runs/${runId}`);
    if (answer.outcome === 'answered' && answer.status === 404) return { state: 'lost' };
    const { data } = run.safeParse(answer.outcome === 'answered' ? answer.body : undefined);
    if (data) return executionOf(data);
    note(ctx, task, answer);
    return { state: 'running' };
  };

  const stop = async (ctx: Context, runId: number): Promise<void> => {
    const answer = await askGithub(ctx, setting, 'POST', `${repository}/actions/runs/${runId}/cancel`);
    // 409: it has ended; 404: it was deleted.
    if (
      answer.outcome === 'answered' &&
      (answer.status < 300 || answer.status === 409 || answer.status === 404)
    )
      return;
    const why = answer.outcome === 'answered' ? refusal(setting, answer) : answer.reason;
    throw new CairnError('unavailable', `Run ${runId} cannot be cancelled: ${why}`, {
      retryAfterSeconds: againSeconds,
    });
  };

  return {
    signsIn: 'github-run',

    async start(ctx, task) {
      const fresh = await records.create(ctx, task, { state: 'asking', tries: 1 });
      if (fresh) return start(ctx, task, fresh, 1);
      const known = await records.read(ctx, task);
      if (known?.run.state !== 'waiting' || ctx.clock.now() < known.run.until) return;
      const tries = known.run.tries + 1;
      if (await known.record({ state: 'asking', tries })) await start(ctx, task, known.record, tries);
    },

    async poll(ctx, task) {
      const known = await records.read(ctx, task);
      if (!known) return { state: 'absent' };
      switch (known.run.state) {
        case 'started':
          return withPage(await state(ctx, task, known.run.runId), known.run.page);
        case 'failed':
        case 'lost':
          return known.run;
        case 'waiting':
          return { state: ctx.clock.now() < known.run.until ? 'running' : 'absent' };
        case 'asking':
        case 'asked': {
          const found = await search(ctx, task, known.at);
          if (found) {
            const page = found.html_url ?? undefined;
            await known.record({
              state: 'started',
              runId: found.id,
              ...(page === undefined ? {} : { page }),
            });
            return executionOf(found);
          }
          if (ctx.clock.now() - known.at < startSecondsMax * 1000) return { state: 'running' };
          const missing: Run =
            known.run.state === 'asking'
              ? { state: 'lost' }
              : { state: 'failed', reason: noRun(setting, task), log: '' };
          return (await known.record(missing)) ? missing : { state: 'running' };
        }
      }
    },

    async cancel(ctx, task) {
      const known = await records.read(ctx, task);
      if (!known || known.run.state === 'failed' || known.run.state === 'lost') return;
      const isAsked = known.run.state === 'asking' || known.run.state === 'asked';
      const runId =
        known.run.state === 'started'
          ? known.run.runId
          : isAsked
            ? (await search(ctx, task, known.at))?.id
            : undefined;
      if (runId !== undefined) await stop(ctx, runId);
      await known.record({ state: 'failed', reason: 'It was cancelled.', log: '' });
    },
  };
}

/** The number of the run that a task was started as, `undefined` while it is not known. Looks for it where need be. */
export async function startedRun(
  ctx: Context,
  executor: Executor,
  task: Pick<Task, 'jobId' | 'attempt'> & Task,
): Promise<number | undefined> {
  await executor.poll(ctx, task);
  const known = await records.read(ctx, task);
  return known?.run.state === 'started' ? known.run.runId : undefined;
}

async function dispatch(
  ctx: Context,
  setting: GithubSetting,
  repository: string,
  task: Task,
): Promise<GithubAnswer> {
  const given = {
    cairn_job: `${task.jobId}/${task.attempt}`,
    cairn_url: ctx.settings.publicUrl,
    cairn_task: JSON.stringify({ ...task.facts, attempt: task.attempt }),
  };
  const { start: by } = setting;
  if ('eventType' in by)
    return askGithub(ctx, setting, 'POST', `${repository}/dispatches`, {
      event_type: by.eventType,
      client_payload: given,
    });
  const path = `${repository}/actions/workflows/${encodeURIComponent(by.workflow)}/dispatches`;
  const body = { ref: by.ref, inputs: given };
  const answer = await askGithub(ctx, setting, 'POST', path, { ...body, return_run_details: true });
  const isUnknownField =
    answer.outcome === 'answered' &&
    (answer.status === 400 || answer.status === 422) &&
    saidIn(answer.body).includes('return_run_details');
  return isUnknownField ? askGithub(ctx, setting, 'POST', path, body) : answer;
}

function isNamed({ display_title: title, name }: Found, { jobId, attempt }: Task): boolean {
  const mark = `cairn_job=${jobId}/${attempt}`;
  return [title, name].some((text) => text?.split(/\s+/).includes(mark));
}

function executionOf({ id, status, conclusion, html_url: url }: Found): Execution {
  const page = url ?? undefined;
  if (status !== 'completed') return withPage({ state: 'running' }, page);
  switch (conclusion) {
    case 'success':
    case 'neutral':
      return withPage({ state: 'succeeded', lastLine: null, log: '' }, page);
    case 'cancelled':
      return withPage({ state: 'failed', reason: `Its run ${id} was cancelled at GitHub.`, log: '' }, page);
    default: {
      const reason = `Its run ${id} at GitHub ended as ${conclusion ?? 'unknown'}; its log there says why.`;
      return withPage({ state: 'failed', reason, log: '' }, page);
    }
  }
}

function withPage(execution: Execution, page: string | undefined): Execution {
  if (page === undefined || execution.state === 'absent' || execution.state === 'lost') return execution;
  return { ...execution, page: execution.page ?? page };
}

function refusal(
  { owner, repo, start: by, tokenSecret }: GithubSetting,
  { status, body }: Extract<GithubAnswer, { outcome: 'answered' }>,
): string {
  const what = 'workflow' in by ? `workflow '${by.workflow}' at '${by.ref}'` : `event '${by.eventType}'`;
  const hint = {
    401: `Secret '${tokenSecret}' holds no valid token; give it a new one.`,
    403: `The token of secret '${tokenSecret}' needs the permission ${'workflow' in by ? 'Actions: write' : 'Contents: write'} on the repository.`,
    404: `See that the repository is there, that the ${what} is on its default branch, and that the token of secret '${tokenSecret}' may see it.`,
    422: 'See that the branch or tag is there, and that the workflow has `on: workflow_dispatch` with the inputs cairn_job, cairn_url and cairn_task.',
  }[status];
  return `GitHub refused the ${what} of ${owner}/${repo} with ${status}: ${saidIn(body)}.${hint ? ` ${hint}` : ''}`.replace(
    '..',
    '.',
  );
}

function noRun({ start: by }: GithubSetting, { jobId, attempt }: Task): string {
  const from = 'workflow' in by ? 'inputs.cairn_job' : 'github.event.client_payload.cairn_job';
  const listens = 'workflow' in by ? '' : ` listens to the event '${by.eventType}' and`;
  return `GitHub took the request, but no run named 'cairn_job=${jobId}/${attempt}' began within ${startSecondsMax / 60} minutes. See that the workflow${listens} has \`run-name: cairn_job=\${{ ${from} }}\`.`;
}

function note(ctx: Context, { jobId }: Task, answer: GithubAnswer): void {
  const reason =
    answer.outcome === 'answered'
      ? `GitHub answered ${answer.status}: ${saidIn(answer.body)}`
      : answer.reason;
  ctx.log.warn('run not asked after', { jobId, reason });
}
