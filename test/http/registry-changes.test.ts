import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getVersion, modelByName } from '../../shared/registry/index.ts';
import { classifier, deploy, publish } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const source = 's3://bucket/model';
const call = async (method: string, path: string, body?: unknown) => {
  const { status, body: answer } = await server.call(method, `/api/2.0/mlflow/${path}`, body);
  expect({ status, message: answer['message'] }).toEqual({ status: 200, message: undefined });
  return answer;
};
const refusal = async (method: string, path: string, body?: unknown) => {
  const answer = await server.call(method, `/api/2.0/mlflow/${path}`, body);
  return [answer.status, answer.body['error_code'], answer.body['message']];
};
const model = async (name: string) =>
  (await call('GET', `registered-models/get?name=${name}`))['registered_model'];
const version = async (name: string, number: number) =>
  (await call('GET', `model-versions/get?name=${name}&version=${number}`))['model_version'];
const stage = (name: string, number: number, to: string, archive = false) =>
  call('POST', 'model-versions/transition-stage', {
    name,
    version: String(number),
    stage: to,
    archive_existing_versions: archive,
  });
const tags = (of: JsonObject | undefined) =>
  Object.fromEntries(items(of?.['tags']).map(({ key, value }) => [String(key), String(value)]));

async function newModel(name: string, versions = 0): Promise<void> {
  await call('POST', 'registered-models/create', { name });
  for (let i = 0; i < versions; i++) await call('POST', 'model-versions/create', { name, source });
}

const notFound = (name: string) => [
  404,
  'RESOURCE_DOES_NOT_EXIST',
  `Registered Model with name=${name} not found`,
];
const noVersion = (name: string, number: number) => [
  404,
  'RESOURCE_DOES_NOT_EXIST',
  `Model Version (name=${name}, version=${number}) not found`,
];

describe('a description', () => {
  test('is set, and emptied by an update that has none', async () => {
    await newModel('described', 1);
    const set = await call('PATCH', 'registered-models/update', { name: 'described', description: 'a' });
    expect(set['registered_model']).toMatchObject({ name: 'described', description: 'a' });
    await call('PATCH', 'model-versions/update', { name: 'described', version: '1', description: 'b' });
    expect(await version('described', 1)).toMatchObject({ description: 'b' });
    await call('PATCH', 'registered-models/update', { name: 'described' });
    await call('PATCH', 'model-versions/update', { name: 'described', version: '1' });
    expect([
      (await model('described'))?.['description'],
      (await version('described', 1))?.['description'],
    ]).toEqual(['', '']);
  });
});

describe('tags', () => {
  test('are set, set anew, removed, and removed again, of a model and of a version', async () => {
    await newModel('tagged', 1);
    for (const [path, ref, read] of [
      ['registered-models', { name: 'tagged' }, () => model('tagged')],
      ['model-versions', { name: 'tagged', version: '1' }, () => version('tagged', 1)],
    ] as const) {
      for (const value of ['1', '2'])
        await call('POST', `${path}/set-tag`, { ...ref, key: '__proto__', value });
      await call('POST', `${path}/set-tag`, { ...ref, key: 'a/b c', value: '' });
      expect(tags(await read())).toEqual(
        Object.fromEntries([
          ['__proto__', '2'],
          ['a/b c', ''],
        ]),
      );
      for (let i = 0; i < 2; i++) await call('DELETE', `${path}/delete-tag`, { ...ref, key: '__proto__' });
      expect(tags(await read())).toEqual({ 'a/b c': '' });
    }
  });

  test('do not change when their model was last updated, as in MLflow', async () => {
    await newModel('untouched', 1);
    const before = [await model('untouched'), await version('untouched', 1)];
    await new Promise((resolve) => setTimeout(resolve, 2));
    await call('POST', 'registered-models/set-tag', { name: 'untouched', key: 'k', value: 'v' });
    await call('POST', 'model-versions/set-tag', { name: 'untouched', version: '1', key: 'k', value: 'v' });
    await call('POST', 'registered-models/alias', { name: 'untouched', version: '1', alias: 'a' });
    const after = [await model('untouched'), await version('untouched', 1)];
    expect(after.map((each) => each?.['last_updated_timestamp'])).toEqual(
      before.map((each) => each?.['last_updated_timestamp']),
    );
  });

  test('may be as long as MLflow lets them be', async () => {
    await newModel('long', 1);
    const value = 'ä'.repeat(100_000);
    await call('POST', 'model-versions/set-tag', { name: 'long', version: '1', key: 'k'.repeat(250), value });
    expect(tags(await version('long', 1))).toEqual({ ['k'.repeat(250)]: value });
  });
});

describe('a rename', () => {
  test('keeps versions, aliases and stages; the old name is free, and both names answer right at once', async () => {
    await newModel('before', 2);
    await call('POST', 'registered-models/alias', { name: 'before', alias: 'champion', version: '1' });
    await stage('before', 2, 'Production');
    const { modelId } = await modelByName(server.ctx, 'before');
    const renamed = await call('POST', 'registered-models/rename', { name: 'before', new_name: 'after' });
    expect(renamed['registered_model']).toMatchObject({ name: 'after' });
    expect((await modelByName(server.ctx, 'after')).modelId).toBe(modelId);
    expect(await refusal('GET', 'registered-models/get?name=before')).toEqual(notFound('before'));
    expect(await version('after', 2)).toMatchObject({ name: 'after', current_stage: 'Production' });
    expect(
      (await call('GET', 'registered-models/alias?name=after&alias=champion'))['model_version'],
    ).toMatchObject({ name: 'after', version: '1' });
    await newModel('before', 1);
    const found = async (filter: string) =>
      items(
        (await call('GET', `model-versions/search?${new URLSearchParams({ filter })}`))['model_versions'],
      ).map(({ name, version: number }) => `${String(name)}/${String(number)}`);
    // The copies of the name in the versions are still the old one: nothing has drained the queue.
    await eventually(async () => {
      expect(await found("name = 'after'")).toEqual(['after/2', 'after/1']);
      expect(await found("name = 'before'")).toEqual(['before/1']);
      expect(await found("name IN ('before', 'after') AND version_number = 1")).toEqual(
        expect.arrayContaining(['before/1', 'after/1']),
      );
    });
    await server.drain();
    expect((await getVersion(server.ctx, modelId, 1)).name).toBe('after');
    await eventually(async () => expect(await found("name LIKE 'aft%'")).toEqual(['after/2', 'after/1']));
  });

  test('to the same name changes nothing; to a name that is taken, or of what is not there, is refused', async () => {
    await newModel('same');
    await newModel('other');
    const rename = (name: string, new_name: string) =>
      refusal('POST', 'registered-models/rename', { name, new_name });
    expect(await rename('same', 'same')).toEqual([200, undefined, undefined]);
    expect(await rename('same', 'other')).toEqual([
      400,
      'RESOURCE_ALREADY_EXISTS',
      'Registered Model (name=other) already exists.',
    ]);
    expect(await rename('nobody', 'somebody')).toEqual(notFound('nobody'));
    expect(await rename('same', 'a/b')).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
      "Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
    ]);
    expect(await rename('same', '  ')).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
      "Missing value for required parameter 'new_name'.",
    ]);
    expect((await model('same'))?.['name']).toBe('same');
  });
});

describe('stages', () => {
  test('are named in any case; those before are archived when asked for; the newest of each is found', async () => {
    await newModel('staged', 5);
    for (const [number, to] of [
      [1, 'production'],
      [2, 'PRODUCTION'],
      [3, 'staging'],
    ] as const)
      await stage('staged', number, to);
    const moved = await stage('staged', 4, 'Production', true);
    expect(moved['model_version']).toMatchObject({ version: '4', current_stage: 'Production' });
    const latest = { None: '5', Staging: '3', Production: '4', Archived: '2' };
    const byStage = (found: JsonObject | undefined) =>
      Object.fromEntries(items(found).map((each) => [each['current_stage'], each['version']]));
    expect(byStage((await model('staged'))?.['latest_versions'])).toEqual(latest);
    const get = 'registered-models/get-latest-versions';
    expect(byStage((await call('GET', `${get}?name=staged`))['model_versions'])).toEqual(latest);
    expect(
      byStage((await call('GET', `${get}?name=staged&stages=archived&stages=None`))['model_versions']),
    ).toEqual({ None: '5', Archived: '2' });
    expect(
      byStage((await call('POST', get, { name: 'staged', stages: ['Staging'] }))['model_versions']),
    ).toEqual({ Staging: '3' });
    await eventually(async () => {
      const found = await call(
        'GET',
        `registered-models/search?filter=${encodeURIComponent("name = 'staged'")}`,
      );
      expect(byStage(items(found['registered_models'])[0]?.['latest_versions'])).toEqual(latest);
    });
    await stage('staged', 4, 'None');
    expect(byStage((await model('staged'))?.['latest_versions'])).toEqual({
      None: '5',
      Staging: '3',
      Archived: '2',
    });
  });

  test('date what they move', async () => {
    await newModel('dated', 2);
    await stage('dated', 1, 'Staging');
    const before = await version('dated', 1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await stage('dated', 2, 'Staging', true);
    const archived = await version('dated', 1);
    expect(archived?.['current_stage']).toBe('Archived');
    expect(Number(archived?.['last_updated_timestamp'])).toBeGreaterThan(
      Number(before?.['last_updated_timestamp']),
    );
  });

  test.each([
    [
      { stage: 'Live' },
      'Invalid Model Version stage: Live. Value must be one of None, Staging, Production, Archived.',
    ],
    [
      { stage: 'archived', archive_existing_versions: true },
      "Model version transition cannot archive existing model versions because 'archived' is not an Active stage. Valid stages are ['Staging', 'Production']",
    ],
    [
      {},
      "Missing value for required parameter 'stage'. See the API docs for more information about request parameters.",
    ],
  ])('%j is refused', async (asked, message) => {
    await server.call('POST', '/api/2.0/mlflow/registered-models/create', { name: 'refusing' });
    expect(
      await refusal('POST', 'model-versions/transition-stage', { name: 'refusing', version: '1', ...asked }),
    ).toEqual([400, 'INVALID_PARAMETER_VALUE', message]);
  });
});

describe('a deleted version', () => {
  test('is not found, loses its aliases and its stage, and its number is never used again', async () => {
    await newModel('cut', 3);
    for (const alias of ['champion', 'candidate'])
      await call('POST', 'registered-models/alias', { name: 'cut', alias, version: '3' });
    await stage('cut', 3, 'Production');
    await call('DELETE', 'model-versions/delete', { name: 'cut', version: '3' });
    const gone = noVersion('cut', 3);
    expect(await refusal('GET', 'model-versions/get?name=cut&version=3')).toEqual(gone);
    expect(await refusal('GET', 'model-versions/get-download-uri?name=cut&version=3')).toEqual(gone);
    for (const [method, path, body] of [
      ['DELETE', 'model-versions/delete', {}],
      ['PATCH', 'model-versions/update', { description: 'x' }],
      ['POST', 'model-versions/set-tag', { key: 'a', value: 'b' }],
      ['DELETE', 'model-versions/delete-tag', { key: 'a' }],
      ['POST', 'model-versions/transition-stage', { stage: 'Staging' }],
      ['POST', 'registered-models/alias', { alias: 'a' }],
    ] as const)
      expect(await refusal(method, path, { name: 'cut', version: '3', ...body })).toEqual(gone);
    const left = await model('cut');
    expect(left?.['aliases']).toBeUndefined();
    expect(items(left?.['latest_versions']).map((each) => each['version'])).toEqual(['2']);
    await eventually(async () => {
      const { body } = await server.call('GET', '/api/v1/models/cut/aliases/champion/history');
      expect(items(body['moves'])[0]).toMatchObject({
        from: 3,
        to: null,
        cause: { kind: 'version-deleted' },
      });
    });
    const next = await call('POST', 'model-versions/create', { name: 'cut', source });
    expect(next['model_version']).toMatchObject({ version: '4' });
    await eventually(async () => {
      const found = await call('GET', `model-versions/search?filter=${encodeURIComponent("name = 'cut'")}`);
      expect(items(found['model_versions']).map((each) => each['version'])).toEqual(['4', '2', '1']);
    });
  });
});

describe('a deleted model', () => {
  test('is not found at once; its name makes another model, and nothing of it stays', async () => {
    await newModel('brief', 2);
    await call('POST', 'registered-models/alias', { name: 'brief', alias: 'champion', version: '1' });
    const { modelId } = await modelByName(server.ctx, 'brief');
    const blobs = server.ctx.stores.blobs('models');
    await blobs.write(`default/${modelId}/1/manifest.json`, new Uint8Array([1]));
    await call('DELETE', 'registered-models/delete', { name: 'brief' });
    for (const path of [
      'registered-models/get?name=brief',
      'model-versions/get?name=brief&version=1',
      'registered-models/alias?name=brief&alias=champion',
      'registered-models/get-latest-versions?name=brief',
    ])
      expect(await refusal('GET', path)).toEqual(notFound('brief'));
    expect(await refusal('DELETE', 'registered-models/delete', { name: 'brief' })).toEqual(notFound('brief'));
    await newModel('brief', 1);
    const again = await modelByName(server.ctx, 'brief');
    expect(again.modelId).not.toBe(modelId);
    await eventually(async () => {
      const found = await call(
        'GET',
        `model-versions/search?filter=${encodeURIComponent("name LIKE 'brief'")}`,
      );
      expect(items(found['model_versions'])).toHaveLength(1);
    });
    await server.drain();
    const kinds = await server.ctx.stores
      .documents('models')
      .query<string>(
        { text: 'SELECT DISTINCT VALUE c.type FROM c' },
        { key: ['default', modelId], consistency: 'strong' },
      );
    expect(kinds.toSorted()).toEqual(['deleted-model', 'event']);
    expect(await blobs.stat(`default/${modelId}/1/manifest.json`)).toBeUndefined();
    expect(await version('brief', 1)).toMatchObject({ version: '1' });
  });
});

describe('what an endpoint serves', () => {
  test('is not deleted, be it the model or the version that answers', async () => {
    await deploy(server, 'served', classifier());
    expect(await refusal('DELETE', 'registered-models/delete', { name: 'served' })).toEqual([
      400,
      'INVALID_STATE',
      "Registered Model (name=served) is served by endpoint 'served' and cannot be deleted.",
    ]);
    expect(await refusal('DELETE', 'model-versions/delete', { name: 'served', version: '1' })).toEqual([
      400,
      'INVALID_STATE',
      "Model Version (name=served, version=1) is served by endpoint 'served' and cannot be deleted: move its alias to another version, or give its deployment another, first.",
    ]);
    await publish(server, 'served', classifier(1));
    await call('DELETE', 'model-versions/delete', { name: 'served', version: '1' });
  });
});

describe('prompts', () => {
  const is = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
  test('and models share their names', async () => {
    await newModel('a model');
    await call('POST', 'registered-models/create', { name: 'a prompt', tags: is });
    const create = (name: string, tagged: unknown[]) =>
      refusal('POST', 'registered-models/create', { name, tags: tagged });
    const exists = (message: string) => [400, 'RESOURCE_ALREADY_EXISTS', message];
    expect(await create('a prompt', is)).toEqual(exists('Prompt (name=a prompt) already exists.'));
    expect(await create('a model', [])).toEqual(exists('Registered Model (name=a model) already exists.'));
    expect(await create('a model', is)).toEqual(
      exists(
        "Tried to create a prompt with name 'a model', but the name is already taken by a registered model. MLflow does not allow creating a model and a prompt with the same name.",
      ),
    );
    expect(await create('a prompt', [])).toEqual(
      exists(
        "Tried to create a registered model with name 'a prompt', but the name is already taken by a prompt. MLflow does not allow creating a model and a prompt with the same name.",
      ),
    );
  });

  test('have a placeholder for a source, are no model, and are found only by who asks for them', async () => {
    const name = 'greeting';
    await call('POST', 'registered-models/create', { name, tags: is });
    const text = { key: 'mlflow.prompt.text', value: 'Hello {{name}}' };
    const made = await call('POST', 'model-versions/create', {
      name,
      source: 'dummy-source',
      tags: [...is, text],
    });
    expect(made['model_version']).toMatchObject({ version: '1', source: 'dummy-source', status: 'READY' });
    await server.drain();
    expect((await version(name, 1))?.['status_message']).toBeUndefined();
    expect(await refusal('POST', 'model-versions/create', { name, source: 's3://a/b', tags: is })).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
      "Invalid prompt source: 's3://a/b'. Prompt sources must use an MLflow placeholder.",
    ]);
    await newModel('copier');
    expect(
      await refusal('POST', 'model-versions/create', { name: 'copier', source: 'models:/greeting/1' }),
    ).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
      "Invalid model version source: 'models:/greeting/1'. Prompt versions cannot be used as model version sources.",
    ]);
    const found = async (filter: string) =>
      items((await call('GET', `model-versions/search?${new URLSearchParams({ filter })}`))['model_versions'])
        .length;
    await eventually(async () =>
      expect(await found("name = 'greeting' AND tags.`mlflow.prompt.is_prompt` = 'true'")).toBe(1),
    );
    expect(await found("name = 'greeting'")).toBe(0);
  });
});

describe('a wrong request', () => {
  const key = { name: 'wrong', version: '1', key: 'k', value: 'v' };
  const badKey =
    'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).';
  const missing = (field: string) =>
    `Missing value for required parameter '${field}'. See the API docs for more information about request parameters.`;
  test.each([
    ['POST', 'registered-models/create', {}, missing('name')],
    ['POST', 'registered-models/create', { name: ' ' }, "Missing value for required parameter 'name'."],
    [
      'POST',
      'registered-models/create',
      { name: 'a:b' },
      "Invalid model name 'a:b'. Names cannot contain '/' or ':'.",
    ],
    [
      'POST',
      'registered-models/create',
      { name: '..' },
      "Invalid value \"..\" for parameter 'name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '..'",
    ],
    ['POST', 'registered-models/create', { name: 'n', tags: [{ value: 'v' }] }, missing('tags[0].key')],
    [
      'POST',
      'registered-models/create',
      { name: 'n', tags: [{ key: 'a;b', value: 'v' }] },
      `Invalid value "a;b" for parameter 'key' supplied: ${badKey}`,
    ],
    [
      'POST',
      'registered-models/set-tag',
      { ...key, key: 'k'.repeat(251) },
      "'key' exceeds the maximum length of 250 characters",
    ],
    [
      'POST',
      'registered-models/set-tag',
      { ...key, value: 'v'.repeat(100_001) },
      "'value' exceeds the maximum length of 100000 characters",
    ],
    [
      'POST',
      'model-versions/set-tag',
      { ...key, key: 'a?' },
      `Invalid value "a?" for parameter 'key' supplied: ${badKey}`,
    ],
    [
      'POST',
      'model-versions/set-tag',
      { ...key, key: 'mlflow.prompt.text', value: 'v'.repeat(100_001) },
      'Prompt text exceeds max length of 100000 characters.',
    ],
    ['DELETE', 'model-versions/delete-tag', { ...key, key: '' }, missing('key')],
    ['DELETE', 'registered-models/delete-tag', { ...key, key: 'a//b' }, /must not resolve to other names/],
    [
      'GET',
      'model-versions/get?name=wrong&version=abc',
      undefined,
      "Parameter 'version' must be an integer, got 'abc'.",
    ],
    [
      'DELETE',
      'model-versions/delete',
      { name: 'wrong', version: '1.0' },
      "Parameter 'version' must be an integer, got '1.0'.",
    ],
    ['GET', 'model-versions/get?name=wrong', undefined, missing('version')],
    [
      'POST',
      'registered-models/alias',
      { ...key, alias: 'a b' },
      "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
    ],
    [
      'POST',
      'registered-models/alias',
      { ...key, alias: 'a'.repeat(256) },
      "'Registered model alias name' exceeds the maximum length of 255 characters",
    ],
    [
      'POST',
      'registered-models/alias',
      { ...key, alias: 'Latest' },
      "'latest' alias name (case insensitive) is reserved.",
    ],
    ['POST', 'registered-models/alias', { ...key, alias: 'V3' }, "Version alias name 'V3' is reserved."],
    [
      'GET',
      'registered-models/alias?name=wrong&alias=none',
      undefined,
      'Registered model alias none not found.',
    ],
    [
      'GET',
      'registered-models/get-latest-versions?name=wrong&stages=Live',
      undefined,
      /^Invalid Model Version stage: Live\./,
    ],
    [
      'POST',
      'registered-models/get-latest-versions',
      { name: 'wrong', stages: 5 },
      /must be a list of texts/,
    ],
  ])('%s %s %j is a 400 in the words of MLflow', async (method, path, body, message) => {
    await server.call('POST', '/api/2.0/mlflow/registered-models/create', { name: 'wrong' });
    const [status, code, said] = await refusal(method, path, body);
    expect([status, code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect(said).toMatch(message);
  });

  test.each(['0', '-1', '99999999999999999999'])('version %s is not found', async (number) => {
    await server.call('POST', '/api/2.0/mlflow/registered-models/create', { name: 'wrong' });
    expect((await refusal('GET', `model-versions/get?name=wrong&version=${number}`)).slice(0, 2)).toEqual([
      404,
      'RESOURCE_DOES_NOT_EXIST',
    ]);
  });

  test('of a model that is not there is a 404', async () => {
    for (const [method, path, body] of [
      ['PATCH', 'registered-models/update', {}],
      ['POST', 'registered-models/set-tag', { key: 'k', value: 'v' }],
      ['DELETE', 'registered-models/delete-tag', { key: 'k' }],
      ['DELETE', 'registered-models/delete', {}],
      ['PATCH', 'model-versions/update', { version: '1' }],
      ['DELETE', 'model-versions/delete', { version: '1' }],
      ['POST', 'model-versions/set-tag', { version: '1', key: 'k', value: 'v' }],
      ['POST', 'model-versions/transition-stage', { version: '1', stage: 'None' }],
      ['POST', 'model-versions/create', { source }],
      ['POST', 'registered-models/get-latest-versions', {}],
      ['DELETE', 'registered-models/alias', { alias: 'a' }],
    ] as const)
      expect(await refusal(method, path, { name: 'nobody', ...body })).toEqual(notFound('nobody'));
  });

  test('for the version under alias latest finds the newest of all, or none', async () => {
    await newModel('newest', 2);
    await stage('newest', 2, 'Archived');
    expect(
      (await call('GET', 'registered-models/alias?name=newest&alias=latest'))['model_version'],
    ).toMatchObject({ version: '2' });
    await newModel('bare');
    expect(await refusal('GET', 'registered-models/alias?name=bare&alias=latest')).toEqual([
      404,
      'RESOURCE_DOES_NOT_EXIST',
      'Latest version not found for model bare.',
    ]);
  });
});
