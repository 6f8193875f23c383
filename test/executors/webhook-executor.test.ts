import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import { executorNamed, hear, type Task } from '../../shared/executors/index.ts';
import { type TestContext, testContext } from '../support/context.ts';

const secret = 'of-the-receiver';
const keys = mkdtempSync(join(tmpdir(), 'cairn-keys-'));

let opened: TestContext;
let ctx: Context;
const received: { headers: IncomingHttpHeaders; text: string }[] = [];
const state = { status: 202, headers: {} as Record<string, string> };
const receiver = createServer((request, response) => {
  void (async () => {
    received.push({ headers: request.headers, text: Buffer.concat(await request.toArray()).toString() });
    if (state.status === 0) request.socket.destroy();
    else response.writeHead(state.status, state.headers).end('said the receiver');
  })();
});
beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/train`;
  mkdirSync(join(keys, 'secrets'));
  writeFileSync(join(keys, 'secrets', 'hook'), secret);
  process.env['CAIRN_KEYS_FOLDER'] = keys;
  process.env['CAIRN_WEBHOOK_TARGETS'] = 'any';
  process.env['CAIRN_EXECUTORS'] = JSON.stringify({
    hook: { webhook: { url, secret: 'hook', heartbeat_seconds: 60 } },
    open: { webhook: { url } },
  });
  opened = await testContext();
  ctx = opened.ctx;
  await ctx.stores.createIfMissing();
});
afterAll(async () => {
  receiver.close();
  receiver.closeAllConnections();
  await opened.close();
  rmSync(keys, { recursive: true });
});
beforeEach(() => {
  Object.assign(state, { status: 202, headers: {} });
  received.length = 0;
});

let count = 0;
const newTask = (): Task => ({
  jobId: `retrain-default-iris-${count++}`,
  attempt: 1,
  environment: { MLFLOW_TRACKING_TOKEN: 'of-the-job' },
  facts: { model: 'iris', from: 1, to: 2 },
  secondsMax: 600,
  whenEnded: { kind: 'retrain-recover', jobId: 'none' },
});
const later = (seconds: number): Context => ({ ...ctx, clock: { now: () => Date.now() + seconds * 1000 } });
const executor = (name = 'hook') => executorNamed(ctx, name)!;

describe('a receiver', () => {
  test('is sent the task once, signed, with where to call back', async () => {
    const task = newTask();
    await Promise.all([executor().start(ctx, task), executor().start(ctx, task)]);
    await executor().start(ctx, task);
    expect(received).toHaveLength(1);
    const [{ headers, text } = { headers: {}, text: '' }] = received;
    const at = `${ctx.settings.publicUrl}/api/v1/retraining-jobs/${task.jobId}`;
    expect(JSON.parse(text)).toEqual({
      ...task.facts,
      attempt: 1,
      tracking_uri: ctx.settings.publicUrl,
      token: 'of-the-job',
      heartbeat_url: `${at}/heartbeat`,
      report_url: `${at}/report`,
      heartbeat_seconds: 60,
      seconds_max: 600,
    });
    const [id, seconds] = [headers['x-mlflow-delivery-id'], headers['x-mlflow-timestamp']].map(String);
    const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${text}`).digest('base64');
    expect(headers['x-mlflow-signature']).toBe(`v1,${signature}`);
    expect(id).toBe(`${task.jobId}/1`);
    expect(await executor().poll(ctx, task)).toEqual({ state: 'running' });
  });

  test('without a secret gets no signature', async () => {
    await executor('open').start(ctx, newTask());
    expect(received[0]?.headers['x-mlflow-signature']).toBeUndefined();
  });

  test.each([0, 500, 503, 429, 408])(
    'that answers %d is sent it again, under the same id',
    async (status) => {
      state.status = status;
      const task = newTask();
      await executor().start(ctx, task);
      expect(await executor().poll(ctx, task)).toEqual({ state: 'running' });
      state.status = 200;
      expect(await executor().poll(later(20), task)).toEqual({ state: 'absent' });
      await Promise.all([1, 2].map(() => executor().start(later(20), task)));
      expect(received.map(({ headers }) => headers['x-mlflow-delivery-id'])).toEqual([
        `${task.jobId}/1`,
        `${task.jobId}/1`,
      ]);
      expect(await executor().poll(ctx, task)).toEqual({ state: 'running' });
    },
  );

  test('that asks for time gets it', async () => {
    Object.assign(state, { status: 503, headers: { 'retry-after': '120' } });
    const task = newTask();
    await executor().start(ctx, task);
    expect(await executor().poll(later(110), task)).toEqual({ state: 'running' });
    expect(await executor().poll(later(130), task)).toEqual({ state: 'absent' });
  });

  test.each([302, 400, 401, 404, 410])('that answers %d has refused it', async (status) => {
    state.status = status;
    const task = newTask();
    await executor().start(ctx, task);
    const reason = `The receiver answered ${status}: said the receiver`;
    expect(await executor().poll(ctx, task)).toEqual({ state: 'failed', reason, log: '' });
  });

  test('that never takes it has failed in the end', async () => {
    state.status = 500;
    const task = newTask();
    for (let hours = 0; hours < 6; hours++) await executor().start(later(hours * 3600), task);
    expect(await executor().poll(later(6 * 3600), task)).toMatchObject({ state: 'failed' });
    expect(received).toHaveLength(6);
  });

  test('at an address that is not public gets nothing where only such are taken', async () => {
    const task = newTask();
    const strict: Context = { ...ctx, settings: { ...ctx.settings, webhookTargets: 'public' } };
    await executor().start(strict, task);
    expect(await executor().poll(strict, task)).toMatchObject({ state: 'failed' });
    expect(received).toEqual([]);
  });
});

describe('a training that is heard of', () => {
  test('goes on as long as it is, and is lost when it is not', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    expect(await hear(later(50), task)).toBe('heard');
    expect(await executor().poll(later(100), task)).toEqual({ state: 'running' });
    expect(await executor().poll(later(120), task)).toEqual({ state: 'lost' });
    expect(await hear(later(121), task)).toBe('over');
    expect(await hear(later(121), task, { status: 'succeeded' })).toBe('over');
  });

  test('before the answer to its task is not sent it again', async () => {
    state.status = 500;
    const task = newTask();
    await executor().start(ctx, task);
    expect(await hear(ctx, task)).toBe('heard');
    await executor().start(later(50), task);
    expect(received).toHaveLength(1);
  });

  test('ends as it reports first', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    const reports = [
      { status: 'succeeded', version: 7, log: 'all well' },
      { status: 'failed', reason: 'second thoughts' },
    ] as const;
    expect(await hear(ctx, task, reports[0])).toBe('heard');
    expect(await hear(ctx, task, reports[1])).toBe('over');
    const lastLine = '{"model_version":7}';
    expect(await executor().poll(later(9999), task)).toEqual({
      state: 'succeeded',
      lastLine,
      log: 'all well',
    });
  });

  test('of many at once one is heard, and tells of itself', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    const reports = Array.from({ length: 4 }, (_, i) =>
      hear(ctx, task, { status: 'failed', reason: `${i}` }),
    );
    expect((await Promise.all(reports)).toSorted()).toEqual(['heard', 'over', 'over', 'over']);
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'failed' });
  });

  test('is told by the next answer that it was cancelled', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    await executor().cancel(ctx, task);
    expect(await hear(ctx, task)).toBe('over');
    expect(await executor().poll(ctx, task)).toEqual({
      state: 'failed',
      reason: 'It was cancelled.',
      log: '',
    });
  });
});
