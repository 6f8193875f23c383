import * as z from 'zod';
import type { Management } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { Execution, Executor, Task } from './executor.ts';
import { type Recorder, recordsOf } from './records.ts';

/**
 * `starting` until the name of the execution is known: whoever finds it so looks for the execution by
 * the mark in its environment.
 */
type Run =
  | { readonly state: 'starting' }
  | { readonly state: 'started'; readonly name: string }
  | Extract<Execution, { state: 'failed' | 'lost' }>;
const records = recordsOf<Run>('container');

const apiVersion = '2024-03-01';
/** A start that is not to be found this long after it was asked for did not happen. */
const startSecondsMax = 300;
/** Names the execution within its own environment. */
const mark = 'CAIRN_EXECUTION';

const container = z.looseObject({
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
});
const template = z.looseObject({
  containers: z.array(container).min(1),
  initContainers: z.array(z.unknown()).nullish(),
});
const job = z.object({ properties: z.object({ template }) });
const started = z.object({ name: z.string().min(1) });
const execution = z.object({
  name: z.string(),
  properties: z.object({ status: z.string().optional(), template: template.optional() }),
});
const executions = z.object({ value: z.array(execution) });

/**
 * Runs a task as an execution of a Container Apps job: the containers of the job as they are, the first
 * of them with the task's environment. The job's own `replicaTimeout` stops what takes too long; its
 * `replicaRetryLimit` should be 0, since attempts are counted here. What it prints stays in its logs.
 * https://learn.microsoft.com/azure/container-apps/jobs
 */
export function containerExecutor(resourceId: string, management: Management): Executor {
  const url = (rest: string) => `${resourceId}${rest}?api-version=${apiVersion}`;

  const get = async <S extends z.ZodType>(schema: S, rest: string): Promise<z.output<S> | undefined> => {
    const { status, body } = await management.call('GET', url(rest));
    if (status === 404) return undefined;
    if (status !== 200) throw unexpected(`GET ${resourceId}${rest}`, status, body);
    return schema.parse(body);
  };

  /** The execution of a task whose name has not been learnt. */
  const search = async (task: Task): Promise<string | undefined> => {
    for (const { name, properties } of (await get(executions, '/executions'))?.value ?? [])
      for (const { env } of properties.template?.containers ?? [])
        if (env.some((variable) => variable.name === mark && variable.value === nameOf(task))) return name;
    return undefined;
  };

  const stop = async (name: string): Promise<void> => {
    const { status, body } = await management.call('POST', url(`/executions/${name}/stop`));
    if (status >= 400 && status !== 404)
      throw unexpected(`POST ${resourceId}/executions/${name}/stop`, status, body);
  };

  const run = async (ctx: Context, task: Task, record: Recorder<Run>): Promise<void> => {
    const known = await get(job, '');
    if (!known)
      return void (await record({
        state: 'failed',
        reason: `There is no Container Apps job '${resourceId}'.`,
        log: '',
      }));
    const { status, body } = await management.call('POST', url('/start'), withTask(known, task));
    if (status >= 400 && status < 500 && status !== 429)
      return void (await record({ state: 'failed', reason: refusal(status, body), log: '' }));
    if (status >= 400) throw unexpected(`POST ${resourceId}/start`, status, body);
    const { data } = started.safeParse(body);
    // 202 may come without a name; it is then searched for.
    if (!data || (await record({ state: 'started', name: data.name }))) return;
    const now = (await records.read(ctx, task))?.run;
    if (now?.state === 'started' && now.name === data.name) return;
    ctx.log.warn('an execution that was given up is stopped', { jobId: task.jobId, execution: data.name });
    await stop(data.name);
  };

  const state = async (name: string): Promise<Execution> => {
    const found = await get(execution, `/executions/${name}`);
    switch (found?.properties.status) {
      case undefined:
        return found ? { state: 'running' } : { state: 'lost' };
      case 'Succeeded':
        return { state: 'succeeded', lastLine: null, log: '' };
      case 'Failed':
      case 'Stopped':
      case 'Degraded': {
        const { status } = found?.properties ?? {};
        return { state: 'failed', reason: `Its execution '${name}' ended as ${status}.`, log: '' };
      }
      default:
        return { state: 'running' };
    }
  };

  return {
    signsIn: 'token',

    async start(ctx, task) {
      const record = await records.create(ctx, task, { state: 'starting' });
      if (record) await run(ctx, task, record);
    },

    async poll(ctx, task) {
      const known = await records.read(ctx, task);
      if (!known) return { state: 'absent' };
      switch (known.run.state) {
        case 'started':
          return state(known.run.name);
        case 'failed':
        case 'lost':
          return known.run;
        case 'starting': {
          const name = await search(task);
          if (name !== undefined) {
            await known.record({ state: 'started', name });
            return state(name);
          }
          if (ctx.clock.now() - known.at < startSecondsMax * 1000) return { state: 'running' };
          return (await known.record({ state: 'lost' })) ? { state: 'lost' } : { state: 'running' };
        }
      }
    },

    async cancel(ctx, task) {
      const known = await records.read(ctx, task);
      if (known?.run.state !== 'starting' && known?.run.state !== 'started') return;
      const name = known.run.state === 'started' ? known.run.name : await search(task);
      await known.record({ state: 'failed', reason: 'It was cancelled.', log: '' });
      if (name !== undefined) await stop(name);
    },
  };
}

/** The template of the job with the task's environment in its first container: a start replaces it as a whole. */
function withTask({ properties }: z.output<typeof job>, task: Task): unknown {
  const [first, ...others] = properties.template.containers;
  const given = { ...task.environment, [mark]: nameOf(task) };
  const env = [
    ...(first?.env ?? []).filter(({ name }) => !Object.hasOwn(given, name)),
    ...Object.entries(given).map(([name, value]) => ({ name, value })),
  ];
  const { initContainers } = properties.template;
  return { containers: [{ ...first, env }, ...others], ...(initContainers ? { initContainers } : {}) };
}

const nameOf = (task: Task) => `${task.jobId}/${task.attempt}`;

function refusal(status: number, body: unknown): string {
  const hint =
    status === 403 ? " Give the app's identity a role that may read, start and stop jobs, at this job." : '';
  return `Azure refused to start the job with ${status}: ${saidIn(body)}${hint}`;
}

function unexpected(what: string, status: number, body: unknown): CairnError {
  return new CairnError('unavailable', `${what} answered ${status}: ${saidIn(body)}`, {
    retryAfterSeconds: 10,
  });
}

function saidIn(body: unknown): string {
  const { data } = z.object({ error: z.object({ message: z.string() }) }).safeParse(body);
  return data?.error.message.slice(0, 500) ?? 'no reason given.';
}
