import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { managementAt } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { convert, type ConversionJob, requestConversion } from '../../shared/conversion/index.ts';
import { containerExecutor, type Task } from '../../shared/executors/index.ts';
import { dyingAfter } from '../support/dying.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { openResourceManager } from './resource-manager.ts';
import { onnx, pickledVersion } from './support.ts';

const resourceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/converter';

/** The role at a job that infra/ gives the app. */
const training = await readFile(new URL('../../infra/modules/training.bicep', import.meta.url), 'utf8');
const actions = [...training.matchAll(/^ +'(Microsoft\.App\/jobs\/.+)'$/gm)].map(([, action = '']) => action);

let server: TestServer;
let azure: Awaited<ReturnType<typeof openResourceManager>>;
let ctx: Context;
beforeAll(async () => {
  server = await testServer();
  azure = await openResourceManager(resourceId, actions);
  ctx = {
    ...server.ctx,
    stores: {
      ...server.ctx.stores,
      management: managementAt(azure.url, () => Promise.resolve('of-the-app')),
    },
    settings: { ...server.ctx.settings, converter: { by: 'container-job', resourceId } },
  };
});
afterAll(async () => {
  azure.close();
  await server.close();
});
beforeEach(() => {
  azure.state.answer = 'named';
  azure.executions.length = 0;
  azure.requests.length = 0;
  azure.used.clear();
});

const later = (seconds: number): Context => ({
  ...ctx,
  clock: { now: () => Date.now() + seconds * 1000 },
});
let count = 0;
const newTask = (): Task => ({
  jobId: `task-${count++}`,
  attempt: 1,
  environment: { CAIRN_URL: 'http://cairn.example' },
  secondsMax: 60,
  whenEnded: { kind: 'convert', jobId: '' },
});
const executor = () => containerExecutor(resourceId, ctx.stores.management);

describe('an execution of a Container Apps job', () => {
  test('is started once, with the environment of the task beside what the job itself has', async () => {
    const task = newTask();
    expect(await executor().poll(ctx, task)).toEqual({ state: 'absent' });
    await Promise.all([executor().start(ctx, task), executor().start(ctx, task)]);
    await executor().start(ctx, task);
    expect(azure.executions).toEqual([
      {
        name: 'convert-0',
        status: 'Running',
        template: {
          containers: [
            {
              name: 'converter',
              image: 'registry.example/converter@sha256:1',
              env: [
                { name: 'CAIRN_TOKEN', secretRef: 'token' },
                { name: 'CAIRN_URL', value: 'http://cairn.example' },
                { name: 'CAIRN_EXECUTION', value: `${task.jobId}/1` },
              ],
            },
          ],
        },
      },
    ]);
    expect(await executor().poll(ctx, task)).toEqual({ state: 'running' });
  });

  test.each([
    ['Processing', { state: 'running' }],
    ['Unknown', { state: 'running' }],
    ['Succeeded', { state: 'succeeded', lastLine: null, log: '' }],
    ['Failed', { state: 'failed', reason: "Its execution 'convert-0' ended as Failed.", log: '' }],
    ['Stopped', { state: 'failed', reason: "Its execution 'convert-0' ended as Stopped.", log: '' }],
  ])('that Azure calls %s', async (status, expected) => {
    const task = newTask();
    await executor().start(ctx, task);
    Object.assign(azure.executions[0] ?? {}, { status });
    expect(await executor().poll(ctx, task)).toEqual(expected);
  });

  test('is found by its environment where the answer to its start had no name', async () => {
    azure.state.answer = 'nameless';
    const others = newTask();
    await executor().start(ctx, others);
    const task = newTask();
    await executor().start(ctx, task);
    expect(await executor().poll(ctx, task)).toEqual({ state: 'running' });
    azure.executions.find(({ template }) => JSON.stringify(template).includes(task.jobId))!.status =
      'Succeeded';
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'succeeded' });
    expect(await executor().poll(ctx, others)).toEqual({ state: 'running' });
    expect(azure.requests.filter((request) => request === 'GET /executions')).toHaveLength(2);
  });

  test('is found after its starter died before it could note the name', async () => {
    const task = newTask();
    const { dying } = dyingAfter(ctx, 1, ['jobs']);
    await expect(executor().start(dying, task)).rejects.toThrow('died');
    expect(azure.executions).toHaveLength(1);
    await executor().start(ctx, task);
    expect(azure.executions).toHaveLength(1);
    expect(await executor().poll(later(3600), task)).toEqual({ state: 'running' });
  });

  test('that was never started is lost after five minutes', async () => {
    azure.state.answer = 'unavailable';
    const task = newTask();
    await expect(executor().start(ctx, task)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await executor().poll(ctx, task)).toEqual({ state: 'running' });
    expect(await executor().poll(later(301), task)).toEqual({ state: 'lost' });
    expect(await executor().poll(ctx, task)).toEqual({ state: 'lost' });
  });

  test('that Azure no longer knows is lost', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    azure.executions.length = 0;
    expect(await executor().poll(ctx, task)).toEqual({ state: 'lost' });
  });

  test('is refused with what is missing', async () => {
    azure.state.answer = 'refused';
    const task = newTask();
    await executor().start(ctx, task);
    expect(await executor().poll(ctx, task)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/with 403: The client has no role\. Give the app's identity a role/),
    });
    const nowhere = newTask();
    const elsewhere = containerExecutor(resourceId.replace('/g/', '/h/'), ctx.stores.management);
    await elsewhere.start(ctx, nowhere);
    expect(await elsewhere.poll(ctx, nowhere)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('There is no Container Apps job'),
    });
  });

  test('is stopped when it is cancelled', async () => {
    const task = newTask();
    await executor().start(ctx, task);
    await executor().cancel(ctx, task);
    expect(azure.executions).toMatchObject([{ status: 'Stopped' }]);
    expect(await executor().poll(ctx, task)).toMatchObject({ state: 'failed', reason: 'It was cancelled.' });
    await executor().cancel(ctx, newTask());
  });
});

test('the app needs each right of the role that it is given at a job, to start, find, watch and stop', async () => {
  azure.state.answer = 'nameless';
  const task = newTask();
  await executor().start(ctx, task);
  expect(await executor().poll(ctx, task)).toEqual({ state: 'running' });
  await executor().cancel(ctx, task);
  expect(azure.executions).toMatchObject([{ status: 'Stopped' }]);
  expect([...azure.used].toSorted()).toEqual(actions.toSorted());
});

describe('a conversion in a container', () => {
  const stateOf = async (jobId: string) =>
    (await ctx.stores.documents('jobs').read<ConversionJob>([jobId], 'job'))?.doc;

  test('ends by its report, found by the minute', async () => {
    await pickledVersion(server, ctx, 'contained');
    const { jobId } = await requestConversion(ctx, 'contained', 1);
    await convert(ctx, { jobId });
    const [execution] = azure.executions;
    const told = execution?.template.containers[0]?.env?.find(({ name }) => name === 'CAIRN_CONVERSION');
    const task = JSON.parse(told?.value ?? '') as { target: string; ticket: string };
    const body = JSON.stringify({
      state: 'converted',
      path: `${task.target}/model.onnx`,
      sha256: createHash('sha256').update(onnx).digest('hex'),
      bytes: onnx.byteLength,
      rows: 256,
      rows_from: 'signature',
      max_abs_difference: 0,
    });
    const proof = createHmac('sha256', task.ticket).update(body).digest('hex');
    const artifacts = ctx.stores.blobs('artifacts');
    await artifacts.write(`default/${task.target}/model.onnx`, onnx);
    await artifacts.write(`default/${task.target}/report`, Buffer.from(`${proof}\n${body}`));
    await convert(ctx, { jobId });
    expect(await stateOf(jobId)).toMatchObject({ status: 'running' });
    Object.assign(execution ?? {}, { status: 'Succeeded' });
    await convert(ctx, { jobId });
    expect(await stateOf(jobId)).toMatchObject({
      status: 'succeeded',
      converted: { check: { rowsFrom: 'signature' } },
    });
  });

  test('that outlives its lease is stopped', async () => {
    await pickledVersion(server, ctx, 'endless');
    const { jobId } = await requestConversion(ctx, 'endless', 1);
    await convert(ctx, { jobId });
    await convert(later(700), { jobId });
    expect(await stateOf(jobId)).toMatchObject({ status: 'running' });
    await convert(later(721), { jobId });
    expect(await stateOf(jobId)).toMatchObject({
      status: 'failed',
      reason: 'The conversion did not end in time and was cancelled.',
    });
    expect(azure.executions).toMatchObject([{ status: 'Stopped' }]);
  });
});
