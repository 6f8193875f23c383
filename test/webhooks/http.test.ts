import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { InvocationContext, Timer } from '@azure/functions';
import { tick } from '../../functions/tick.ts';
import { work } from '../../functions/work.ts';
import type { AgendaEntry } from '../../shared/events/index.ts';
import { changeModel, changeVersion } from '../../shared/registry/index.ts';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { deliveriesOf, isSigned, permitLocalTargets, type Receiver, startReceiver, sure } from './support.ts';

const api = '/api/2.0/mlflow/webhooks';
const created = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }];

const anyText = fc.array(fc.nat(0xffff), { maxLength: 80 }).map((units) => String.fromCharCode(...units));

let forbidLocalTargets: () => void;
let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  forbidLocalTargets = permitLocalTargets();
  server = await testServer();
});
afterAll(async () => {
  await server.close();
  forbidLocalTargets();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  const ids = await server.ctx.stores
    .documents('webhooks')
    .query<string>(
      { text: "SELECT VALUE c.webhookId FROM c WHERE c.type = 'webhook'" },
      { key: ['default'], consistency: 'strong' },
    );
  for (const id of ids) await server.call('DELETE', `${api}/${id}`);
  await receiver.close();
});

async function create(fields: object = {}): Promise<JsonObject & { webhook_id: string }> {
  const { status, body } = await server.call('POST', api, {
    name: 'hook',
    url: receiver.url,
    events: created,
    ...fields,
  });
  expect([status, body]).toEqual([200, expect.anything()]);
  return body['webhook'] as JsonObject & { webhook_id: string };
}

async function refused(method: string, path: string, body?: unknown) {
  const answer = await server.call(method, path, body);
  return [answer.status, answer.body['error_code'], answer.body['message']];
}

describe('a webhook', () => {
  test('is kept as MLflow shows it, at both of its paths', async () => {
    const made = await create({ description: 'of a test', status: 'DISABLED' });
    expect(made).toEqual({
      webhook_id: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      name: 'hook',
      description: 'of a test',
      url: receiver.url,
      events: created,
      status: 'DISABLED',
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: made['creation_timestamp'],
    });
    for (const prefix of ['/api', '/ajax-api'])
      expect(await server.call('GET', `${prefix}/2.0/mlflow/webhooks/${made.webhook_id}`)).toEqual({
        status: 200,
        body: { webhook: made },
      });
  });

  test('shows its secret to nobody, and does not store it as it is', async () => {
    const secret = 'hush-hush-hush';
    const { webhook_id } = await create({ secret });
    const changed = await server.call('PATCH', `${api}/${webhook_id}`, { secret: `${secret}!` });
    const shown = [
      changed,
      await server.call('GET', `${api}/${webhook_id}`),
      await server.call('GET', api),
      await server.call('POST', `${api}/${webhook_id}/test`, {}),
      await server.call('PATCH', `${api}/${webhook_id}`, { secret: { [secret]: secret } }),
      await server.call('POST', api, { name: 'x', url: receiver.url, events: created, secret: [secret] }),
      await server.call('POST', api, {
        name: 'x',
        url: receiver.url,
        events: created,
        secret: secret.repeat(100),
      }),
    ];
    expect(shown.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400, 400, 400]);
    const stored = await server.ctx.stores.documents('webhooks').read(['default', webhook_id], 'webhook');
    expect(stored?.doc).toHaveProperty('secret');
    expect(JSON.stringify([shown, stored, receiver.received])).not.toContain(secret);
  });

  test('with a secret is refused in words where there is no key to keep it by', async () => {
    const { stores } = server.ctx;
    const keys = stores.keys;
    Object.assign(stores, { keys: undefined });
    try {
      expect(
        await refused('POST', api, { name: 'x', url: receiver.url, events: created, secret: 's' }),
      ).toEqual([400, 'INVALID_PARAMETER_VALUE', expect.stringContaining('CAIRN_KEY_VAULT_URL')]);
    } finally {
      Object.assign(stores, { keys });
    }
  });

  test('changes in the fields that are given; an empty name, URL or list is as none', async () => {
    const made = await create({ description: 'before', secret: 's' });
    const path = `${api}/${made.webhook_id}`;
    const unchanged = await server.call('PATCH', path, { name: '', url: '', events: [] });
    expect(unchanged.body['webhook']).toEqual({ ...made, last_updated_timestamp: expect.any(Number) });
    const { body } = await server.call('PATCH', path, {
      name: 'Other.name_1',
      url: `${receiver.url}/other`,
      description: '',
      events: [...created, { entity: 'PROMPT', action: 'CREATED' }, ...created],
      status: 'DISABLED',
    });
    const { description: _, ...rest } = made as unknown as Record<string, unknown>;
    expect(body['webhook']).toEqual({
      ...rest,
      name: 'Other.name_1',
      url: `${receiver.url}/other`,
      events: [...created, { entity: 'PROMPT', action: 'CREATED' }],
      status: 'DISABLED',
      last_updated_timestamp: expect.any(Number),
    });
    await server.call('POST', `${path}/test`, {});
    expect(receiver.received[0] && isSigned(receiver.received[0], 's')).toBe(true);
    await server.call('PATCH', path, { secret: '' });
    await server.call('POST', `${path}/test`, {});
    expect(receiver.received[1]?.headers).not.toHaveProperty('x-mlflow-signature');
  });

  test('that two people change at once keeps both changes', async () => {
    const { webhook_id } = await create();
    const path = `${api}/${webhook_id}`;
    await Promise.all([
      ...Array.from({ length: 3 }, () => server.call('PATCH', path, { name: 'renamed' })),
      ...Array.from({ length: 3 }, () => server.call('PATCH', path, { description: 'described' })),
    ]);
    expect((await server.call('GET', path)).body['webhook']).toMatchObject({
      name: 'renamed',
      description: 'described',
    });
  });

  test('that is deleted is not there', async () => {
    const { webhook_id } = await create();
    const path = `${api}/${webhook_id}`;
    expect(await server.call('DELETE', path, {})).toEqual({ status: 200, body: {} });
    const missing = [404, 'RESOURCE_DOES_NOT_EXIST', `Webhook with ID ${webhook_id} not found.`];
    expect(await refused('GET', path)).toEqual(missing);
    expect(await refused('DELETE', path)).toEqual(missing);
    expect(await refused('PATCH', path, { name: 'x' })).toEqual(missing);
    expect(await refused('POST', `${path}/test`, {})).toEqual(missing);
    expect((await server.call('GET', `/api/v1/webhooks/${webhook_id}/deliveries`)).status).toBe(404);
  });

  test('of another workspace is not seen, changed, tested or told', async () => {
    const { webhook_id } = await create();
    const theirs = (method: string, path: string, body?: string) =>
      server.fetch(path, {
        method,
        headers: { 'x-mlflow-workspace': 'theirs', 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      });
    for (const [method, path, body] of [
      ['GET', `${api}/${webhook_id}`],
      ['PATCH', `${api}/${webhook_id}`, '{"name":"x"}'],
      ['DELETE', `${api}/${webhook_id}`],
      ['POST', `${api}/${webhook_id}/test`, '{}'],
      ['GET', `/api/v1/webhooks/${webhook_id}/deliveries`],
      ['POST', `/api/v1/webhooks/${webhook_id}/deliveries/x/redeliver`, '{}'],
    ] as const)
      expect((await theirs(method, path, body)).status).toBe(404);
    await eventually(async () => expect(await (await theirs('GET', api)).json()).toEqual({}));
    await theirs('POST', '/api/2.0/mlflow/registered-models/create', '{"name":"their model"}');
    await server.drain();
    expect(receiver.received).toEqual([]);
  });
});

describe('what is no webhook is refused with the reason:', () => {
  test.each<[string, object, string]>([
    ['no name', { name: undefined }, "Missing value for required parameter 'name'"],
    ['no URL', { url: undefined }, "Missing value for required parameter 'url'"],
    ['no events', { events: undefined }, "Missing value for required parameter 'events'"],
    ['an empty list of events', { events: [] }, 'must be a non-empty list'],
    ['a name with spaces', { name: 'a b' }, "Webhook name 'a b' is invalid"],
    ['a name that ends with a hyphen', { name: 'a-' }, 'must start and end with a letter or digit'],
    ['a name of 64 characters', { name: 'a'.repeat(64) }, 'at most 63 characters'],
    ['a name that is no text', { name: 5 }, "parameter 'name'"],
    ['another scheme', { url: 'ftp://x' }, "Invalid webhook URL scheme: 'ftp'"],
    ['a URL of spaces', { url: '  ' }, 'empty or just whitespace'],
    ['a URL with a password', { url: 'https://a:b@example.com' }, 'user name or password'],
    ['a long description', { description: 'x'.repeat(1001) }, 'over 1000 characters'],
    ['a status that is none', { status: 'NOPE' }, 'must be one of ACTIVE, DISABLED'],
    ['an entity alone', { events: [{ entity: 'PROMPT' }] }, "'events[0].action'"],
    ['an entity that is none', { events: [{ entity: 'DOG', action: 'SET' }] }, "'events[0].entity'"],
    [
      'an action that cannot happen',
      { events: [{ entity: 'REGISTERED_MODEL', action: 'DELETED' }] },
      "Invalid action 'deleted' for entity 'registered_model'. Valid actions are: ['created']",
    ],
  ])('%s', async (_, fields, message) => {
    const body = { name: 'hook', url: receiver.url, events: created, ...fields };
    expect(await refused('POST', api, body)).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
      expect.stringContaining(message),
    ]);
  });

  test('and no bad input is a failure of the server', async () => {
    const { webhook_id } = await create();
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      anyText,
      fc.constantFrom(created, 'ACTIVE', 'https://[', 'https://xn--/', 'http://%', 'http://\u0000'),
    );
    const body = fc.record(
      {
        name: value,
        url: value,
        events: value,
        description: value,
        secret: value,
        status: value,
        event: value,
      },
      { requiredKeys: [] },
    );
    const id = fc.oneof(fc.constant(webhook_id), anyText.map(encoded));
    await fc.assert(
      fc.asyncProperty(body, id, value, async (fields, hook, odd) => {
        const text = encoded(typeof odd === 'string' ? odd : JSON.stringify(odd));
        const query = `max_results=${text}&page_token=${text}`;
        for (const [method, path, sent] of [
          ['POST', api, { name: 'n', events: created, ...fields, url: fields.url ?? 'http://127.0.0.1:1' }],
          ['PATCH', `${api}/${hook}`, fields],
          ['POST', `${api}/${hook}/test`, { event: odd }],
          ['GET', `${api}?${query}`],
          ['GET', `/api/v1/webhooks/${hook}/deliveries?${query}`],
          ['POST', `/api/v1/webhooks/${webhook_id}/deliveries/${hook}/redeliver`, fields],
        ] as const)
          expect((await server.call(method, path, sent)).status).toBeLessThan(500);
      }),
      { numRuns: process.env['CAIRN_TEST'] === 'long' ? 500 : 12 },
    );
  });
});

describe('a list of webhooks', () => {
  test('comes in pages, the newest first, each once', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push((await create({ name: `hook-${i}` }))['name'] as unknown as string);
    await eventually(async () => {
      const names: string[] = [];
      let query = '?max_results=2';
      for (let pages = 0; pages < 3; pages++) {
        const { body } = await server.call('GET', api + query);
        names.push(...items(body['webhooks']).map(({ name }) => String(name)));
        query = `?max_results=2&page_token=${String(body['next_page_token'])}`;
        expect(body['next_page_token'] === undefined).toBe(pages === 2);
      }
      expect(names.toSorted()).toEqual(made.toSorted());
    });
  });

  test('is of 100 where no number is asked for, and of 1 to 1000', async () => {
    for (const n of ['', '?max_results=0', '?max_results=1000'])
      expect((await server.call('GET', api + n)).status).toBe(200);
    for (const n of [-1, 1001])
      expect(await refused('GET', `${api}?max_results=${n}`)).toEqual([
        400,
        'INVALID_PARAMETER_VALUE',
        'max_results must be between 1 and 1000.',
      ]);
    expect((await refused('GET', `${api}?page_token=abc`))[0]).toBe(400);
  });
});

describe('a test of a webhook', () => {
  test('sends an example, and tells what the receiver said', async () => {
    const { webhook_id } = await create({ secret: 's', status: 'DISABLED' });
    receiver.reply = () => ({ status: 201, body: 'thanks' });
    expect((await server.call('POST', `${api}/${webhook_id}/test`, {})).body).toEqual({
      result: { success: true, response_status: 201, response_body: 'thanks' },
    });
    const event = { entity: 'MODEL_VERSION_TAG', action: 'SET' };
    receiver.reply = () => ({ status: 404, body: 'who?' });
    expect((await server.call('POST', `${api}/${webhook_id}/test`, { event })).body).toEqual({
      result: { success: false, response_status: 404, response_body: 'who?' },
    });
    expect(receiver.received.every((got) => isSigned(got, 's'))).toBe(true);
    expect(receiver.received.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      {
        entity: 'registered_model',
        action: 'created',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/),
        data: {
          name: 'example_model',
          tags: { example_key: 'example_value' },
          description: 'An example registered model',
        },
      },
      {
        entity: 'model_version_tag',
        action: 'set',
        timestamp: expect.any(String),
        data: { name: 'example_model', version: '1', key: 'example_key', value: 'example_value' },
      },
    ]);
  });

  test('says why there was no answer', async () => {
    const { webhook_id } = await create();
    await receiver.close();
    expect((await server.call('POST', `${api}/${webhook_id}/test`, {})).body).toEqual({
      result: { success: false, error_message: 'Failed to test webhook: the connection was refused' },
    });
    receiver = await startReceiver();
  });

  test('of an event that cannot happen is refused', async () => {
    const { webhook_id } = await create();
    const event = { entity: 'PROMPT', action: 'DELETED' };
    expect((await refused('POST', `${api}/${webhook_id}/test`, { event }))[0]).toBe(400);
  });
});

describe('what happens in the registry', () => {
  const everything = [
    ['REGISTERED_MODEL', 'CREATED'],
    ['MODEL_VERSION', 'CREATED'],
    ['MODEL_VERSION_TAG', 'SET'],
    ['MODEL_VERSION_TAG', 'DELETED'],
    ['MODEL_VERSION_ALIAS', 'CREATED'],
    ['MODEL_VERSION_ALIAS', 'DELETED'],
    ['PROMPT', 'CREATED'],
    ['PROMPT_VERSION', 'CREATED'],
    ['PROMPT_TAG', 'SET'],
    ['PROMPT_TAG', 'DELETED'],
    ['PROMPT_VERSION_TAG', 'SET'],
    ['PROMPT_VERSION_TAG', 'DELETED'],
    ['PROMPT_ALIAS', 'CREATED'],
    ['PROMPT_ALIAS', 'DELETED'],
  ].map(([entity, action]) => ({ entity, action }));

  /** Does one thing after the other, each told before the next. */
  async function heard(
    name: string,
    tags: object[],
    source: string,
    versionTags: object[],
  ): Promise<unknown[]> {
    const mlflow = async (method: string, path: string, body: object) => {
      expect((await server.call(method, `/api/2.0/mlflow/${path}`, body)).status).toBe(200);
      await server.drain();
    };
    await mlflow('POST', 'registered-models/create', { name, description: 'd', tags });
    await mlflow('POST', 'model-versions/create', { name, source, tags: versionTags });
    const alias = { name, alias: 'champion' };
    await mlflow('POST', 'registered-models/alias', { ...alias, version: '1' });
    await mlflow('DELETE', 'registered-models/alias', alias);
    const { modelId } = await changeModel(server.ctx, name, (root) => ({
      type: 'model.tag-set',
      subject: { key: 'k' },
      root: { ...root, tags: { ...root.tags, k: 'of the model' } },
    }));
    await server.drain();
    await changeModel(server.ctx, name, (root) => {
      const { k: _, ...rest } = root.tags;
      return { type: 'model.tag-deleted', subject: { key: 'k' }, root: { ...root, tags: rest } };
    });
    await server.drain();
    await changeVersion(server.ctx, modelId, 1, (version) => ({
      type: 'version.tag-set',
      subject: { key: 'k' },
      version: { ...version, tags: { ...version.tags, k: 'of the version' } },
    }));
    await server.drain();
    await changeVersion(server.ctx, modelId, 1, (version) => {
      const { k: _, ...rest } = version.tags;
      return { type: 'version.tag-deleted', subject: { key: 'k' }, version: { ...version, tags: rest } };
    });
    await server.drain();
    return receiver.received.map(({ text }) => {
      const { entity, action, data } = JSON.parse(text) as JsonObject;
      return [`${String(entity)}.${String(action)}`, data];
    });
  }

  test('to a model is told as MLflow tells it', async () => {
    await create({ events: everything });
    const name = 'told model';
    const of = { name, version: '1' };
    expect(await heard(name, [{ key: 'a', value: 'b' }], 'mlflow-artifacts:/x', [])).toEqual([
      ['registered_model.created', { name, tags: { a: 'b' }, description: 'd' }],
      [
        'model_version.created',
        { ...of, source: 'mlflow-artifacts:/x', run_id: null, tags: {}, description: null },
      ],
      ['model_version_alias.created', { ...of, alias: 'champion' }],
      ['model_version_alias.deleted', { name, alias: 'champion' }],
      ['model_version_tag.set', { ...of, key: 'k', value: 'of the version' }],
      ['model_version_tag.deleted', { ...of, key: 'k' }],
    ]);
  });

  test('to a prompt is told as of a prompt, without the tags that make it one', async () => {
    await create({ events: everything });
    const name = 'told prompt';
    const of = { name, version: '1' };
    const isPrompt = { key: 'mlflow.prompt.is_prompt', value: 'true' };
    const versionTags = [
      isPrompt,
      { key: 'mlflow.prompt.text', value: 'Hello {{who}}' },
      { key: '_mlflow_prompt_type', value: 'text' },
      { key: 'lang', value: 'en' },
    ];
    expect(await heard(name, [isPrompt, { key: 'a', value: 'b' }], 'dummy-source', versionTags)).toEqual([
      ['prompt.created', { name, tags: { a: 'b' }, description: 'd' }],
      [
        'prompt_version.created',
        { ...of, template: 'Hello {{who}}', tags: { lang: 'en' }, description: null },
      ],
      ['prompt_alias.created', { ...of, alias: 'champion' }],
      ['prompt_alias.deleted', { name, alias: 'champion' }],
      ['prompt_tag.set', { name, key: 'k', value: 'of the model' }],
      ['prompt_tag.deleted', { name, key: 'k' }],
      ['prompt_version_tag.set', { ...of, key: 'k', value: 'of the version' }],
      ['prompt_version_tag.deleted', { ...of, key: 'k' }],
    ]);
  });

  test('is told to each webhook that listens, and logged, with what was sent', async () => {
    const one = await create();
    const two = await create({ url: `${receiver.url}/two` });
    receiver.reply = ({ path }) => ({ status: path === '/two' ? 400 : 200 });
    for (const name of ['logged 1', 'logged 2', 'logged 3'])
      await server.call('POST', '/api/2.0/mlflow/registered-models/create', { name });
    await server.drain();
    expect(receiver.received).toHaveLength(6);
    const path = `/api/v1/webhooks/${two.webhook_id}/deliveries`;
    const listed = await eventually(async () => {
      const first = await server.call('GET', `${path}?max_results=2`);
      const token = String(first.body['next_page_token']);
      const second = await server.call('GET', `${path}?max_results=2&page_token=${token}`);
      const all = [...items(first.body['deliveries']), ...items(second.body['deliveries'])];
      expect(all.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
      expect(second.body['next_page_token']).toBeUndefined();
      return all;
    });
    expect(listed.map((each) => String(each['body']?.['data']?.['name'])).toSorted()).toEqual([
      'logged 1',
      'logged 2',
      'logged 3',
    ]);
    const [delivery] = listed;
    const sent = receiver.received.find(
      ({ headers }) => headers['x-mlflow-delivery-id'] === String(delivery?.['delivery_id']),
    );
    expect(delivery).toEqual({
      delivery_id: sent?.headers['x-mlflow-delivery-id'],
      event: created[0],
      status: 'failed',
      reason: 'the receiver answered 400',
      attempts: [
        {
          at: expect.any(Number),
          status_code: 400,
          error: 'the receiver answered 400',
          milliseconds: expect.any(Number),
        },
      ],
      created_at: expect.any(Number),
      body: JSON.parse(sent?.text ?? ''),
    });
    receiver.reply = () => ({ status: 200 });
    const again = `${path}/${String(delivery?.['delivery_id'])}/redeliver`;
    expect(await server.call('POST', again, {})).toMatchObject({ status: 202, body: { status: 'pending' } });
    await server.drain();
    expect(receiver.received).toHaveLength(7);
    expect(receiver.received[6]?.text).toBe(sent?.text);
    const states = (await deliveriesOf(server.ctx, two.webhook_id)).map(({ state }) => state.status);
    expect(states.toSorted()).toEqual(['delivered', 'failed', 'failed']);
    expect((await server.call('POST', `${path}/none/redeliver`, {})).status).toBe(404);
    expect((await deliveriesOf(server.ctx, one.webhook_id)).map(({ state }) => state.status)).toEqual(
      Array(3).fill('delivered'),
    );
  });
});

test('the timer sees to it that lost deliveries are looked for', async () => {
  const silent = () => {};
  const invocation = {
    invocationId: 'test',
    info: silent,
    warn: silent,
    error: silent,
  } as unknown as InvocationContext;
  await tick({} as Timer, invocation);
  const [agenda] = await server.ctx.stores
    .documents('jobs')
    .query<{ entries: Record<string, AgendaEntry> }>(
      { text: "SELECT c.entries FROM c WHERE c.id = 'agenda'" },
      { key: ['agenda'], consistency: 'strong' },
    );
  const lost = sure(agenda?.entries['lost']);
  expect(lost).toMatchObject({ everySeconds: 600, message: { kind: 'sweep-lost' } });
  await expect(work(lost.message, invocation)).resolves.toBeUndefined();
});

function encoded(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) || '%20' : 'x';
}
