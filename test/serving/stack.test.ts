import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { matrix, run } from '../../shared/onnx/testing.ts';
import { readPart } from '../../shared/predictions/part.ts';
import { classifier, features } from './support.ts';

const iris = classifier();
const rows = [
  [5.1, -3.5, 1.4],
  [0.1, 2.25, -1],
];

let data: string;
let stack: Stack;
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'cairn-serving-'));
  stack = await start();
}, 120_000);
afterAll(async () => {
  await stack.stop();
  rmSync(data, { recursive: true, force: true });
}, 60_000);

/** A stack that writes its log only when it must. */
function start(): Promise<Stack> {
  return startStack({ data, port: 0, env: { CAIRN_AUTH: 'off', CAIRN_PREDICTION_FLUSH_SECONDS: '3600' } });
}

async function post<T>(path: string, body: unknown): Promise<{ status: number; body: T }> {
  const response = await fetch(stack.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as T };
}

async function publish(model: string): Promise<void> {
  const api = '/api/2.0/mlflow';
  const { body } = await post<{ run: { info: { run_id: string; artifact_uri: string } } }>(
    `${api}/runs/create`,
    {},
  );
  const { run_id, artifact_uri } = body.run.info;
  const path = artifact_uri.replace('mlflow-artifacts:/', '');
  const put = await fetch(`${stack.url}/api/2.0/mlflow-artifacts/artifacts/${path}/model/model.onnx`, {
    method: 'PUT',
    body: Buffer.from(iris),
  });
  expect(put.status).toBe(200);
  await post(`${api}/registered-models/create`, { name: model });
  await post(`${api}/model-versions/create`, { name: model, source: `runs:/${run_id}/model`, run_id });
  await post(`${api}/registered-models/alias`, { name: model, alias: 'champion', version: '1' });
}

describe('a model on the running platform', () => {
  test('goes from an uploaded file to answers in both protocols, equal to the runtime’s', async () => {
    await publish('iris');
    expect((await post('/api/v1/endpoints', { name: 'iris', model: 'iris', alias: 'champion' })).status).toBe(
      201,
    );
    const ping = async () => (await fetch(`${stack.url}/endpoints/iris/ping`)).status;
    await expect.poll(ping, { timeout: 30_000 }).toBe(200);
    const raw = await run(iris, { input: matrix(rows) });
    const invoked = await post<{ predictions: { label: string }[]; prediction_ids: string[] }>(
      '/endpoints/iris/invocations',
      { dataframe_split: { columns: features, data: rows } },
    );
    expect(invoked.body.predictions.map(({ label }) => label)).toEqual(raw['label']?.data);
    const input = { name: 'input', datatype: 'FP32', shape: [2, 3], data: rows };
    expect((await post('/v2/models/iris/versions/1/infer', { inputs: [input] })).body).toMatchObject({
      outputs: [{ data: raw['label']?.data }, { data: raw['probabilities']?.data }],
    });
    const [prediction_id] = invoked.body.prediction_ids;
    expect(
      await post('/api/v1/feedback', { endpoint: 'iris', labels: [{ prediction_id, label: 'setosa' }] }),
    ).toEqual({
      status: 200,
      body: { recorded: 1 },
    });
  }, 60_000);

  test('what an instance has buffered is written when it is told to stop', async () => {
    const { body } = await post<{ prediction_ids: string[] }>('/endpoints/iris/invocations', {
      dataframe_split: { columns: features, data: rows },
    });
    await stack.stop();
    stack = await start();
    const container = BlobServiceClient.fromConnectionString(stack.connectionString).getContainerClient(
      'predictions',
    );
    const ids = [];
    for await (const blob of container.listBlobsFlat({ prefix: 'default/iris/parts/' }))
      ids.push(
        ...(await readPart(await container.getBlobClient(blob.name).downloadToBuffer())).column(
          'predictionId',
        ),
      );
    expect(ids).toHaveLength(6);
    expect(ids).toEqual(expect.arrayContaining(body.prediction_ids));
  }, 120_000);
});
