import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fullAccess, type ResourceType } from '../../shared/access/index.ts';
import { cancelJob } from '../../shared/batch/index.ts';
import { createWebhook } from '../../shared/webhooks/index.ts';
import { drop } from '../batch/support.ts';
import { deploymentOf, calls, lookAfter, rolling } from '../rollouts/support.ts';
import { classifier, deploy } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { isSigned, permitLocalTargets, type Receiver, startReceiver, sure } from './support.ts';

const api = '/api/2.0/mlflow/webhooks';
const created = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }];
const actions = ['STARTED', 'ADVANCED', 'FINISHED', 'ROLLED_BACK', 'STOPPED'];
const all = actions.map((action) => ({ entity: 'ROLLOUT', action }));
const rolledBack = all.filter(({ action }) => action === 'ROLLED_BACK');

let forbidLocalTargets: () => void;
let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  forbidLocalTargets = permitLocalTargets();
  server = await testServer();
  receiver = await startReceiver();
});
afterAll(async () => {
  await server.close();
  await receiver.close();
  forbidLocalTargets();
});

async function create(name: string, fields: object): Promise<JsonObject & { webhook_id: string }> {
  const { status, body } = await server.call('POST', api, { name, url: receiver.url, ...fields });
  expect([status, body]).toEqual([200, expect.anything()]);
  return body['webhook'] as JsonObject & { webhook_id: string };
}

/** What came about rollouts of an endpoint. */
const told = (endpoint: string) =>
  receiver.received
    .map(({ text }) => JSON.parse(text) as { entity: string; action: string; data: Record<string, unknown> })
    .filter(({ data }) => data['endpoint'] === endpoint);

describe('a webhook is told of a rollout', () => {
  test('that is broken off, with what it was and why; and of its beginning, steps and end', async () => {
    const { ctx } = server;
    await create('alarm', { events: [], rollout_events: rolledBack });
    await create('diary', { events: [], rollout_events: all });
    const bad = await rolling(server, 'bad');
    await calls(ctx, 'bad', bad, { failing: 50 }, 1);
    await lookAfter(ctx, 'bad', bad, 2);
    const good = await rolling(server, 'good');
    await calls(ctx, 'good', good);
    await lookAfter(ctx, 'good', good);
    await server.call('POST', '/api/v1/endpoints/good/deployments/main/rollout/finish', {
      reason: 'Enough.',
    });
    const stopped = await rolling(server, 'stopped');
    await server.call('POST', '/api/v1/endpoints/stopped/deployments/main/rollout/stop', { reason: 'No.' });
    await server.drain();
    const broken = told('bad').filter(({ action }) => action === 'rolled_back');
    expect(broken).toHaveLength(2);
    expect(broken[0]).toMatchObject({
      entity: 'rollout',
      action: 'rolled_back',
      data: {
        endpoint: 'bad',
        deployment: 'main',
        name: 'bad',
        from_version: '1',
        version: '2',
        rollout_id: bad.id,
        reason: (await deploymentOf(ctx, 'bad')).lastRollout?.reason,
      },
    });
    const actionsOf = (endpoint: string) =>
      told(endpoint)
        .map(({ action }) => action)
        .toSorted();
    expect(actionsOf('good')).toEqual(['advanced', 'finished', 'started']);
    expect(actionsOf('stopped')).toEqual(['started', 'stopped']);
    expect(told('stopped').find(({ action }) => action === 'stopped')?.data).toMatchObject({
      rollout_id: stopped.id,
      reason: 'No.',
    });
  }, 120_000);
});

describe('a webhook is told of a batch job', () => {
  const secret = 'a secret between two';
  const toldOf = (jobId: string) =>
    receiver.received.filter(({ text }) => text.includes(jobId) && text.includes('"batch_job"'));

  test('that has succeeded, failed or been cancelled, signed, and with no value of its rows', async () => {
    const { ctx } = server;
    await deploy(server, 'nightly', classifier());
    const jobActions = ['SUCCEEDED', 'FAILED', 'CANCELLED'].map((action) => ({
      entity: 'BATCH_JOB',
      action,
    }));
    await create('jobs', { events: [], batch_events: jobActions, secret });
    const good = await drop(ctx, 'nightly', 'höhe,length,width\n1,2,3\n');
    const bad = await drop(ctx, 'nightly', 'höhe,length,width\n1,tall,3\n');
    const stopped = await drop(ctx, 'nightly', 'höhe,length,width\n3,2,1\n');
    await cancelJob(ctx, stopped.jobId);
    await server.drain();
    const common = { owner: { type: 'endpoint', name: 'nightly' }, name: 'nightly', version: '1' };
    const ends = [
      [
        good,
        'succeeded',
        {
          rows: 1,
          bad: 0,
          output: `batch-output/${good.output.name}`,
          error: null,
          report: `/api/v1/batch-jobs/${good.jobId}/report`,
        },
      ],
      [bad, 'failed', { error: { code: 'bad-input', row: 1, column: 'length' }, rows: null, output: null }],
      [stopped, 'cancelled', { error: null, output: null, report: null }],
    ] as const;
    for (const [{ jobId, input }, action, data] of ends) {
      const [only, ...more] = toldOf(jobId);
      expect(more).toEqual([]);
      expect(isSigned(sure(only), secret)).toBe(true);
      expect(JSON.parse(sure(only).text)).toMatchObject({
        entity: 'batch_job',
        action,
        data: { job_id: jobId, status: action, input: `batch-input/${input.name}`, ...common, ...data },
      });
      expect(sure(only).text).not.toContain('tall');
    }
  });
});

test('who is denied an endpoint makes no webhook, which would tell of it', async () => {
  const access = {
    ...fullAccess,
    visible: (type: ResourceType) => ({ all: true, except: type === 'endpoint' ? ['secret'] : [] }) as const,
  };
  await expect(
    createWebhook(
      { ...server.ctx, access },
      { name: 'ear', url: receiver.url, events: ['model_version.created'] },
    ),
  ).rejects.toMatchObject({ code: 'forbidden' });
});

describe("MLflow's webhooks API", () => {
  const list = async (query = '') => {
    const { body } = await server.call('GET', `${api}${query}`);
    return items(body['webhooks']).map(({ name }) => String(name));
  };

  test('shows its clients no event that they do not know, and no webhook without one that they do', async () => {
    const only = await create('only', { events: [], rollout_events: rolledBack });
    expect(only).toMatchObject({ events: [], rollout_events: rolledBack });
    const both = await create('both', { events: created, rollout_events: all });
    expect(both).toMatchObject({ events: created, rollout_events: all });
    expect(await create('neither', { events: created })).not.toHaveProperty('rollout_events');
    await eventually(async () => {
      expect(await list()).toEqual(expect.arrayContaining(['both', 'neither']));
      expect(await list('?with_rollouts=true')).toEqual(expect.arrayContaining(['both', 'neither', 'only']));
    });
    expect(await list()).not.toContain('only');
    const jobs = [{ entity: 'BATCH_JOB', action: 'FAILED' }];
    expect(await create('of-jobs', { events: [], batch_events: jobs })).toMatchObject({ batch_events: jobs });
    await eventually(async () => expect(await list('?with_batch=true')).toContain('of-jobs'));
    expect(await list('?with_rollouts=true')).not.toContain('of-jobs');
  });

  test('leaves the events of rollouts and batch jobs as they are where its clients change the others', async () => {
    const jobs = [{ entity: 'BATCH_JOB', action: 'FAILED' }];
    const { webhook_id } = await create('changed', {
      events: created,
      rollout_events: rolledBack,
      batch_events: jobs,
    });
    const change = async (fields: object) =>
      (await server.call('PATCH', `${api}/${webhook_id}`, fields)).body['webhook'];
    const prompt = [{ entity: 'PROMPT', action: 'CREATED' }];
    expect(await change({ events: prompt })).toMatchObject({ events: prompt, rollout_events: rolledBack });
    expect(await change({ events: [], name: 'other' })).toMatchObject({
      events: prompt,
      rollout_events: rolledBack,
    });
    expect(await change({ events: [], rollout_events: all })).toMatchObject({
      events: [],
      rollout_events: all,
      batch_events: jobs,
    });
    expect(await change({ events: created, rollout_events: [] })).not.toHaveProperty('rollout_events');
    expect(await server.call('PATCH', `${api}/${webhook_id}`, { rollout_events: [] })).toMatchObject({
      status: 400,
    });
    for (const fields of [
      { events: rolledBack },
      { events: [], rollout_events: created },
      { events: [], rollout_events: [{ entity: 'ROLLOUT', action: 'DELETED' }] },
      { events: [], rollout_events: [] },
    ])
      expect(
        (await server.call('POST', api, { name: 'x', url: receiver.url, ...fields })).body,
      ).toMatchObject({
        error_code: 'INVALID_PARAMETER_VALUE',
      });
  });

  test('sends an example of such an event', async () => {
    const { webhook_id } = await create('tried', { events: [], rollout_events: rolledBack });
    const before = receiver.received.length;
    const { body } = await server.call('POST', `${api}/${webhook_id}/test`, {});
    expect(body['result']).toMatchObject({ success: true });
    expect(sure(receiver.received[before]).text).toContain('"action":"rolled_back"');
  });
});
