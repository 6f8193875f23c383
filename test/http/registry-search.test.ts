import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { items, type TestServer, testServer } from '../support/server.ts';

const api = '/api/2.0/mlflow';
let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  const create = (path: string, body: unknown) => server.call('POST', `${api}/${path}/create`, body);
  const tag = (key: string, value: string) => [{ key, value }];
  await create('registered-models', { name: 'apple', tags: tag('team', 'red') });
  await create('registered-models', { name: 'Banana', tags: tag('team', 'yellow') });
  await create('registered-models', { name: 'cherry' });
  await create('registered-models', { name: 'hello prompt', tags: tag('mlflow.prompt.is_prompt', 'true') });
  const version = (name: string, run: string, stage: string) =>
    create('model-versions', {
      name,
      source: `s3://bucket/1/${run}/model`,
      run_id: run,
      tags: tag('stage', stage),
    });
  for (const [name, run, stage] of [
    ['apple', 'run-a', 'dev'],
    ['apple', 'run-b', 'prod'],
    ['cherry', 'run-b', 'dev'],
  ] as const)
    await version(name, run, stage);
});
afterAll(() => server.close());

async function names(kind: 'registered-models' | 'model-versions', query: Record<string, string>) {
  const parameters = new URLSearchParams(query);
  const { status, body } = await server.call('GET', `${api}/${kind}/search?${parameters}`);
  expect({ status, message: body['message'] }).toEqual({ status: 200, message: undefined });
  const found = items(body[kind.replace('-', '_')]);
  return found.map(({ name, version }) =>
    version === undefined ? name : `${String(name)}/${String(version)}`,
  );
}

describe('search of registered models', () => {
  test.each([
    [{}, ['Banana', 'apple', 'cherry']],
    [{ filter: "name ILIKE '%A%'" }, ['Banana', 'apple']],
    [{ filter: "name LIKE '%A%'" }, []],
    [{ filter: "name = 'apple'" }, ['apple']],
    [{ filter: "tags.team != 'red'" }, ['Banana']],
    [{ filter: 'tags.team IS NULL', order_by: 'name DESC' }, ['cherry']],
    [{ order_by: 'timestamp DESC' }, ['cherry', 'Banana', 'apple']],
    [{ filter: "tags.`mlflow.prompt.is_prompt` = 'true'" }, ['hello prompt']],
    [{ filter: "name ILIKE 'h%' AND tag.`mlflow.prompt.is_prompt` != 'true'" }, []],
  ])('%j finds %j', async (query, expected) =>
    eventually(async () => expect(await names('registered-models', query)).toEqual(expected)),
  );

  test('its pages hold every model once', () =>
    eventually(async () => {
      const seen: unknown[] = [];
      let token = '';
      do {
        const { body } = await server.call(
          'GET',
          `${api}/registered-models/search?max_results=1${token && `&page_token=${token}`}`,
        );
        seen.push(...items(body['registered_models']).map(({ name }) => name));
        token = body['next_page_token'] === undefined ? '' : String(body['next_page_token']);
      } while (token !== '');
      expect(seen).toEqual(['Banana', 'apple', 'cherry']);
    }));
});

describe('search of model versions', () => {
  test.each([
    [{}, ['cherry/1', 'apple/2', 'apple/1']],
    [{ filter: "run_id = 'run-b'" }, ['cherry/1', 'apple/2']],
    [{ filter: "run_id IN ('run-a', 'run-x')" }, ['apple/1']],
    [{ filter: "name = 'apple' AND version_number >= 2" }, ['apple/2']],
    [{ filter: "name = 'apple' AND version_number = '2'" }, ['apple/2']],
    [{ filter: "source_path LIKE '%run-a%'" }, ['apple/1']],
    [{ filter: "tags.stage = 'dev'", order_by: 'name ASC' }, ['apple/1', 'cherry/1']],
    [{ order_by: 'version_number ASC' }, ['apple/1', 'cherry/1', 'apple/2']],
  ])('%j finds %j', async (query, expected) =>
    eventually(async () => expect(await names('model-versions', query)).toEqual(expected)),
  );
});

test.each([
  ['registered-models', { filter: 'owner = 3' }],
  ['registered-models', { filter: "name == 'a'" }],
  ['registered-models', { order_by: 'tags.team' }],
  ['model-versions', { filter: "version_number = 'one'" }],
  ['model-versions', { page_token: 'abc' }],
  ['model-versions', { max_results: '0' }],
])('a search of %s by %j is refused', async (kind, query) => {
  const { status, body } = await server.call('GET', `${api}/${kind}/search?${new URLSearchParams(query)}`);
  expect({ status, code: body['error_code'] }).toEqual({ status: 400, code: 'INVALID_PARAMETER_VALUE' });
});
