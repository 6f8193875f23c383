import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setModelTag } from '../../shared/registry/index.ts';
import { deploy } from '../serving/support.ts';
import { type TestServer } from '../support/server.ts';
import { keyedServer, peopleModel, putPolicy } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await keyedServer();
  await deploy(server, 'people', peopleModel());
});
afterAll(() => server.close());

const path = (name: string) => `/api/v1/endpoints/${name}/data-policy`;
const put = (name: string, body: Record<string, unknown>) =>
  server.call('PUT', path(name), { purpose: 'tests', ...body });

async function putIf(name: string, ifMatch: string, body: Record<string, unknown>): Promise<number> {
  const { status } = await server.fetch(path(name), {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'if-match': ifMatch },
    body: JSON.stringify({ purpose: 'tests', ...body }),
  });
  return status;
}

async function eventsOf(endpoint: string): Promise<unknown[]> {
  return server.ctx.stores.documents('endpoints').query(
    {
      text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
      values: { aggregate: `endpoint/${endpoint}` },
    },
    { key: ['default'], consistency: 'strong' },
  );
}

describe('the data policy of an endpoint', () => {
  test('is absent at first, kept as it was given, and versioned by its etag', async () => {
    expect(await server.call('GET', path('people'))).toEqual({
      status: 200,
      body: {
        endpoint: 'people',
        version: 0,
        purpose: null,
        retention_days: null,
        pii: {},
        subject_key: null,
        changed_at: null,
        changed_by: null,
      },
    });
    expect((await server.fetch(path('people'))).headers.get('etag')).toBe('"0"');
    expect(await putIf('people', '"1"', { pii: {} })).toBe(409);
    expect(await putPolicy(server, 'people', { pii: { age: 'mask' }, subject_key: 'person' })).toMatchObject({
      endpoint: 'people',
      version: 1,
      purpose: 'tests',
      retention_days: 400,
      pii: { age: 'mask' },
      subject_key: 'person',
      changed_by: 'local',
    });
    const response = await server.fetch(path('people'));
    expect(response.headers.get('etag')).toBe('"1"');
    expect(await putIf('people', '"2"', { pii: {} })).toBe(409);
    expect(await putIf('people', '"0"', { pii: {} })).toBe(409);
    expect(await putIf('people', 'nonsense', { pii: {} })).toBe(409);
    expect(await putIf('people', '"1"', { retention_days: 90 })).toBe(200);
    expect(await putIf('people', '"1"', { retention_days: 30 })).toBe(409);
    expect(await putIf('people', '*', { retention_days: 60 })).toBe(200);
    expect((await server.call('GET', path('people'))).body).toMatchObject({ version: 3, retention_days: 60 });
    const changes = (await eventsOf('people')).filter(
      (event) => (event as { type: string }).type === 'endpoint.changed',
    );
    expect(changes).toHaveLength(3);
    expect(changes[0]).toMatchObject({
      before: expect.any(String),
      after: expect.any(String),
      subject: { purpose: 'tests', retentionDays: '400', masked: 'age', subjectKey: 'person' },
    });
    expect(changes[1]).toMatchObject({ subject: { retentionDays: '90', masked: '', subjectKey: '' } });
    expect(changes[1]).not.toHaveProperty('subject.purpose');
  });

  test('is not overwritten by two at once that read the same', async () => {
    await deploy(server, 'contended', peopleModel());
    await putPolicy(server, 'contended', {});
    const statuses = await Promise.all(
      Array.from({ length: 5 }, (_, i) => putIf('contended', '"1"', { retention_days: 10 + i })),
    );
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
  });

  test.each([
    ['pii', { pii: { salary: 'mask' } }, "no column 'salary'"],
    ['subject_key', { subject_key: 'value' }, "no column 'value'"],
    ['pii', { pii: { person: 'mask' }, subject_key: 'person' }, 'always hashed'],
    ['pii.age', { pii: { age: 'drop' } }, "'mask' or 'hash'"],
    ['retention_days', { retention_days: 0 }, 'at least 1'],
    ['retention_days', { retention_days: 1.5 }, 'whole'],
    ['retention_days', { retention_days: 4000 }, 'CAIRN_RETENTION_DAYS_MAX'],
    ['purpose', { purpose: '  ' }, 'kept for'],
    ['owner', { owner: 'me' }, 'Unknown field'],
  ])('names %s where %j cannot be', async (field, body, message) => {
    const answer = await put('people', body);
    expect(answer).toMatchObject({ status: 400, body: { field, detail: expect.stringContaining(message) } });
  });

  test('takes outputs, whole inputs, and names with their side', async () => {
    await deploy(server, 'sided', peopleModel());
    expect(
      await put('sided', { pii: { 'in.person': 'hash', value: 'mask', 'out.value': 'mask' } }),
    ).toMatchObject({
      status: 200,
    });
  });

  test('does not exist for an endpoint that does not', async () => {
    expect((await put('nobody', {})).status).toBe(404);
    expect((await server.call('GET', path('nobody'))).status).toBe(404);
  });

  test('keeps the logs of a high-risk system for six months, naming the rule', async () => {
    await deploy(server, 'risky', peopleModel());
    await setModelTag(server.ctx, 'risky', { key: 'risk', value: 'high' });
    const short = await put('risky', { retention_days: 182 });
    expect(short).toMatchObject({
      status: 400,
      body: { field: 'retention_days', detail: expect.stringContaining('EU AI Act') },
    });
    expect((await put('risky', { retention_days: 183 })).status).toBe(200);
  });
});

describe('keys to hash by', () => {
  test('are rotated by an admin with a reason, and listed without their bytes', async () => {
    expect((await server.call('POST', '/api/v1/hash-keys', {})).status).toBe(400);
    const { status, body } = await server.call('POST', '/api/v1/hash-keys', { reason: 'yearly' });
    expect(status).toBe(201);
    const listed = (await server.call('GET', '/api/v1/hash-keys')).body['hash_keys'];
    expect(listed).toContainEqual(body);
    expect(Object.keys(body)).toEqual(['key_id', 'created_at']);
  });
});
