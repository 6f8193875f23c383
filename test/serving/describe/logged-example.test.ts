import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleteArtifacts } from '../../../shared/artifacts/index.ts';
import { fullAccess } from '../../../shared/access/index.ts';
import { moveAlias } from '../../../shared/registry/index.ts';
import { exampleOf } from '../../../shared/serving/index.ts';
import { type Files, golden, register, upload } from '../../inspection/support.ts';
import { type JsonObject, type TestServer, testServer } from '../../support/server.ts';

const features = ['sepal length', 'sepal width', 'petal length', 'petal width'];
const row = [5.1, 3.5, 1.4, 0.2];

let server: TestServer;
let files: Files;
beforeAll(async () => {
  server = await testServer();
  ({ files } = await golden('logistic'));
});
afterAll(() => server.close());

/** An endpoint of what MLflow's client logged; gives the place of its files. */
async function deployed(name: string, logged: Files, tags: Record<string, string> = {}): Promise<string> {
  const source = await upload(server.ctx, logged);
  await register(server.ctx, name, source, tags);
  await server.drain();
  await moveAlias(server.ctx, { name, alias: 'champion', version: 1 });
  const { status } = await server.call('POST', '/api/v1/endpoints', { name, model: name, alias: 'champion' });
  expect(status).toBe(201);
  await server.drain();
  return source;
}

const shown = async (name: string) => (await server.call('GET', `/api/v1/endpoints/${name}/example`)).body;
const rowOf = (example: JsonObject | undefined) =>
  example?.['invocations']?.['dataframe_split']?.['data']?.[0];

describe('the logged input example', () => {
  test('is what is shown of a model that has one: its first row', async () => {
    await deployed('logged', files);
    const example = await shown('logged');
    expect(example).toMatchObject({
      source: 'logged',
      invocations: { dataframe_split: { columns: features, data: [row] } },
      infer: { inputs: [{ name: 'X', shape: [1, 4], datatype: 'FP32', data: row }] },
    });
    for (const [path, body] of [
      ['/endpoints/logged/invocations', example['invocations']],
      ['/v2/models/logged/infer', example['infer']],
    ] as const)
      expect((await server.call('POST', path, body)).status).toBe(200);
  });

  test('shows nothing of a column that is personal data, by tag or by the policy of the endpoint', async () => {
    await deployed('tagged', files, { 'cairn.pii.sepal length': 'mask' });
    expect(rowOf(await shown('tagged'))).toEqual([0.5, row[1], row[2], row[3]]);
    await deployed('ruled', files);
    expect(rowOf(await shown('ruled'))).toEqual(row);
    const { status } = await server.call('PUT', '/api/v1/endpoints/ruled/data-policy', {
      purpose: 'test',
      pii: { 'in.petal width': 'mask', 'sepal width': 'mask' },
    });
    expect(status).toBe(200);
    expect(rowOf(await shown('ruled'))).toEqual([row[0], 0.5, row[2], 0.5]);
  });

  test('is not shown to who may not see the model, though they may call the endpoint', async () => {
    await deployed('apart', files);
    const access = {
      ...fullAccess,
      may: (_: string, resource?: { type: string }) => resource?.type !== 'model',
    };
    const { example } = await exampleOf({ ...server.ctx, access }, 'apart');
    expect(example.source).toBe('made');
    expect(example.invocations).toEqual({
      dataframe_split: { columns: features, data: [[0.5, 0.5, 0.5, 0.5]] },
    });
    expect((await shown('apart'))['source']).toBe('logged');
  });

  test('that is gone, is no JSON, or is another model’s is made up for', async () => {
    const source = await deployed('purged', files);
    await deleteArtifacts(server.ctx, source.replace('mlflow-artifacts:/', ''));
    await deployed('broken', { ...files, 'serving_input_example.json': '{"dataframe_split": ' });
    await deployed('wide', { ...files, 'serving_input_example.json': '{"inputs": [[1, 2, 3, 4, 5]]}' });
    const MLmodel = Buffer.from(files['MLmodel'] ?? '').toString();
    const leading = MLmodel.replace('serving_input_path: serving_input', 'serving_input_path: ../../other');
    await deployed('leading', { ...files, MLmodel: leading });
    for (const name of ['purged', 'broken', 'wide', 'leading'])
      expect(await shown(name)).toMatchObject({
        source: 'made',
        invocations: { dataframe_split: { columns: features, data: [[0.5, 0.5, 0.5, 0.5]] } },
      });
  });
});

describe('an endpoint without an example', () => {
  test('that waits for its version, or is not there, says so', async () => {
    const source = await upload(server.ctx, files);
    await register(server.ctx, 'waiting', source);
    await moveAlias(server.ctx, { name: 'waiting', alias: 'champion', version: 1 });
    await server.call('POST', '/api/v1/endpoints', { name: 'waiting', model: 'waiting', alias: 'champion' });
    const get = (path: string) => server.call('GET', `/api/v1/endpoints/${path}/example`);
    expect((await get('waiting')).status).toBe(503);
    expect((await get('nobody')).status).toBe(404);
    expect(await server.call('GET', '/api/v1/endpoints/logged/example?deployment=other')).toMatchObject({
      status: 404,
      body: { field: 'deployment', detail: "Endpoint 'logged' has no deployment 'other'; it has main." },
    });
    expect((await server.call('GET', '/api/v1/endpoints/logged/example?version=1')).status).toBe(400);
  });
});
