import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createModel } from '../../shared/registry/index.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { deliveriesOf, permitLocalTargets, type Receiver, startReceiver, sure } from './support.ts';

const api = '/api/2.0/mlflow/webhooks';
const key = 'dG9waWM+a2V5/w==';

let forbidLocalTargets: () => void;
let server: TestServer;
let receiver: Receiver;
let names = 0;
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
afterEach(() => receiver.close());

async function create(fields: object): Promise<{ status: number; id: string; body: JsonObject }> {
  const { status, body } = await server.call('POST', api, {
    name: `hook-${++names}`,
    url: receiver.url,
    events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
    ...fields,
  });
  return { status, id: String(body['webhook']?.['webhook_id']), body };
}
const patch = (id: string, change: object) => server.call('PATCH', `${api}/${id}`, change);
const deliverOne = async (id: string) => {
  await createModel(server.ctx, { name: `model-${++names}` });
  await server.drain();
  return sure((await deliveriesOf(server.ctx, id)).at(-1));
};

describe('the format of a webhook', () => {
  test('is chosen when it is made or later, and shown where it is not our own', async () => {
    const { id, body } = await create({});
    expect(body['webhook']).not.toHaveProperty('format');
    expect((await patch(id, { format: 'slack' })).body['webhook']).toMatchObject({ format: 'slack' });
    expect((await patch(id, { name: 'other' })).body['webhook']).toMatchObject({ format: 'slack' });
    expect((await patch(id, { format: 'cairn' })).body['webhook']).not.toHaveProperty('format');
    const refused = await create({ format: 'carrier-pigeon' });
    expect([refused.status, refused.body['error_code']]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    await server.call('DELETE', `${api}/${id}`);
  });

  test('of Slack and Teams is what a delivery and a test send, with no signature', async () => {
    const { id } = await create({ format: 'slack', secret: 'unused' });
    expect((await deliverOne(id)).state).toEqual({ status: 'delivered' });
    await patch(id, { format: 'teams' });
    expect((await server.call('POST', `${api}/${id}/test`, {})).body['result']).toMatchObject({
      success: true,
    });
    const [slack, teams] = receiver.received.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
    expect(Object.keys(sure(slack))).toEqual(['text', 'blocks']);
    expect(sure(teams)['type']).toBe('message');
    const headers = receiver.received.flatMap((each) => Object.keys(each.headers));
    expect(headers.filter((name) => /mlflow|aeg/.test(name))).toEqual([]);
    await server.call('DELETE', `${api}/${id}`);
  });

  test('of Event Grid needs the key of a topic, which goes into a header and nowhere else', async () => {
    const without = await create({ format: 'event-grid' });
    expect([without.status, without.body['message']]).toEqual([400, expect.stringContaining('access key')]);
    const broken = await create({ format: 'event-grid', secret: 'two\r\nlines' });
    expect(broken.status).toBe(400);
    expect(JSON.stringify(broken.body)).not.toContain('two');

    const { id } = await create({ format: 'event-grid', secret: key });
    receiver.reply = ({ headers }) => ({ status: 401, body: `not ${String(headers['aeg-sas-key'])}` });
    const { body } = await server.call('POST', `${api}/${id}/test`, {});
    expect(body['result']).toEqual({ success: false, response_status: 401, response_body: 'not ***' });
    receiver.reply = () => ({ status: 200 });
    const delivery = await deliverOne(id);
    expect(delivery.state).toEqual({ status: 'delivered' });
    const received = sure(receiver.received.at(-1));
    expect(received.path).toBe('/?api-version=2018-01-01');
    expect(received.headers['aeg-sas-key']).toBe(key);
    expect(received.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
    const [event] = JSON.parse(received.text) as Record<string, unknown>[];
    expect(event).toMatchObject({
      specversion: '1.0',
      id: delivery.deliveryId,
      type: 'cairn.registered_model.created',
    });
    const shown = await server.call('GET', `/api/v1/webhooks/${id}/deliveries`);
    expect(JSON.stringify([shown.body, server.logged])).not.toContain(key);

    const refused = await patch(id, { secret: '' });
    expect([refused.status, refused.body['message']]).toEqual([400, expect.stringContaining('access key')]);
    expect((await patch(id, { secret: '', format: 'cairn' })).status).toBe(200);
    await server.call('DELETE', `${api}/${id}`);
  });

  test.each([
    [202, 'delivered'],
    [400, 'failed'],
    [404, 'failed'],
    [413, 'failed'],
    [429, 'pending'],
    [503, 'pending'],
  ])('leaves what is tried again as it is: after %i a delivery is %s', async (status, state) => {
    const { id } = await create({ format: 'teams' });
    receiver.reply = () => ({ status });
    expect((await deliverOne(id)).state.status).toBe(state);
    await server.call('DELETE', `${api}/${id}`);
  });
});
