import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/stack.ts';
import { type RunningHosts, startedHosts } from '../support/hosts.ts';
import { items, type JsonObject } from '../support/server.ts';
import { classifier } from '../serving/support.ts';

const inferenceUrl = 'https://inference.example.org';
let hosts: RunningHosts;
let control: string;
let inference: string;
beforeAll(async () => {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  hosts = await startedHosts(
    2,
    { CAIRN_PUBLIC_URL: publicUrl, CAIRN_INFERENCE_URL: inferenceUrl, CAIRN_PREDICTION_FLUSH_SECONDS: '1' },
    { envOf: [{ CAIRN_SURFACES: 'control' }, { CAIRN_SURFACES: 'inference' }] },
  );
  [control = '', inference = ''] = hosts.urls;
  await call('POST', '/api/2.0/mlflow/registered-models/create', { name: 'iris' });
  const { run } = await call('POST', '/api/2.0/mlflow/runs/create', {});
  const path = String(run?.['info']?.['artifact_uri']).replace('mlflow-artifacts:/', '');
  const file = `${control}/api/2.0/mlflow-artifacts/artifacts/${path}/model/model.onnx`;
  const put = await fetch(file, { method: 'PUT', body: Buffer.from(classifier()) });
  if (!put.ok) throw new Error(await put.text());
  const id = String(run?.['info']?.['run_id']);
  const version = { name: 'iris', source: `runs:/${id}/model`, run_id: id };
  await call('POST', '/api/2.0/mlflow/model-versions/create', version);
  await call('POST', '/api/v1/endpoints', { name: 'iris', model: 'iris', version: '1' });
}, 120_000);
afterAll(() => hosts.stop());

async function call(method: string, path: string, body?: unknown): Promise<JsonObject> {
  const response = await fetch(`${control}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as JsonObject;
}

const body = JSON.stringify({
  inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }],
});
const infer = (app: string, headers: Record<string, string> = {}) =>
  fetch(`${app}/v2/models/iris/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

test('the app of inference registers neither timer nor queues', () => {
  expect(hosts.functions(0).length).toBeGreaterThan(5);
  expect(hosts.functions(1)).toEqual([expect.stringContaining('http')]);
});

test('each serves its half and names the other; a page may try a model where it came from', async () => {
  const refused = await infer(control);
  expect(refused.status).toBe(404);
  expect(await refused.text()).toContain(inferenceUrl);
  const runs = await fetch(`${inference}/api/2.0/mlflow/runs/get?run_id=1`);
  expect(runs.status).toBe(404);
  expect(await runs.text()).toContain('127.0.0.1');
  // The model is loaded by the first call.
  await expect.poll(async () => (await infer(inference)).status, { timeout: 30_000 }).toBe(200);
  expect((await infer(control, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  for (const app of hosts.urls) expect((await fetch(`${app}/health/ready`)).status).toBe(200);
});

test('programs that call an endpoint are given the address of the app that answers them', async () => {
  expect(await call('GET', '/api/v1/session')).toMatchObject({ inference_url: inferenceUrl });
  const snippets = JSON.stringify(await call('GET', '/api/v1/endpoints/iris/snippets'));
  expect(snippets).toContain(`${inferenceUrl}/endpoints/iris/invocations`);
  expect(await call('GET', '/api/v1/endpoints/iris/openapi.json')).toMatchObject({
    servers: [{ url: inferenceUrl }],
  });
});

test('what the one answered, the other counts', async () => {
  for (let i = 0; i < 5; i++) expect((await infer(inference)).status).toBe(200);
  const counted = async () => {
    const { series } = await call('GET', '/api/v1/endpoints/iris/metrics');
    const points = items(series).flatMap((each) => items(each['points']));
    return points.reduce((sum, { requests }) => sum + Number(requests), 0);
  };
  // Those of the test before, too.
  await expect.poll(counted, { timeout: 20_000 }).toBeGreaterThanOrEqual(5);
});
