import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getEndpoint, mainOf } from '../../shared/endpoints/index.ts';
import { setModelTag } from '../../shared/registry/index.ts';
import { peopleModel } from '../privacy/support.ts';
import { classifier, deploy, publish } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { items, type TestServer, testServer } from '../support/server.ts';
import { eventsOf, get, patch } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await publish(server, 'other', classifier(2));
  await publish(server, 'other', classifier(3), 'challenger');
});
afterAll(() => server.close());

const main = (model: string) => ({ name: 'main', model, alias: 'champion' });
const green = { name: 'green', model: 'other', alias: 'champion' };

describe('a change of an endpoint', () => {
  test('changes the fields that are given and leaves the others, and those of a group alike', async () => {
    await deploy(server, 'merged', classifier());
    const before = (await get(server, 'merged')).body;
    const { status, body, etag } = await patch(server, 'merged', {
      limits: { rows_max: 5 },
      logging: { sample_rate: 0.5 },
      rollout: { guards: { alpha: 0.05 } },
      sticky: { header: 'x-user' },
      non_finite: 'text',
      labels: { team: 'a' },
    });
    expect(status).toBe(200);
    expect(etag).toBe(body['etag']);
    expect(body).toEqual({
      ...before,
      limits: { ...before['limits'], rows_max: 5 },
      logging: { ...before['logging'], sample_rate: 0.5 },
      rollout: { ...before['rollout'], guards: { ...before['rollout']?.['guards'], alpha: 0.05 } },
      sticky: { header: 'x-user' },
      non_finite: 'text',
      labels: { team: 'a' },
      updated_at: body['updated_at'],
      etag,
    });
    const cleared = await patch(server, 'merged', { sticky: null, non_finite: null, labels: {} });
    expect(cleared.body).toMatchObject({
      sticky: null,
      non_finite: null,
      labels: {},
      limits: { rows_max: 5 },
    });
  });

  test('is told in words', async () => {
    await deploy(server, 'told', classifier());
    await patch(server, 'told', {
      deployments: [main('told'), green],
      traffic: { main: 90, green: 10 },
      limits: { timeout_seconds: 5 },
      logging: { retention_days: 30, masked_columns: ['width'] },
    });
    const change = (await eventsOf(server, 'told')).find(({ type }) => type === 'endpoint.changed');
    expect(change?.subject).toMatchObject({
      endpoint: 'told',
      deployments: expect.stringContaining('added green (other@champion'),
      traffic: 'main 100 % → 90 %, green 0 % → 10 %',
      limits: 'timeoutSeconds 60 → 5',
      retentionDays: '30',
      masked: 'width',
    });
    expect(change).toMatchObject({ before: expect.any(String), after: expect.any(String) });
  });

  test('that changes nothing writes nothing', async () => {
    await deploy(server, 'idle', classifier());
    const { etag } = await get(server, 'idle');
    const change = { deployments: [main('idle')], traffic: { main: 100 }, limits: { rows_max: 10_000 } };
    expect(await patch(server, 'idle', change)).toMatchObject({ status: 200, etag });
    expect(await patch(server, 'idle', {})).toMatchObject({ status: 200, etag });
    expect(await eventsOf(server, 'idle')).toHaveLength(2);
  });

  test('of several at once that read the same is made by one', async () => {
    await deploy(server, 'raced', classifier());
    const { etag } = await get(server, 'raced');
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        patch(server, 'raced', { limits: { rows_max: i + 1 } }, etag ?? ''),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200, 409, 409, 409, 409, 409,
    ]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ field: 'If-Match' });
    const won = answers.find(({ status }) => status === 200);
    expect((await get(server, 'raced')).body['limits']).toEqual(won?.body['limits']);
  });

  test('without an etag is made by all, one after the other', async () => {
    await deploy(server, 'all', classifier());
    const fields = [
      { limits: { rows_max: 7 } },
      { labels: { a: 'b' } },
      { logging: { durability: 'queue' } },
    ];
    const answers = await Promise.all(fields.map((field) => patch(server, 'all', field)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await get(server, 'all')).body).toMatchObject(Object.assign({}, ...fields));
    const events = await eventsOf(server, 'all');
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  });

  test('that meets its deletion is made before it, or finds nothing', async () => {
    await deploy(server, 'ending', classifier());
    const [changed, removed] = await Promise.all([
      patch(server, 'ending', { limits: { rows_max: 3 } }),
      server.fetch('/api/v1/endpoints/ending', { method: 'DELETE' }),
    ]);
    expect([200, 404]).toContain(changed.status);
    expect(removed.status).toBe(204);
    expect((await get(server, 'ending')).status).toBe(404);
    expect((await eventsOf(server, 'ending')).at(-1)?.type).toBe('endpoint.deleted');
  });

  test('that is sent again, since its answer was lost, is made once', async () => {
    await deploy(server, 'repeated', classifier());
    const { etag } = await get(server, 'repeated');
    const change = {
      deployments: [main('repeated'), green],
      traffic: { main: 60, green: 40 },
      logging: { masked_columns: ['width'], retention_days: 20 },
      labels: { größe: '大' },
    };
    const first = await patch(server, 'repeated', change);
    expect(first).toMatchObject({ status: 200, body: { labels: { größe: '大' } } });
    const { length } = await eventsOf(server, 'repeated');
    expect(await patch(server, 'repeated', change)).toEqual(first);
    expect(await patch(server, 'repeated', change, first.etag ?? '')).toEqual(first);
    // What it was read as before is no more: who sends this is told to look.
    expect(await patch(server, 'repeated', change, etag ?? '')).toMatchObject({
      status: 409,
      body: { field: 'If-Match' },
    });
    expect(await eventsOf(server, 'repeated')).toHaveLength(length);
  });

  test('of an endpoint that is not there, or in another workspace, is 404', async () => {
    await deploy(server, 'hidden', classifier());
    expect((await patch(server, 'nobody', { limits: { rows_max: 1 } })).status).toBe(404);
    const response = await server.fetch('/api/v1/endpoints/hidden', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'x-mlflow-workspace': 'other' },
      body: '{"limits":{"rows_max":1}}',
    });
    expect(response.status).toBe(404);
    expect((await get(server, 'hidden')).body['limits']).toMatchObject({ rows_max: 10_000 });
  });
});

describe('the deployments of an endpoint', () => {
  test('that stay keep what they answer by, and those that change start anew', async () => {
    await deploy(server, 'kept', classifier());
    const added = await patch(server, 'kept', {
      deployments: [{ ...main('kept'), settings: { micro_batch_rows: 1 } }, green],
    });
    expect(added.body['deployments']).toMatchObject([
      { name: 'main', stable: { version: 1 }, settings: { execution: 'auto', micro_batch_rows: 1 } },
      { name: 'green', stable: { version: 1 }, waiting_for: null },
    ]);
    expect(added.body['traffic']).toEqual({ main: 100 });
    const moved = await patch(server, 'kept', {
      deployments: [main('kept'), { name: 'green', model: 'other', version: 2 }],
    });
    expect(moved.body['deployments']).toMatchObject([
      { name: 'main', settings: { micro_batch_rows: 1 } },
      { name: 'green', version: 2, stable: { version: 2 }, rollout: null },
    ]);
  });

  test('keep a rollout that is under way when something else is changed', async () => {
    await publish(server, 'rolling', classifier());
    await server.call('POST', '/api/v1/endpoints', { name: 'rolling', model: 'rolling', alias: 'champion' });
    await publish(server, 'rolling', classifier(1));
    const { body } = await patch(server, 'rolling', {
      deployments: [main('rolling'), green],
      rollout: { hold_seconds: 1 },
    });
    expect(body['deployments']).toMatchObject([
      { rollout: { from: { version: 1 }, to: { version: 2 }, policy: { hold_seconds: 300 } } },
      { name: 'green' },
    ]);
    expect(body['rollout']).toMatchObject({ hold_seconds: 1 });
  });

  test('are not removed while they get calls', async () => {
    await deploy(server, 'busy', classifier());
    const refused = await patch(server, 'busy', { deployments: [green] });
    expect(refused).toMatchObject({
      status: 409,
      body: { field: 'traffic.main', detail: expect.stringContaining('gets 100 % of the calls') },
    });
    expect(mainOf(await getEndpoint(server.ctx, 'busy'))?.name).toBe('main');
    const swapped = await patch(server, 'busy', { deployments: [green], traffic: { green: 100 } });
    expect(swapped).toMatchObject({ status: 200, body: { traffic: { green: 100 }, model: 'other' } });
    await patch(server, 'busy', { deployments: [green, main('busy')], traffic: { green: 100, main: 0 } });
    expect(await patch(server, 'busy', { deployments: [green] })).toMatchObject({
      status: 200,
      body: { traffic: { green: 100 } },
    });
  });

  test('answer by their shares, and not at all where all are 0', async () => {
    await deploy(server, 'shared', classifier());
    await patch(server, 'shared', {
      deployments: [main('shared'), green],
      traffic: { main: 33.3, green: 66.7 },
    });
    expect((await server.fetch('/endpoints/shared/ping')).status).toBe(200);
    const third = { name: 'x', model: 'other', version: 1 };
    for (const [a, b, c] of [
      [33.3, 33.3, 33.4],
      [33.33, 33.33, 33.34],
      [0.1, 0.2, 99.7],
      [100, 0, 0],
    ]) {
      const traffic = { main: a, green: b, x: c };
      const shared = await patch(server, 'shared', {
        deployments: [main('shared'), green, third],
        traffic,
      });
      expect(shared).toMatchObject({ status: 200, body: { traffic } });
    }
    const none = await patch(server, 'shared', { traffic: { main: 0, green: 0 } });
    expect(none).toMatchObject({ status: 200, body: { traffic: { main: 0, green: 0 } } });
  });

  test('answer who asks for them by name, also without a share', async () => {
    await deploy(server, 'shareless', classifier());
    await patch(server, 'shareless', {
      deployments: [main('shareless'), green, { name: 'x', model: 'other', version: 1 }],
      traffic: { main: 100, green: 0 },
    });
    for (const name of ['main', 'green', 'x']) {
      const answer = await server.fetch('/endpoints/shareless/invocations', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-cairn-deployment': name },
        body: '{"dataframe_split":{"columns":["length","width","höhe"],"data":[[1,2,3]]}}',
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-cairn-deployment')).toBe(name);
    }
  });

  const two = [main('refused'), green];
  test.each([
    ['deployments[1].name', { deployments: [green, green] }, "named 'green'"],
    ['deployments', { deployments: [] }, '1 to 20'],
    [
      'deployments',
      { deployments: Array.from({ length: 21 }, (_, i) => ({ ...green, name: `d${i}` })) },
      'these are 21',
    ],
    ['deployments[0].name', { deployments: [{ ...green, name: 'Green' }] }, 'a-z'],
    ['deployments[0].name', { deployments: [{ ...green, name: 'a'.repeat(33) }] }, '1 to 32'],
    ['deployments[0].name', { deployments: [{ ...green, name: 'a'.repeat(128) }] }, '1 to 32'],
    ['deployments[0].name', { deployments: [{ ...green, name: '' }] }, '1 to 32'],
    ['deployments[0].name', { deployments: [{ ...green, name: 'grün' }] }, 'a-z'],
    ['deployments[0].name', { deployments: [{ ...green, name: 7 }] }, 'must be text'],
    [
      'deployments[1].alias',
      { deployments: [green, { ...green, name: 'b', alias: 'absent' }] },
      "has the alias 'absent'; give it to one first",
    ],
    ['alias', { model: 'other', alias: 'absent' }, 'absent'],
    ['deployments[0].color', { deployments: [{ ...green, color: 'red' }] }, 'Unknown field'],
    ['deployments[0].alias', { deployments: [{ name: 'a', model: 'other' }] }, 'Missing'],
    ['deployments[0].version', { deployments: [{ ...green, version: 1 }] }, "cannot be given with 'alias'"],
    [
      'deployments[0].version',
      { deployments: [{ name: 'a', model: 'other', version: 0 }] },
      'number of a version',
    ],
    [
      'deployments[0].settings.execution',
      { deployments: [{ ...green, settings: { execution: 'gpu' } }] },
      'auto',
    ],
    ['deployments', { deployments: 'main' }, 'list'],
    ['model', { deployments: two, model: 'other' }, "'deployments'"],
    ['alias', { model: 'other' }, 'Missing'],
    ['traffic.blue', { traffic: { blue: 100 } }, "no deployment 'blue'"],
    ['traffic', { traffic: { main: 90 } }, 'sum to 90'],
    ['traffic', { deployments: two, traffic: { main: 50, green: 50.000001 } }, '100.000001'],
    ['traffic.main', { traffic: { main: 101 } }, '0 to 100'],
    ['traffic.main', { traffic: { main: '100' } }, 'number of percent'],
    ['traffic', { traffic: [100] }, 'object'],
    ['mirror.main', { mirror: { main: 10 } }, 'set one of the two to 0'],
    ['mirror', { deployments: two, mirror: { green: 51 } }, 'at most 50'],
    [
      'mirror.far',
      {
        deployments: [main('refused'), { name: 'far', url: 'https://scoring.example.com/' }],
        mirror: { far: 10 },
      },
      "set its share of 'mirror' to 0",
    ],
    ['mirror.blue', { mirror: { blue: 1 } }, "no deployment 'blue'"],
    ['sticky', { sticky: { header: 'a', input: 'b' } }, "'header' or 'input'"],
    ['sticky.header', { sticky: { header: 'a b' } }, 'name of a header'],
    ['limits.rows_max', { limits: { rows_max: 0 } }, '1 to 1000000'],
    ['limits.timeout_seconds', { limits: { timeout_seconds: 231 } }, '230'],
    ['limits.rows_min', { limits: { rows_min: 1 } }, 'Unknown field'],
    ['logging.sample_rate', { logging: { sample_rate: 1.1 } }, '0 to 1'],
    ['logging.masked_columns', { logging: { masked_columns: ['salary'] } }, "no column 'salary'"],
    ['logging.retention_days', { logging: { retention_days: 36_000 } }, 'CAIRN_RETENTION_DAYS_MAX'],
    ['rollout.plan', { rollout: { plan: [50, 10, 100] } }, 'grow'],
    ['rollout.plan', { rollout: { plan: [10] } }, 'end with 100'],
    ['labels', { labels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`l${i}`, ''])) }, '100'],
    ['owner', { owner: 'me' }, 'Unknown field'],
  ])('name %s where %j cannot be', async (field, change, message) => {
    if ((await get(server, 'refused')).status === 404) await deploy(server, 'refused', classifier());
    const { etag } = await get(server, 'refused');
    expect(await patch(server, 'refused', change)).toMatchObject({
      status: 400,
      body: { field, detail: expect.stringContaining(message) },
    });
    expect((await get(server, 'refused')).etag).toBe(etag);
  });

  test('name a model and an alias that are there', async () => {
    await deploy(server, 'named', classifier());
    const with_ = (deployment: unknown) => patch(server, 'named', { deployments: [deployment] });
    expect(await with_({ name: 'main', model: 'absent', alias: 'champion' })).toMatchObject({
      status: 404,
      body: { field: 'deployments[0].model' },
    });
    expect(await with_({ name: 'main', model: 'named', version: 9 })).toMatchObject({
      status: 404,
      body: { field: 'deployments[0].version' },
    });
    expect(await patch(server, 'named', { model: 'absent', version: 1 })).toMatchObject({
      status: 404,
      body: { field: 'model' },
    });
    expect(await with_({ name: 'm', model: 'named', alias: 'champion' })).toMatchObject({ status: 409 });
  });
});

describe('several deployments', () => {
  test('are all of them where versions came from and go to, and keep theirs from being deleted', async () => {
    await deploy(server, 'wide', classifier());
    await publish(server, 'second', classifier(4));
    await publish(server, 'second', classifier(5));
    await patch(server, 'wide', {
      deployments: [main('wide'), { name: 'two', model: 'second', version: 2 }],
    });
    await server.drain();
    await eventually(async () => {
      const { body } = await server.call('GET', '/api/v1/lineage?node=endpoint:wide');
      const labels = items(body['nodes']).map(({ label }) => String(label));
      expect(labels).toEqual(expect.arrayContaining(['wide', 'wide v1', 'second v2']));
      expect(items(body['edges']).filter(({ kind }) => String(kind) === 'deployed-to')).toHaveLength(2);
    });
    const path = '/api/2.0/mlflow/model-versions/delete';
    await publish(server, 'second', classifier(6));
    expect(await server.call('DELETE', path, { name: 'second', version: '2' })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("served by endpoint 'wide'") },
    });
    await patch(server, 'wide', { deployments: [main('wide')] });
    expect((await server.call('DELETE', path, { name: 'second', version: '2' })).status).toBe(200);
  });

  test('are asked together which columns there are, and whether one is high-risk', async () => {
    await publish(server, 'people', peopleModel());
    await setModelTag(server.ctx, 'people', { key: 'risk', value: 'high' });
    await deploy(server, 'mixed', classifier());
    const mask = (column: string, days = 200) =>
      patch(server, 'mixed', { logging: { masked_columns: [column], retention_days: days } });
    expect((await mask('age')).body).toMatchObject({ field: 'logging.masked_columns' });
    expect((await mask('width', 10)).status).toBe(200);
    await patch(server, 'mixed', {
      deployments: [main('mixed'), { name: 'people', model: 'people', alias: 'champion' }],
    });
    expect((await mask('age')).status).toBe(200);
    expect((await mask('width')).status).toBe(200);
    expect((await mask('salary')).body).toMatchObject({ field: 'logging.masked_columns' });
    expect((await mask('age', 10)).body).toMatchObject({
      field: 'logging.retention_days',
      detail: expect.stringContaining('EU AI Act'),
    });
  });

  test('keep labels out where what any of them answers is hidden', async () => {
    await publish(server, 'hidden-people', peopleModel());
    await deploy(server, 'labels', classifier());
    const feedback = () =>
      server.call('POST', '/api/v1/feedback', {
        endpoint: 'labels',
        labels: [{ prediction_id: 'none', label: 'x' }],
      });
    expect((await feedback()).status).toBe(400);
    await patch(server, 'labels', {
      deployments: [main('labels'), { name: 'people', model: 'hidden-people', alias: 'champion' }],
      logging: { masked_columns: [] },
    });
    const pii = { value: 'mask' };
    const put = await server.call('PUT', '/api/v1/endpoints/labels/data-policy', { purpose: 'test', pii });
    expect(put.status).toBe(200);
    expect(await feedback()).toMatchObject({ status: 409, body: { field: 'endpoint' } });
  });
});

describe('what an endpoint logs', () => {
  test('is written into its data policy, and read from there', async () => {
    await deploy(server, 'logs', classifier());
    expect((await get(server, 'logs')).body['logging']).toMatchObject({
      masked_columns: [],
      retention_days: null,
    });
    const { body } = await patch(server, 'logs', {
      logging: { masked_columns: ['width'], retention_days: 20 },
    });
    expect(body['logging']).toMatchObject({ sample_rate: 1, masked_columns: ['width'], retention_days: 20 });
    const policy = '/api/v1/endpoints/logs/data-policy';
    expect((await server.call('GET', policy)).body).toMatchObject({
      version: 1,
      retention_days: 20,
      pii: { width: 'mask' },
      purpose: expect.stringMatching(/./),
    });
    await server.call('PUT', policy, { purpose: 'mine', pii: { length: 'mask' }, retention_days: 40 });
    expect((await patch(server, 'logs', { logging: { masked_columns: [] } })).body['logging']).toMatchObject({
      masked_columns: [],
      retention_days: 40,
    });
    expect((await server.call('GET', policy)).body).toMatchObject({ version: 3, purpose: 'mine', pii: {} });
  });

  test('can be said when it is made, and is kept as long as it says', async () => {
    await publish(server, 'born', classifier());
    const { status, body } = await server.call('POST', '/api/v1/endpoints', {
      name: 'born',
      model: 'born',
      alias: 'champion',
      logging: { masked_columns: ['length'], retention_days: 9, durability: 'queue' },
    });
    expect(status).toBe(201);
    expect(body['logging']).toEqual({
      sample_rate: 1,
      durability: 'queue',
      masked_columns: ['length'],
      retention_days: 9,
    });
    const unknown = await server.call('POST', '/api/v1/endpoints', {
      name: 'unborn',
      model: 'born',
      alias: 'champion',
      logging: { masked_columns: ['salary'] },
    });
    expect(unknown).toMatchObject({ status: 400, body: { field: 'logging.masked_columns' } });
    expect((await get(server, 'unborn')).status).toBe(404);
  });
});
