import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { items, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
let run: { id: string; uri: string };
let other: { id: string; uri: string };
let logged: string;
beforeAll(async () => {
  server = await testServer();
  run = await newRun();
  other = await newRun();
  await put(`${run.uri}/model/MLmodel`);
  const made = await post('logged-models', { experiment_id: '0', name: 'net', source_run_id: run.id });
  logged = String(made.body['model']?.['info']?.['model_id']);
  await post('runs/outputs', { run_id: run.id, models: [{ model_id: logged, step: 0 }] });
  await post('registered-models/create', { name: 'from' });
  await post('registered-models/create', { name: 'to' });
  await register({ name: 'from', source: `runs:/${run.id}/model`, run_id: run.id });
  await register({ name: 'from', source: 's3://bucket/model' });
  await post('registered-models/alias', { name: 'from', alias: 'champion', version: '1' });
  await post('model-versions/transition-stage', { name: 'from', version: '1', stage: 'Production' });
});
afterAll(() => server.close());

const post = (path: string, body: unknown) => server.call('POST', `/api/2.0/mlflow/${path}`, body);

async function newRun() {
  const info = (await post('runs/create', {})).body['run']?.['info'];
  return { id: String(info?.['run_id']), uri: String(info?.['artifact_uri']) };
}

async function put(uri: string): Promise<void> {
  const path = uri.replace('mlflow-artifacts:/', '');
  await server.fetch(`/api/2.0/mlflow-artifacts/artifacts/${path}`, { method: 'PUT', body: 'x' });
}

async function register(asked: Record<string, unknown>) {
  const { status, body } = await post('model-versions/create', { name: 'to', ...asked });
  const made = body['model_version'];
  if (status !== 200) return { status, message: String(body['message']) };
  const uri = await server.call(
    'GET',
    `/api/2.0/mlflow/model-versions/get-download-uri?name=${String(made?.['name'])}&version=${String(made?.['version'])}`,
  );
  return {
    status,
    source: made?.['source'],
    run: made?.['run_id'],
    model: made?.['model_id'],
    uri: uri.body['artifact_uri'],
  };
}

describe('a source', () => {
  test.each([
    [
      'of a run',
      () => ({ source: `runs:/${run.id}/model` }),
      () => ({ run: run.id, uri: `${run.uri}/model` }),
    ],
    [
      'of a run, whose model MLflow 3 keeps apart',
      () => ({ source: `runs:/${run.id}/net`, run_id: run.id }),
      () => ({ run: run.id, model: logged, uri: `mlflow-artifacts:/0/models/${logged}/artifacts` }),
    ],
    [
      'of a run of another server',
      () => ({ source: 'runs:/0123456789abcdef0123456789abcdef/m' }),
      () => ({ run: '0123456789abcdef0123456789abcdef', uri: 'runs:/0123456789abcdef0123456789abcdef/m' }),
    ],
    [
      'that is a logged model',
      () => ({ source: `models:/${logged}`, model_id: logged }),
      () => ({ run: run.id, model: logged, uri: `mlflow-artifacts:/0/models/${logged}/artifacts` }),
    ],
    [
      'within a run',
      () => ({ source: `${run.uri}/model`, run_id: run.id }),
      () => ({ run: run.id, uri: `${run.uri}/model` }),
    ],
    [
      'among the artifacts',
      () => ({ source: `${run.uri}/model` }),
      () => ({ run: '', uri: `${run.uri}/model` }),
    ],
    [
      'elsewhere',
      () => ({ source: 's3://bucket/model', run_id: 'a run of theirs' }),
      () => ({ run: 'a run of theirs', uri: 's3://bucket/model' }),
    ],
  ])('%s is resolved', async (_, asked, expected) => {
    const { source } = asked();
    expect(await register(asked())).toEqual({ status: 200, source, ...expected() });
  });

  test.each(['1', 'Production', 'production'])(
    'models:/from/%s is that version, and a copy of it',
    async (which) => {
      expect(await register({ source: `models:/from/${which}`, run_id: run.id })).toEqual({
        status: 200,
        source: 'models:/from/1',
        run: run.id,
        uri: `${run.uri}/model`,
      });
    },
  );

  test('by alias or as the latest is the version of that moment', async () => {
    expect(await register({ source: 'models:/from@champion' })).toMatchObject({ source: 'models:/from/1' });
    expect(await register({ source: 'models:/from/latest' })).toMatchObject({
      source: 'models:/from/2',
      uri: 's3://bucket/model',
    });
    expect(await register({ source: 'models:/from/None' })).toMatchObject({ source: 'models:/from/2' });
  });

  test('that is a copy of a copy leads to where the files are', async () => {
    await post('registered-models/create', { name: 'copy' });
    await register({ name: 'copy', source: 'models:/from/1' });
    expect(await register({ source: 'models:/copy/1' })).toMatchObject({
      source: 'models:/copy/1',
      uri: `${run.uri}/model`,
    });
  });
});

describe('a source is refused', () => {
  const identify = (field: string) =>
    `The ${field} request parameter must identify the resource that contains the source.`;
  const absolute = /an absolute path must be provided without relative path references present/;
  test.each([
    [
      'of another run than it says',
      () => ({ source: `runs:/${run.id}/model`, run_id: other.id }),
      identify('run_id'),
    ],
    [
      'of a run, for a logged model',
      () => ({ source: `runs:/${run.id}/m`, model_id: logged }),
      identify('model_id'),
    ],
    ['outside its run', () => ({ source: `${run.uri}/model`, run_id: other.id }), identify('run_id')],
    ['beside its run', () => ({ source: `${run.uri}x/model`, run_id: run.id }), identify('run_id')],
    [
      'of a run that is not there',
      () => ({ source: `${run.uri}/model`, run_id: 'f'.repeat(32) }),
      identify('run_id'),
    ],
    [
      'outside its logged model',
      () => ({ source: `${run.uri}/model`, model_id: logged }),
      identify('model_id'),
    ],
    [
      'of another logged model',
      () => ({ source: `models:/${logged}`, model_id: 'm-1' }),
      identify('model_id'),
    ],
    ['of no run', () => ({ source: 'runs:/' }), /^Not a proper runs:\/ URI/],
    ['on a disk', () => ({ source: '/etc/passwd' }), /A path on a disk/],
    ['on a disk, relative', () => ({ source: 'models/1' }), /A path on a disk/],
    ['on a disk of Windows', () => ({ source: 'C:\\models' }), /A path on a disk/],
    ['on a disk, as a URI', () => ({ source: 'FILE:///etc/passwd' }), /A path on a disk/],
    ['with a step up', () => ({ source: 'mlflow-artifacts:/a/../b' }), absolute],
    ['with an escaped step up', () => ({ source: 's3://a/%252e%252e/b' }), absolute],
    ['with an escaped slash before it', () => ({ source: 'mlflow-artifacts:/a%2f..%2fb' }), absolute],
    ['with a step in place', () => ({ source: 'mlflow-artifacts:/./b' }), absolute],
    ['with a NUL', () => ({ source: 'mlflow-artifacts:/a%00' }), absolute],
    ['with no path', () => ({ source: 's3://bucket' }), absolute],
    ['of another registry', () => ({ source: 'models://host/from/1' }), /must use the active model registry/],
    ['of an empty alias', () => ({ source: 'models:/from@' }), identify('model_id')],
    ['of too many parts', () => ({ source: 'models:/from/1/2' }), identify('model_id')],
    [
      'in a stage that is none',
      () => ({ source: 'models:/from/Live' }),
      /^Invalid Model Version stage: Live/,
    ],
    [
      'under an alias that is none',
      () => ({ source: 'models:/from@none' }),
      /^Registered model alias none not found/,
    ],
    [
      'of a version of another run than it says',
      () => ({ source: 'models:/from/1', run_id: other.id }),
      /run_id and model_id request parameters must match/,
    ],
    [
      'that is too long',
      () => ({ source: `s3://${'a/'.repeat(1100)}` }),
      "'source' exceeds the maximum length of 2048",
    ],
    [
      'with a link that is too long',
      () => ({ source: 's3://a/b', run_link: 'x'.repeat(2049) }),
      "'run_link' exceeds",
    ],
  ])('%s', async (_, asked, message) => {
    const answer = await register(asked());
    expect(answer.status).toBe(400);
    expect(answer.message).toMatch(message);
  });

  test('of a model or a version that is not there, as not found', async () => {
    expect(await register({ source: 'models:/nobody/1' })).toEqual({
      status: 404,
      message: 'Registered Model with name=nobody not found',
    });
    expect(await register({ source: 'models:/from/77' })).toMatchObject({ status: 404 });
    expect(await register({ source: 'models:/from/Staging' })).toMatchObject({ status: 404 });
  });
});

test('a logged model that is found behind a run is told of its version', async () => {
  await register({ source: `runs:/${run.id}/net` });
  await server.drain();
  const { body } = await server.call('GET', `/api/2.0/mlflow/logged-models/${logged}`);
  expect(items(body['model']?.['info']?.['registrations']).map(({ name }) => name)).toContain('to');
});
