import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erase } from '../../shared/erasure/index.ts';
import { deploy } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import type { TestServer } from '../support/server.ts';
import { askAbout, at, keyedServer, peopleModel, placesOf, putPolicy } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await keyedServer();
  await deploy(server, 'people', peopleModel());
  await putPolicy(server, 'people', { subject_key: 'person', pii: { age: 'mask' } });
});
afterAll(() => server.close());

const ask = (body: Record<string, unknown>) =>
  server.call('POST', '/api/v1/erasure', {
    subject: { column: 'person', value: 'Ann' },
    reason: 'they asked',
    ...body,
  });

const settled = () => at(server.ctx, Date.now() + 61_000);

describe('POST /api/v1/erasure', () => {
  test('is taken with 202, done in the background, and reported without the person', async () => {
    await askAbout(server.ctx, 'people', [
      { person: 'Annegret', age: 1n, amount: 1 },
      { person: 'Bob', age: 1n, amount: 2 },
    ]);
    const subject = { column: 'person', value: 'Annegret' };
    const dry = await ask({ subject, endpoint: 'people', dry_run: true });
    await erase(settled(), { jobId: String(dry.body['id']) });
    const { body: counted } = await server.call('GET', `/api/v1/erasure/${String(dry.body['id'])}`);
    expect(counted).toMatchObject({
      counts: { parts_read: 1, parts_found: 1, parts_rewritten: 0, rows: 1 },
      endpoints: [{ parts_found: 1, parts_rewritten: 0 }],
    });
    const { status, body } = await ask({ subject, endpoint: 'people' });
    expect({ status, body }).toMatchObject({
      status: 202,
      body: {
        status: 'waiting',
        endpoint: 'people',
        column: 'person',
        dry_run: false,
        requested_by: 'local',
      },
    });
    const again = await ask({ subject, endpoint: 'people' });
    expect(again.body['id']).toEqual(body['id']);
    const id = String(body['id']);
    await erase(settled(), { jobId: id });
    const report = await server.call('GET', `/api/v1/erasure/${id}`);
    expect(report.body).toMatchObject({
      status: 'finished',
      blocked_by: null,
      endpoints_left: 0,
      counts: { parts_read: 1, parts_found: 1, parts_rewritten: 1, rows: 1, labels: 0 },
      endpoints: [{ endpoint: 'people', rows: 1, hours: 1 }],
      not_covered: [],
      covers_until: body['requested_at'],
    });
    expect(JSON.stringify(report.body)).not.toContain('hashed:');
    expect(await placesOf(server.ctx, 'Annegret')).toEqual([]);
    await eventually(async () => {
      const listed = await server.call('GET', '/api/v1/erasure?max_results=1');
      expect(listed.body['erasures']).toEqual([report.body]);
    });
  });

  test.each([
    ['subject', { subject: undefined }],
    ['subject.value', { subject: { column: 'person', value: '' } }],
    ['subject.value', { subject: { column: 'person', value: true } }],
    ['subject.value', { subject: { column: 'person', value: { $ne: null } } }],
    ['subject.value', { subject: { column: 'person', value: 2 ** 60 } }],
    ['subject.value', { subject: { column: 'person', value: 'x'.repeat(1001) } }],
    ['subject.column', { subject: { value: 'Ann' } }],
    ['subject.column', { endpoint: 'people', subject: { column: 'nobody', value: 'Ann' } }],
    ['subject.column', { endpoint: 'people', subject: { column: 'age', value: 1 } }],
    ['reason', { reason: '' }],
    ['dry_run', { dry_run: 'yes' }],
    ['jobId', { jobId: 'mine' }],
  ])('names %s where the request cannot be', async (field, body) => {
    expect(await ask(body)).toMatchObject({ status: 400, body: { field } });
  });

  test('of an endpoint or a job that there is none of is 404', async () => {
    expect((await ask({ endpoint: 'nobody' })).status).toBe(404);
    for (const id of ['nothing', 'agenda', 'a/b', '..', '%00'])
      expect((await server.call('GET', `/api/v1/erasure/${encodeURIComponent(id)}`)).status).toBe(404);
  });

  test('with a page token of another list is refused', async () => {
    expect((await server.call('GET', '/api/v1/erasure?page_token=x')).status).toBe(400);
    expect((await server.call('GET', '/api/v1/erasure?max_results=0')).status).toBe(400);
  });

  test('of another workspace is not seen', async () => {
    const { body } = await ask({ endpoint: 'people', dry_run: true });
    const response = await server.fetch(`/api/v1/erasure/${String(body['id'])}`, {
      headers: { 'x-mlflow-workspace': 'other' },
    });
    expect(response.status).toBe(404);
  });
});

describe('/api/v1/holds', () => {
  test('are placed, listed without the person, keep rows with 409, and are released once', async () => {
    const { status, body } = await server.call('POST', '/api/v1/holds', {
      endpoint: 'people',
      subject: { column: 'person', value: 'Held' },
      reason: 'case 1',
    });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { endpoint: 'people', subject: { column: 'person' }, reason: 'case 1', placed_by: 'local' },
    });
    const listed = await server.call('GET', '/api/v1/holds');
    expect(listed.body['holds']).toEqual([body]);
    expect(JSON.stringify(listed.body)).not.toMatch(/Held|hashed:/);
    const held = await ask({ subject: { column: 'person', value: 'Held' } });
    expect(held).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(String(body['id'])) },
    });
    const path = `/api/v1/holds/${String(body['id'])}`;
    expect((await server.call('DELETE', path, { reason: 'closed' })).status).toBe(200);
    expect((await server.call('DELETE', path)).status).toBe(404);
    const events = await server.ctx.stores.documents('endpoints').query<{ seq: number }>(
      {
        text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND c.event.aggregate = @aggregate",
        values: { aggregate: `hold/${String(body['id'])}` },
      },
      { key: ['default'], consistency: 'strong' },
    );
    expect(events.toSorted((a, b) => a.seq - b.seq)).toMatchObject([
      { type: 'hold.placed', seq: 1, reason: 'case 1' },
      { type: 'hold.released', seq: 2, reason: 'closed' },
    ]);
    expect(await placesOf(server.ctx, 'Held')).toEqual([]);
  });

  test('placed at once are all kept', async () => {
    const place = () => server.call('POST', '/api/v1/holds', { endpoint: 'people', reason: 'case 2' });
    const placed = await Promise.all(Array.from({ length: 5 }, place));
    const ids = placed.map(({ body }) => body['id']);
    const listed = (await server.call('GET', '/api/v1/holds')).body['holds'] as unknown as { id: string }[];
    expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.map(String).toSorted());
    for (const id of ids) await server.call('DELETE', `/api/v1/holds/${String(id)}`);
  });

  test.each([
    [400, { reason: 'why' }],
    [400, { endpoint: 'people' }],
    [404, { endpoint: 'nobody', reason: 'why' }],
    [400, { subject: { column: 'person' }, reason: 'why' }],
    [400, { endpoint: 'people', reason: 'why', until: 1 }],
  ])('are refused with %i for %j', async (status, body) => {
    expect((await server.call('POST', '/api/v1/holds', body)).status).toBe(status);
  });
});
