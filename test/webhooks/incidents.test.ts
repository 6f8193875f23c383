import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { watchAlerts } from '../../shared/alerts/index.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { deliverWebhook, notifyWebhooks, webhookFormats } from '../../shared/webhooks/index.ts';
import { keepIncident, keepResult, type Said } from '../alerts/support.ts';
import { at, classifier, deploy, hour } from '../monitoring/support.ts';
import { eventually } from '../support/eventually.ts';
import { items, type JsonObject, type TestServer, testServer } from '../support/server.ts';
import { deliveriesOf, isSigned, permitLocalTargets, type Receiver, startReceiver, sure } from './support.ts';

const api = '/api/2.0/mlflow/webhooks';
const incidents = ['OPENED', 'UPDATED', 'RESOLVED'].map((action) => ({ entity: 'INCIDENT', action }));
const secret = 'between-two';
/** Windows end after webhooks were made, since these are told of nothing from before. */
const start = Math.ceil(Date.now() / hour) * hour;
const ended = (window: number) => new Date(start + window * hour).toISOString();

let forbidLocalTargets: () => void;
let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  forbidLocalTargets = permitLocalTargets();
  server = await testServer();
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.received.length = 0;
  receiver.reply = () => ({ status: 200 });
});
afterAll(async () => {
  await server.close();
  await receiver.close();
  forbidLocalTargets();
});

async function hook(name: string, fields: object = {}): Promise<string> {
  const url = `${receiver.url}/${name}`;
  const input = { name, url, events: [], monitoring_events: incidents, ...fields };
  const { status, body } = await server.call('POST', api, input);
  expect([status, body]).toEqual([200, expect.anything()]);
  return String(body['webhook']?.['webhook_id']);
}
const remove = async (ids: readonly string[]) => {
  for (const id of ids) await server.call('DELETE', `${api}/${id}`);
};

/** Lets a monitor look at a window that said so, a minute after its end. */
async function looked(monitor: string, window: number, said: Said): Promise<void> {
  const windowEnd = start + window * hour;
  await keepResult(server.ctx, monitor, windowEnd, said);
  await watchAlerts(at(server.ctx, windowEnd + 60_000), {
    subject: { monitorId: monitor },
  } as unknown as CairnEvent);
}
const bad = { performance: 'breached', 'feature-drift': 'ok' } as const;
const worse = { performance: 'breached', 'feature-drift': 'breached' } as const;
const good = { performance: 'ok', 'feature-drift': 'ok' } as const;

/** What came at an address, as JSON. */
const came = (name: string) =>
  receiver.received
    .filter(({ path }) => path.startsWith(`/${name}`))
    .map(({ text }) => JSON.parse(text) as JsonObject);

describe('an incident', () => {
  test('is told as it opens, grows and is over, in each format, of one matter', async () => {
    const ids = [];
    for (const format of webhookFormats) ids.push(await hook(format, { format, secret }));
    await deploy(server, server.ctx, 'iris', classifier([1, 1, 1]));
    for (const [window, said] of [bad, bad, worse, worse, good, good, good].entries()) {
      await looked('iris', window, said);
      await server.drain();
    }
    const [opened, updated, resolved, ...more] = came('cairn');
    expect(more).toEqual([]);
    expect(opened).toEqual({
      entity: 'incident',
      action: 'opened',
      timestamp: expect.any(String),
      data: {
        ...{ incident: 'iris-1', monitor: 'iris', endpoint: 'iris', severity: 'critical' },
        title: 'iris: accuracy',
        text: `Accuracy (critical since ${ended(1)}, version 3): accuracy 0.71, bound at least 0.9.`,
        ...{ signals: ['performance'], versions: [3], opened_at: expect.any(Number), resolved_at: null },
        why: 'accuracy 0.71, bound at least 0.9, version 3',
        link: '/#/incidents/iris-1',
      },
    });
    expect(updated).toMatchObject({
      action: 'updated',
      data: {
        title: 'iris: accuracy and feature drift',
        signals: ['performance', 'feature-drift'],
        why: 'feature drift: drifted share 0.5, bound at most 0.3, version 3',
      },
    });
    expect(resolved).toMatchObject({ action: 'resolved', data: { resolved_at: expect.any(Number) } });
    const over = String(resolved?.['data']?.['text']);
    expect(over).toMatch(/^Resolved at \S+Z\. Accuracy/);
    expect(over).toContain(
      `Accuracy (resolved since ${ended(6)}, version 3): accuracy 0.99, bound at least 0.9. Feature drift`,
    );
    expect(String(resolved?.['data']?.['why'])).toMatch(/None of its alerts fires any more\.$/);
    const signed = receiver.received.filter((each) => isSigned(each, secret)).map(({ path }) => path);
    expect([...new Set(signed)].toSorted()).toEqual(['/azure-monitor', '/cairn']);

    const essentials = came('azure-monitor').map((body) => body['data']?.['essentials']);
    expect(essentials).toEqual(
      ['Fired', 'Fired', 'Resolved'].map((condition) =>
        expect.objectContaining({
          ...{ alertId: '/cairn/default/incident/iris/iris-1', monitorCondition: condition },
          ...{ alertRule: 'iris', severity: 'Sev0' },
        }),
      ),
    );
    const { resolvedDateTime } = essentials[2] as unknown as { resolvedDateTime: string };
    expect(Date.parse(resolvedDateTime)).toBe(resolved?.['data']?.['resolved_at']);
    const events = came('event-grid').flatMap((batch) => items(batch));
    expect(events.map(({ type, subject }) => `${String(type)} ${String(subject)}`)).toEqual([
      'cairn.incident.opened default/incident/iris/iris-1',
      'cairn.incident.updated default/incident/iris/iris-1',
      'cairn.incident.resolved default/incident/iris/iris-1',
    ]);
    const headers = came('slack').map((body) => String(items(body['blocks'])[0]?.['text']?.['text']));
    expect(headers).toEqual([
      '🔴 iris: accuracy',
      '🔴 iris: accuracy and feature drift',
      '✅ iris: accuracy and feature drift',
    ]);
    const cards = came('teams').map((body) => items(body['attachments'])[0]?.['content']);
    expect(cards.map((card) => String(items(card?.['body'])[0]?.['color']))).toEqual([
      'attention',
      'attention',
      'good',
    ]);
    expect(String(items(cards[0]?.['actions'])[0]?.['url'])).toMatch(/\/#\/incidents\/iris-1$/);
    await remove(ids);
  }, 60_000);

  const event = (monitorId: string, more: Partial<CairnEvent> = {}, subject: object = {}): CairnEvent => ({
    ...{ type: 'incident.opened', aggregate: `incident/${monitorId}/1`, seq: 1, actor: 'cairn' },
    ...{ requestId: 'r', traceparent: '', at: Date.now() },
    ...more,
    subject: { monitorId, endpoint: monitorId, incident: '1', ...subject },
  });

  test('that silences keep from being told, or that is gone, is not', async () => {
    const id = await hook('quiet');
    await keepIncident(server.ctx, 'oak', 'oak');
    await notifyWebhooks(server.ctx, event('oak', {}, { told: 'false' }));
    await notifyWebhooks(server.ctx, event('nobody'));
    expect(await deliveriesOf(server.ctx, id)).toEqual([]);
    await notifyWebhooks(server.ctx, event('oak', {}, { told: 'true' }));
    await notifyWebhooks(server.ctx, event('oak', {}, { told: 'true' }));
    expect(await deliveriesOf(server.ctx, id)).toHaveLength(1);
    await remove([id]);
  });

  test('that is over when it is told late is told to be over, and so is what is sent again', async () => {
    const { ctx } = server;
    const ids = [await hook('late'), await hook('azure', { format: 'azure-monitor' })];
    const [id = ''] = ids;
    await deploy(server, ctx, 'late', classifier([1, 1, 1]));
    receiver.reply = () => ({ status: 503 });
    await looked('late', 0, bad);
    await looked('late', 1, bad);
    await server.drain();
    const [delivery] = await deliveriesOf(ctx, id);
    expect(delivery).toMatchObject({ state: { status: 'pending' }, body: { data: { resolved_at: null } } });
    for (const window of [2, 3, 4]) await looked('late', window, good);
    receiver.reply = () => ({ status: 200 });
    receiver.received.length = 0;
    for (const webhookId of ids)
      for (const { deliveryId } of await deliveriesOf(ctx, webhookId))
        await deliverWebhook(at(ctx, Date.now() + hour), { kind: 'webhook-deliver', webhookId, deliveryId });
    const [told] = came('late');
    expect(told).toMatchObject({ action: 'opened', data: { resolved_at: expect.any(Number) } });
    expect(String(told?.['data']?.['text'])).toMatch(/^Resolved at /);
    expect(came('azure').map((body) => String(body['data']?.['essentials']?.['monitorCondition']))).toEqual([
      'Resolved',
    ]);
    await server.drain();
    await remove(ids);
  }, 60_000);
});

describe('the channels of a monitor', () => {
  const put = (channels: unknown) => server.call('PUT', '/api/v1/monitors/elm', { alerting: { channels } });

  test('are told and nobody else, or all where it names none', async () => {
    const ids = [await hook('mine'), await hook('others')];
    await deploy(server, server.ctx, 'elm', classifier([1, 1, 1]));
    const told = async (number: number) => {
      receiver.received.length = 0;
      await keepIncident(server.ctx, 'elm', 'elm', { number });
      await notifyWebhooks(server.ctx, {
        ...{ type: 'incident.opened', aggregate: `incident/elm/${number}`, seq: 1, actor: 'cairn' },
        ...{ requestId: 'r', traceparent: '', at: Date.now() },
        subject: { monitorId: 'elm', endpoint: 'elm', incident: String(number) },
      });
      await server.drain();
      return receiver.received.map(({ path }) => path).toSorted();
    };
    expect(await told(1)).toEqual(['/mine', '/others']);
    expect(await put([ids[0]])).toMatchObject({ status: 200, body: { alerting: { channels: [ids[0]] } } });
    expect(await told(2)).toEqual(['/mine']);
    expect((await put([])).status).toBe(200);
    expect(await told(3)).toEqual([]);
    expect((await put(null)).status).toBe(200);
    expect(await told(4)).toEqual(['/mine', '/others']);
    await remove(ids);
  }, 60_000);

  test('must be webhooks that listen to incidents', async () => {
    const deaf = await hook('deaf', {
      events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
      monitoring_events: [],
    });
    const listening = await hook('listening');
    for (const [channels, field, detail] of [
      [['nobody'], 'alerting.channels[0]', "There is no webhook 'nobody'"],
      [[listening, deaf], 'alerting.channels[1]', 'listens to no incidents'],
      [[listening, ''], 'alerting.channels[1]', 'parameter'],
      ['all', 'alerting.channels', 'a list'],
      [Array.from({ length: 21 }, () => listening), 'alerting.channels', 'at most 20'],
    ] as const) {
      const { status, body } = await put(channels);
      expect([status, String(body['field'])]).toEqual([400, field]);
      expect(String(body['detail'])).toContain(detail);
    }
    await remove([deaf, listening]);
  });
});

describe("MLflow's webhooks API", () => {
  test('shows the events of incidents apart, keeps them, and sends an example', async () => {
    const id = await hook('alone');
    const names = async (query: string) =>
      items((await server.call('GET', `${api}${query}`)).body['webhooks']).map(({ name }) => String(name));
    await eventually(async () => expect(await names('?with_monitoring=true')).toContain('alone'));
    expect(await names('?with_rollouts=true&with_batch=true')).not.toContain('alone');
    const patch = async (fields: object) =>
      (await server.call('PATCH', `${api}/${id}`, fields)).body['webhook'];
    const created = [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }];
    expect(await patch({ events: created })).toMatchObject({ events: created, monitoring_events: incidents });
    expect(await patch({ monitoring_events: incidents.slice(0, 1) })).toMatchObject({
      events: [],
      monitoring_events: incidents.slice(0, 1),
    });
    const { status } = await server.call('PATCH', `${api}/${id}`, {
      monitoring_events: [{ entity: 'INCIDENT', action: 'DELETED' }],
    });
    expect(status).toBe(400);
    const { body } = await server.call('POST', `${api}/${id}/test`, {});
    expect(body['result']).toMatchObject({ success: true });
    expect(JSON.parse(sure(receiver.received.at(-1)).text)).toMatchObject({
      entity: 'incident',
      action: 'opened',
      data: { incident: 'example-monitor-1', link: '/#/incidents/example-monitor-1' },
    });
    await remove([id]);
  });
});
