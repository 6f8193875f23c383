import { afterAll, beforeAll, expect, test } from 'vitest';
import { surfaces } from '../../functions/http/surfaces.ts';
import { getExperiment, getLoggedModel, getRun } from '../../shared/tracking/index.ts';
import { modelByName } from '../../shared/registry/index.ts';
import { listEndpoints } from '../../shared/endpoints/index.ts';
import { requestOf } from '../access/requests.ts';
import { entryOf } from '../access/routes.ts';
import { makeThings } from '../access/things.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const mlflow = '/api/2.0/mlflow';
const files = '/api/2.0/mlflow-artifacts/artifacts';

async function callIn(workspace: string, method: string, path: string, body?: unknown) {
  const headers = { 'x-mlflow-workspace': workspace, 'content-type': 'application/json' };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await server.fetch(path, init);
  const text = await response.text();
  return { status: response.status, text };
}

const owner = (method: string, path: string, body?: unknown) => callIn('owner', method, path, body);
const json = async (answer: Promise<{ text: string }>) => JSON.parse((await answer).text) as JsonObject;

test('by the ids of another workspace nothing is seen and nothing changed, at any endpoint', async () => {
  const created = await json(owner('POST', `${mlflow}/experiments/create`, { name: 'secret' }));
  const experiment_id = String(created['experiment_id']);
  const runBody = { experiment_id, run_name: 'secret', tags: [{ key: 'k', value: 'secret' }] };
  const run = (await json(owner('POST', `${mlflow}/runs/create`, runBody)))['run'];
  const run_id = String(run?.['info']?.['run_id']);
  const ofRun = { run_id, key: 'k', value: '1' };
  const point = { run_id, key: 'm', value: 1, timestamp: 1 };
  await owner('POST', `${mlflow}/runs/log-metric`, { ...point, value: 42.125 });
  const modelBody = { experiment_id, name: 'secret', source_run_id: run_id };
  const model = (await json(owner('POST', `${mlflow}/logged-models`, modelBody)))['model'];
  const model_id = String(model?.['info']?.['model_id']);
  const file = `${files}/${experiment_id}/${run_id}/artifacts/secret.txt`;
  await owner('PUT', file, 'secret bytes');
  const look = async () =>
    Promise.all([
      owner('GET', `${mlflow}/experiments/get?experiment_id=${experiment_id}`),
      owner('GET', `${mlflow}/runs/get?run_id=${run_id}`),
      owner('GET', `${mlflow}/logged-models/${model_id}`),
      owner('GET', file),
      owner('GET', `${files}?path=${experiment_id}/${run_id}/artifacts`),
    ]);
  const before = await look();
  expect(before.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);

  const posts: Record<string, object> = {
    'experiments/update': { experiment_id, new_name: 'stolen' },
    'experiments/delete': { experiment_id },
    'experiments/restore': { experiment_id },
    'experiments/set-experiment-tag': { experiment_id, key: 'k', value: 'v' },
    'experiments/delete-experiment-tag': { experiment_id, key: 'k' },
    'experiments/search': { view_type: 'ALL', filter: "name LIKE 'secre%'" },
    'experiments/search-datasets': { experiment_ids: [experiment_id] },
    'runs/create': { experiment_id },
    'runs/update': { run_id, status: 'KILLED' },
    'runs/delete': { run_id },
    'runs/restore': { run_id },
    'runs/search': { experiment_ids: [experiment_id], run_view_type: 'ALL' },
    'runs/log-metric': point,
    'runs/log-parameter': ofRun,
    'runs/set-tag': ofRun,
    'runs/delete-tag': ofRun,
    'runs/log-batch': { run_id, tags: [{ key: 'k', value: '1' }] },
    'runs/log-inputs': { run_id, models: [{ model_id }] },
    'runs/outputs': { run_id, models: [{ model_id }] },
    'metrics/get-history-bulk-interval': { run_ids: [run_id], metric_key: 'm' },
    'logged-models': modelBody,
    'logged-models/search': { experiment_ids: [experiment_id] },
    [`logged-models/${model_id}/params`]: { params: [{ key: 'k', value: '1' }] },
    'artifacts/presigned-upload-url': { run_id, path: 'secret.txt' },
    'artifacts/presigned-download-url': { run_id, path: 'secret.txt' },
  };
  const gets = [
    `${mlflow}/experiments/get?experiment_id=${experiment_id}`,
    `${mlflow}/runs/get?run_id=${run_id}`,
    `${mlflow}/metrics/get-history?run_id=${run_id}&metric_key=m`,
    `/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${run_id}&metric_key=m`,
    `${mlflow}/artifacts/list?run_id=${run_id}`,
    `/get-artifact?run_id=${run_id}&path=secret.txt`,
    `${mlflow}/logged-models/${model_id}?allow_deleted=true`,
    `${mlflow}/logged-models/${model_id}/artifacts/directories`,
    `/api/v1/runs/columns?experiment_ids=${experiment_id}`,
    ...[file, `${files}/..%2fowner/x`, `${files}/%252e%252e/owner/x`, `${files}?path=..%2fowner`],
  ];
  const experiment_ids = [experiment_id];
  const queries = [
    `{ mlflowGetRun(input: { runId: "${run_id}" }) { run { info { runName } } } }`,
    `{ mlflowListArtifacts(input: { runId: "${run_id}" }) { files { path } } }`,
    `mutation { mlflowSearchRuns(input: { experimentIds: ["${experiment_id}"] }) { runs { info { runName } } } }`,
  ];
  const calls: [string, string, unknown?][] = [
    ...Object.entries(posts).map(([path, body]): [string, string, unknown] => [
      'POST',
      `${mlflow}/${path}`,
      body,
    ]),
    ...gets.map((path): [string, string] => ['GET', path]),
    ...queries.map((query): [string, string, unknown] => ['POST', '/graphql', { query }]),
    ['PATCH', `${mlflow}/logged-models/${model_id}`, { status: 'LOGGED_MODEL_READY' }],
    ['PATCH', `${mlflow}/logged-models/${model_id}/tags`, { tags: [{ key: 'k', value: '1' }] }],
    ['DELETE', `${mlflow}/logged-models/${model_id}`, {}],
    ['DELETE', file],
    ['POST', `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run_id}&path=secret.txt`, 'x'],
    ['POST', '/api/v1/runs/search', { experiment_ids, view: 'ALL' }],
    ['POST', '/api/v1/purge', { experiment_ids, run_ids: [run_id], logged_model_ids: [model_id] }],
  ];
  for (const [method, path, body] of calls) {
    const { status, text } = await callIn('stranger', method, path, body);
    expect(status, `${method} ${path}`).toBeLessThan(500);
    // What was asked for may be said again; what it is called or holds may not.
    const told = text.replaceAll(/'[^']*secret\.txt'/g, '');
    expect(told, `${method} ${path}`).not.toMatch(/secret|42\.125/);
  }
  expect(await look()).toEqual(before);
});

test('whatever a route can be told to act on is not found, told of or changed from another workspace', async () => {
  const ctx = { ...server.ctx, workspace: 'holder' };
  const things = await makeThings({ ...server, ctx }, 'held');
  const look = async () =>
    JSON.stringify([
      await getExperiment(ctx, things.experiment),
      await getRun(ctx, things.run),
      await getLoggedModel(ctx, things.loggedModel),
      await modelByName(ctx, things.model),
      await listEndpoints(ctx),
      (await ctx.stores.blobs('artifacts').read(`holder/${things.file}`))?.toString(),
    ]);
  const before = await look();
  const tried = surfaces
    .flatMap(({ routes }) => routes)
    .flatMap((route) => {
      const entry = entryOf(route);
      return entry && 'naming' in entry ? entry.naming.map((fill) => ({ route, fill })) : [];
    });
  expect(tried.length).toBeGreaterThan(200);
  for (const { route, fill } of tried) {
    const { request, url } = requestOf(route, fill(things, things));
    const headers = new Headers(request.headers);
    headers.set('x-mlflow-workspace', 'stranger');
    const body = request.body === null ? null : await request.text();
    const path = `${url.pathname}${url.search}`;
    const response = await server.fetch(path, { method: route.method, headers, body });
    const text = await response.text();
    const isKept =
      response.status < 500 && !/run held|experiment held|logged held|bytes of held|42\.125/.test(text);
    expect([route.method, path, isKept ? 'kept' : `${response.status} ${text}`]).toEqual([
      route.method,
      path,
      'kept',
    ]);
  }
  await server.drain();
  expect(await look()).toBe(before);
});
