import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { executorNamed, type Task } from '../../shared/executors/index.ts';
import { type TestContext, testContext } from '../support/context.ts';
import { dyingAfter } from '../support/dying.ts';
import { openGithub } from './github.ts';

const token = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const keys = mkdtempSync(join(tmpdir(), 'cairn-keys-'));

let github: Awaited<ReturnType<typeof openGithub>>;
let opened: TestContext;
let ctx: Context;
const warnings: string[] = [];
beforeAll(async () => {
  mkdirSync(join(keys, 'secrets'));
  writeFileSync(join(keys, 'secrets', 'github'), `${token}\n`);
  writeFileSync(join(keys, 'secrets', 'stale'), 'another');
  github = await openGithub(token);
  const where = { owner: 'acme', repo: 'models', token_secret: 'github', api_url: github.url };
  process.env['CAIRN_KEYS_FOLDER'] = keys;
  process.env['CAIRN_WEBHOOK_TARGETS'] = 'any';
  process.env['CAIRN_EXECUTORS'] = JSON.stringify({
    workflow: { github: { ...where, workflow: 'train.yml' } },
    event: { github: { ...where, event_type: 'cairn-retrain' } },
    stale: { github: { ...where, workflow: 'train.yml', token_secret: 'stale' } },
    nameless: { github: { ...where, workflow: 'train.yml', token_secret: 'none' } },
  });
  const log = {
    info: () => undefined,
    warn: (text: string, fields?: object) => warnings.push(`${text} ${JSON.stringify(fields)}`),
  };
  opened = await testContext();
  ctx = { ...opened.ctx, log: { ...opened.ctx.log, ...log } };
});
afterAll(async () => {
  github.close();
  await opened.close();
  rmSync(keys, { recursive: true });
});
beforeEach(() => {
  Object.assign(github.state, { dispatch: 'named', reading: 200, cancel: 202 });
  github.runs.length = 0;
  github.requests.length = 0;
});

let count = 0;
const newTask = (): Task => ({
  jobId: `retrain-default-iris-${count++}`,
  attempt: 1,
  environment: { MLFLOW_TRACKING_URI: 'http://cairn.example', MLFLOW_TRACKING_TOKEN: 'never-sent' },
  facts: { jobId: 'retrain', model: 'iris', from: 1, to: 2 },
  secondsMax: 60,
  whenEnded: { kind: 'retrain-recover', jobId: '' },
});
const later = (seconds: number): Context => ({ ...ctx, clock: { now: () => Date.now() + seconds * 1000 } });
const executor = (name = 'workflow') => executorNamed(ctx, name)!;
const page = 'https://github.example/acme/models/actions/runs/100';

describe('a workflow of GitHub', () => {
  test('is started once, told what to do without a secret, and asked how it goes', async () => {
    const task = newTask();
    expect(await executor().poll(ctx, task)).toEqual({ state: 'absent' });
    await Promise.all([executor().start(ctx, task), executor().start(ctx, task)]);
    await executor().start(ctx, task);
    expect(github.dispatches()).toEqual([
      {
        method: 'POST',
        path: '/actions/workflows/train.yml/dispatches',
        body: {
          ref: 'main',
          return_run_details: true,
          inputs: {
            cairn_job: `${task.jobId}/1`,
            cairn_url: ctx.settings.publicUrl,
            cairn_task: JSON.stringify({ ...task.facts, attempt: 1 }),
          },
        },
      },
    ]);
    expect(JSON.stringify(github.requests)).not.toContain('never-sent');
    expect(await executor().poll(ctx, task)).toEqual({ state: 'running', page });
    Object.assign(github.runs[0] ?? {}, { status: 'completed', conclusion: 'success' });
    expect(await executor().poll(ctx, task)).toEqual({ state: 'succeeded', lastLine: null, log: '', page });
  });

  test.each([
    ['cancelled', 'Its run 100 was cancelled at GitHub.'],
    ['failure', 'Its run 100 at GitHub ended as failure; its log there says why.'],
    ['timed_out', 'Its run 100 at GitHub ended as timed_out; its log there says why.'],
  ])('that ended as %s has failed', async (conclusion, reason) => {
    const task = newTask();
    await executor().start(ctx, task);
    Object.assign(github.runs[0] ?? {}, { status: 'completed', conclusion });
    expect(await executor().poll(ctx, task)).toEqual({ state: 'failed', reason, log: '', page });
  });

  test.each(['nameless', 'old', 'taken-then-500', 'taken-then-silent'] as const)(
    'is found by its name where the answer to its dispatch was %s',
    async (answer) => {
      github.state.dispatch = answer;
      const [other, task] = [{ ...newTask(), attempt: 11 }, newTask()];
      await executor().start(ctx, other);
      await executor().start(ctx, task);
      await executor().start(ctx, task);
      expect(github.runs).toHaveLength(2);
      Object.assign(github.runs[0] ?? {}, { status: 'completed', conclusion: 'success' });
      expect(await executor().poll(ctx, task)).toMatchObject({ state: 'succeeded' });
      expect(await executor().poll(ctx, other)).toMatchObject({ state: 'running' });
      expect(await executor().poll(later(3600), other)).toMatchObject({ state: 'running' });
    },
  );

  test('is found after its starter died before it could note the run', async () => {
    const task = newTask();
    const { dying } = dyingAfter(ctx, 1, ['jobs']);
    await expect(executor().start(dying, task)).rejects.toThrow('died');
    await executor().start(ctx, task);
    expect(github.dispatches()).toHaveLength(1);
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'running' });
  });

  test('that may or may not have been taken, and does not appear, is lost', async () => {
    github.state.dispatch = 'not-taken-500';
    const task = newTask();
    await executor().start(ctx, task);
    await executor().start(ctx, task);
    expect(github.dispatches()).toHaveLength(1);
    expect(await executor().poll(later(200), task)).toEqual({ state: 'running' });
    expect(await executor().poll(later(301), task)).toEqual({ state: 'lost' });
    expect(await executor().poll(ctx, task)).toEqual({ state: 'lost' });
  });

  test('that was taken and never begins fails with what to mend', async () => {
    github.state.dispatch = 'runless';
    const task = newTask();
    await executor('event').start(ctx, task);
    expect(github.dispatches()).toMatchObject([
      {
        path: '/dispatches',
        body: { event_type: 'cairn-retrain', client_payload: { cairn_job: `${task.jobId}/1` } },
      },
    ]);
    expect(await executor('event').poll(later(301), task)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/listens to the event 'cairn-retrain' and has `run-name: cairn_job=/),
    });
  });

  test('of an event is found among those of events', async () => {
    const task = newTask();
    await executor('event').start(ctx, task);
    expect(await executor('event').poll(ctx, task)).toEqual({ state: 'running', page });
  });

  test('that is deleted is lost', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    github.runs.length = 0;
    expect(await executor().poll(ctx, task)).toEqual({ state: 'lost' });
  });

  test.each([500, 502, 429, 403])('goes on while GitHub answers %d', async (status) => {
    const task = newTask();
    await executor().start(ctx, task);
    github.state.reading = status;
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'running' });
    github.state.reading = 200;
    Object.assign(github.runs[0] ?? {}, { status: 'completed', conclusion: 'success' });
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'succeeded' });
  });
});

describe('a limit of GitHub', () => {
  test.each([
    ['secondary-limit', 7],
    ['rate-limit', 90],
  ] as const)('is waited out: %s', async (answer, seconds) => {
    Object.assign(github.state, { dispatch: answer, resetAt: Date.now() + 90_000 });
    const task = newTask();
    await executor().start(ctx, task);
    expect(await executor().poll(later(seconds - 4), task)).toEqual({ state: 'running' });
    await executor().start(later(seconds - 4), task);
    expect(github.dispatches()).toHaveLength(1);
    github.state.dispatch = 'named';
    expect(await executor().poll(later(seconds + 4), task)).toEqual({ state: 'absent' });
    await Promise.all([1, 2].map(() => executor().start(later(seconds + 4), task)));
    expect(github.dispatches()).toHaveLength(2);
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'running' });
  });

  test('that does not end is told in the end', async () => {
    github.state.dispatch = 'secondary-limit';
    const task = newTask();
    for (let hours = 0; hours < 8; hours++) await executor().start(later(hours * 3600), task);
    expect(await executor().poll(later(8 * 3600), task)).toMatchObject({
      state: 'failed',
      reason: 'GitHub answered 429: You have exceeded a secondary rate limit',
    });
  });
});

describe('a refusal says what to mend', () => {
  test.each([
    [401, /Secret 'github' holds no valid token/],
    [403, /needs the permission Actions: write/],
    [404, /See that the repository is there/],
    [422, /No ref found for: main\. See that the branch or tag is there/],
  ] as const)('%d', async (status, reason) => {
    github.state.dispatch = status;
    const task = newTask();
    await executor().start(ctx, task);
    expect(await executor().poll(ctx, task)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(reason),
    });
    expect(github.dispatches()).toHaveLength(1);
  });

  test('a secret that is not there, after it was looked for again', async () => {
    const task = newTask();
    for (let minutes = 0; minutes < 16; minutes += 2)
      await executor('nameless').start(later(minutes * 60), task);
    expect(await executor('nameless').poll(later(3600), task)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining("Cannot read secret 'none'"),
    });
    expect(github.requests).toEqual([]);
  });

  test('and no word of it, or of the log, has the token', async () => {
    const task = newTask();
    await executor('stale').start(ctx, task);
    const told = JSON.stringify(await executor('stale').poll(ctx, task));
    expect(told).toContain('with 401');
    expect(told + warnings.join('\n')).not.toContain(token);
  });

  test('an address that is not public, where only such are taken', async () => {
    const task = newTask();
    const strict: Context = { ...ctx, settings: { ...ctx.settings, webhookTargets: 'public' } };
    await executor().start(strict, task);
    expect(await executor().poll(strict, task)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Allowed schemes are: https'),
    });
    expect(github.requests).toEqual([]);
  });
});

describe('a cancel', () => {
  test('reaches the run, once', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    await executor().cancel(ctx, task);
    await executor().cancel(ctx, task);
    expect(github.runs[0]).toMatchObject({ conclusion: 'cancelled' });
    expect(github.requests.filter(({ path }) => path.endsWith('/cancel'))).toHaveLength(1);
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'failed', reason: 'It was cancelled.' });
  });

  test('of one that has ended is done', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    Object.assign(github.runs[0] ?? {}, { status: 'completed', conclusion: 'success' });
    await executor().cancel(ctx, task);
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'failed' });
  });

  test('that GitHub does not take is tried again', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    github.state.cancel = 500;
    await expect(executor().cancel(ctx, task)).rejects.toMatchObject({ code: 'unavailable' });
    github.state.cancel = 202;
    await executor().cancel(ctx, task);
    expect(github.runs[0]).toMatchObject({ conclusion: 'cancelled' });
  });
});
