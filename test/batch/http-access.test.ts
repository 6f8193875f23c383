import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobName } from '../../shared/artifacts/index.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { createExperiment, createRun } from '../../shared/tracking/index.ts';
import { rule } from '../access/grants.ts';
import { type Caller, type GuardedServer, guardedServer } from '../access/support.ts';
import { classifier, publish } from '../serving/support.ts';
import { items } from '../support/server.ts';

/*
 * Two endpoints and two models, each of which only one caller may see: what a job scores, what comes out of it, and
 * that there is one at all.
 */

let server: GuardedServer;
let root: Caller;
/** Contributors: one over everything but what is hidden, one over a model alone. */
let most: Caller;
let modelist: Caller;
let hiddenId: string;
let openId: string;
let hiddenRun: string;
let hiddenExperiment: string;
let runBelow: string;
const jobs: Record<string, string> = {};
const text = 'length,höhe,width\n1,2,3\n';

beforeAll(async () => {
  server = await guardedServer();
  const { ctx } = server;
  root = server.as(`Bearer ${server.adminToken}`);
  for (const name of ['hidden', 'open']) {
    await publish(server, `${name}-model`, classifier());
    await root('POST', '/api/v1/endpoints', { name, model: `${name}-model`, alias: 'champion' });
    await ctx.stores.blobs('batch-input').write(`${name}/a.csv`, Buffer.from(text));
    await ctx.stores.blobs('batch-input').write(`${name}-model/a.csv`, Buffer.from(text));
    for (const body of [{ endpoint: name }, { model: `${name}-model` }]) {
      const made = await root('POST', '/api/v1/batch-jobs', { ...body, input: `${name}/a.csv` });
      if (made.status !== 202) throw new Error(JSON.stringify(made.body));
      jobs['endpoint' in body ? name : `${name}-model`] = String(made.body['id']);
    }
  }
  await server.drain();
  hiddenId = (await modelByName(ctx, 'hidden-model')).modelId;
  openId = (await modelByName(ctx, 'open-model')).modelId;
  const { experimentId } = await createExperiment(ctx, { name: 'open' });
  hiddenExperiment = (await createExperiment(ctx, { name: 'hidden' })).experimentId;
  hiddenRun = (await createRun(ctx, { experimentId: hiddenExperiment, name: 'hidden' })).runId;
  runBelow = `${experimentId}/${hiddenRun}/artifacts`;
  for (const path of [`${hiddenExperiment}/${hiddenRun}/artifacts/a.csv`, `${runBelow}/a.csv`])
    await ctx.stores.blobs('artifacts').write(blobName(ctx, path), Buffer.from(text));
  most = server.as(await server.person('most', 'contributor'));
  for (const resource of [
    { type: 'endpoint', id: 'hidden' },
    { type: 'model', id: hiddenId },
    { type: 'experiment', id: hiddenExperiment },
  ] as const)
    await rule(server, 'most', 'deny', { resource });
  modelist = server.as(await server.person('modelist'));
  await rule(server, 'modelist', 'contributor', { resource: { type: 'model', id: openId } });
}, 60_000);
afterAll(() => server.close());

describe('an input', () => {
  const ask = async (caller: Caller, input: string, by: object = { endpoint: 'open' }) => {
    const { status, body } = await caller('POST', '/api/v1/batch-jobs', { ...by, input, key: input });
    return [status, status < 300 ? undefined : body['field']];
  };
  const gone = [404, 'input'];

  test.each([
    ['of an endpoint', () => 'hidden/a.csv'],
    ['of an endpoint, in full', () => 'batch-input/hidden/a.csv'],
    ['that never was of it', () => 'hidden/never.csv'],
    ['of a model, by its name', () => 'hidden-model/a.csv'],
    ['of a model, by its id', () => `model-${hiddenId}/a.csv`],
    ['that came out of an endpoint', () => `batch-output/hidden/${jobs['hidden']}/a.csv`],
    ['that came out of a model', () => `batch-output/model-${hiddenId}/${jobs['hidden-model']}/a.csv`],
    ['of a run', () => `runs:/${hiddenRun}/a.csv`],
    ['of a place', () => `mlflow-artifacts:/${hiddenExperiment}/${hiddenRun}/artifacts/a.csv`],
    ['of the blob of a run', () => `artifacts/default/${hiddenExperiment}/${hiddenRun}/artifacts/a.csv`],
    ['of the log of an endpoint', () => 'predictions/default/hidden/parts/'],
    ['below a folder of an endpoint', () => 'hidden/'],
    ['below a folder of a model', () => 'hidden-model/'],
    ['below the folder of an experiment', () => `artifacts/default/${hiddenExperiment}/`],
    ['below a folder of anybody', () => 'artifacts/default/'],
    ['below the folder of a run of another experiment', () => `artifacts/default/${runBelow}/`],
  ])('that the caller may not see is not there: %s', async (_, input) => {
    expect(await ask(most, input())).toEqual(gone);
  });

  test('that has such a run somewhere below it is not there either', async () => {
    expect(await ask(most, `artifacts/default/${runBelow.split('/')[0]}/`)).toEqual(gone);
  });

  test('that begins like a folder which the caller may see is not one of another', async () => {
    expect(await ask(most, 'open-', { endpoint: 'open' })).toEqual(gone);
    const { status } = await most('POST', '/api/v1/batch-jobs', {
      endpoint: 'open',
      input: 'h',
      prefix: true,
    });
    expect(status).toBe(400);
  });

  test('that the caller may see is scored', async () => {
    expect(await ask(most, 'open/a.csv')).toEqual([202, undefined]);
    expect(await ask(most, 'open-model/a.csv', { model: 'open-model' })).toEqual([202, undefined]);
    expect(await ask(most, `batch-output/open/${jobs['open']}/a.csv`)).toEqual([202, undefined]);
    expect(await ask(modelist, 'open-model/a.csv', { model: 'open-model' })).toEqual([200, undefined]);
    await server.drain();
  });

  test('is scored by nothing that the caller may not see, nor by what they may only see', async () => {
    expect((await ask(most, 'open/a.csv', { endpoint: 'hidden' }))[0]).toBe(404);
    expect((await ask(most, 'open/a.csv', { model: 'hidden-model' }))[0]).toBe(404);
    expect((await ask(modelist, 'open-model/a.csv', { endpoint: 'open' }))[0]).toBe(403);
    expect((await ask(modelist, 'open/a.csv', { model: 'open-model' }))[0]).toBe(404);
    const viewer = server.as(await server.person('viewer', 'viewer'));
    expect((await ask(viewer, 'open/a.csv'))[0]).toBe(403);
  });
});

describe('a job', () => {
  test('is there for who may see its endpoint or its model, and for nobody else', async () => {
    const get = async (caller: Caller, name: string) =>
      (await caller('GET', `/api/v1/batch-jobs/${jobs[name]}`)).status;
    expect([await get(most, 'open'), await get(most, 'open-model')]).toEqual([200, 200]);
    expect([await get(most, 'hidden'), await get(most, 'hidden-model')]).toEqual([404, 404]);
    expect([await get(modelist, 'open'), await get(modelist, 'open-model')]).toEqual([403, 200]);
    const listed = async (caller: Caller) =>
      items((await caller('GET', '/api/v1/batch-jobs?limit=200')).body['jobs']).map(({ id }) => String(id));
    expect(await listed(most)).not.toContain(jobs['hidden']);
    expect(await listed(most)).not.toContain(jobs['hidden-model']);
    expect(await listed(modelist)).toContain(jobs['open-model']);
    expect(await listed(modelist)).not.toContain(jobs['open']);
  });

  test('is changed by nobody else, and answered as one that never was', async () => {
    for (const [method, what] of [
      ['POST', '/cancel'],
      ['POST', '/retry'],
      ['DELETE', ''],
      ['GET', '/files'],
      ['GET', '/events'],
    ] as const) {
      const call = (id: string | undefined) =>
        most(method, `/api/v1/batch-jobs/${id}${what}`, method === 'POST' ? {} : undefined);
      const told = async (id: string | undefined) => {
        const { status, body } = await call(id);
        return [status, String(body['detail']).replace(String(id), '…')];
      };
      expect(await told(jobs['hidden-model'])).toEqual(await told('never'));
      expect((await told(jobs['hidden']))[0]).toBe(404);
    }
    expect((await root('GET', `/api/v1/batch-jobs/${jobs['hidden']}`)).body['status']).toBe('succeeded');
  });

  test('gives what came out to who may see whose it is', async () => {
    const get = async (caller: Caller, path: string) =>
      (await caller('GET', `/api/v1/batch-outputs/${path}`)).status;
    const ofModel = (id: string, name: string) => `model-${id}/${jobs[name]}/a.csv`;
    expect(await get(most, `open/${jobs['open']}/a.csv`)).toBe(200);
    expect(await get(most, ofModel(openId, 'open-model'))).toBe(200);
    expect(await get(most, `hidden/${jobs['hidden']}/a.csv`)).toBe(404);
    expect(await get(most, ofModel(hiddenId, 'hidden-model'))).toBe(404);
    expect(await get(modelist, ofModel(openId, 'open-model'))).toBe(200);
    expect(await get(modelist, `open/${jobs['open']}/a.csv`)).toBe(403);
    // By the folder of what they may see no other is reached.
    expect(await get(modelist, `model-${openId}/../open/${jobs['open']}/a.csv`)).not.toBe(200);
  });

  test('stands in the lineage for who may see it, and so do its files, also when it is gone', async () => {
    const node = async (caller: Caller, name: string) =>
      (await caller('GET', `/api/v1/lineage?node=${encodeURIComponent(name)}`)).status;
    const file = `file:batch-output/model-${hiddenId}/${jobs['hidden-model']}/a.csv`;
    expect(await node(most, `batch-job:${jobs['open-model']}`)).toBe(200);
    expect(await node(most, `batch-job:${jobs['hidden-model']}`)).toBe(404);
    expect(await node(most, file)).toBe(404);
    expect(await node(root, file)).toBe(200);
    expect((await root('DELETE', `/api/v1/batch-jobs/${jobs['hidden-model']}`)).status).toBe(204);
    await server.drain();
    expect(await node(most, `batch-job:${jobs['hidden-model']}`)).toBe(404);
    expect(await node(most, file)).toBe(404);
  });
});

describe('an upload', () => {
  test('goes to folders of who may change what they are of', async () => {
    const begin = async (caller: Caller, by: object) =>
      (await caller('POST', '/api/v1/batch-uploads', { ...by, name: 'x.csv', bytes: 1 })).status;
    expect(await begin(most, { endpoint: 'open' })).toBe(201);
    expect(await begin(most, { endpoint: 'hidden' })).toBe(404);
    expect(await begin(most, { model: 'hidden-model' })).toBe(404);
    expect(await begin(modelist, { model: 'open-model' })).toBe(201);
    expect(await begin(modelist, { endpoint: 'open' })).toBe(403);
    const put = async (caller: Caller, folder: string) =>
      (await caller('PUT', `/api/v1/batch-inputs/${folder}/x.csv`, {})).status;
    expect(await put(most, 'open')).toBe(201);
    expect(await put(most, 'hidden')).toBe(404);
    expect(await put(most, 'hidden-model')).toBe(404);
    expect(await put(most, `model-${hiddenId}`)).toBe(404);
    expect(await put(modelist, 'open-model')).toBe(201);
    expect(await put(modelist, 'open')).toBe(403);
  });
});
