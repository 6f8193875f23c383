import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { createModel } from '../../shared/registry/index.ts';
import {
  createWebhook,
  deleteWebhook,
  deliverWebhook,
  type Delivery,
  type DeliveryMessage,
  notifyWebhooks,
  redeliver,
  sweepWebhooks,
  updateWebhook,
  type Webhook,
} from '../../shared/webhooks/index.ts';
import { eventually } from '../support/eventually.ts';
import { testInstances } from '../support/instances.ts';
import {
  deliveriesOf,
  eventsOf,
  isSigned,
  permitLocalTargets,
  type Receiver,
  startReceiver,
  sure,
  takeDeliveryMessages,
} from './support.ts';

const secret = 'a secret between two';
const hours = 3600_000;

let instances: Awaited<ReturnType<typeof testInstances>>;
let forbidLocalTargets: () => void;
/** Two instances of the app, at a time that the tests set. */
let ctx: Context;
let other: Context;
let now: number;
let receiver: Receiver;
let webhook: Webhook;
let event: CairnEvent;
let names = 0;

beforeAll(async () => {
  forbidLocalTargets = permitLocalTargets();
  instances = await testInstances(2);
  const clock = { now: () => now };
  [ctx, other] = instances.instances.map((each) => ({
    ...each,
    clock,
    workspace: 'ours',
    ids: { ...each.ids, random: () => 0.5 },
  })) as [Context, Context];
});
afterAll(async () => {
  await instances.close();
  forbidLocalTargets();
});
beforeEach(async () => {
  now = Date.now();
  receiver = await startReceiver();
  webhook = await createWebhook(ctx, {
    name: 'ours',
    url: `${receiver.url}/hook`,
    events: ['registered_model.created'],
    secret,
  });
  const { modelId } = await createModel(ctx, { name: `model ${names++}`, tags: [{ key: 'a', value: 'ä' }] });
  event = sure((await eventsOf(ctx, modelId))[0]);
});
afterEach(async () => {
  await deleteWebhook(ctx, webhook.webhookId).catch(() => undefined);
  await receiver.close();
});

/** Tells the webhooks of the event; the messages that this sends are the caller's. */
async function told(): Promise<DeliveryMessage[]> {
  await notifyWebhooks(ctx, event);
  return takeDeliveryMessages(ctx, webhook.webhookId);
}

/** Sweeps until so many messages come of it for the webhook: a sweep may see what was a moment ago. */
function swept(count: 0 | 1): Promise<DeliveryMessage[]> {
  return eventually(async () => {
    await sweepWebhooks({ ...ctx, workspace: '*' });
    const messages = await takeDeliveryMessages(ctx, webhook.webhookId);
    expect(messages).toHaveLength(count);
    return messages;
  });
}

async function toldOnce(): Promise<DeliveryMessage> {
  const [message, ...more] = await told();
  expect(more).toEqual([]);
  return sure(message);
}

async function delivery(): Promise<Delivery> {
  const [only, ...more] = await deliveriesOf(ctx, webhook.webhookId);
  expect(more).toEqual([]);
  return sure(only);
}

/** Sends as often as it is due, each time when it is due, until it is not any more. Returns the waits in seconds. */
async function untilSettled(message: DeliveryMessage): Promise<number[]> {
  const waits: number[] = [];
  for (;;) {
    await deliverWebhook(ctx, message);
    const { state } = await delivery();
    if (state.status !== 'pending') return waits;
    waits.push((state.dueAt - now) / 1000);
    now = state.dueAt;
  }
}

describe('a delivery', () => {
  test('is recorded, sent signed, and kept for thirty days', async () => {
    const message = await toldOnce();
    expect(await delivery()).toMatchObject({ state: { status: 'pending', tries: 0 }, ttl: 30 * 86_400 });
    await deliverWebhook(ctx, message);
    const [got] = receiver.received;
    expect(got && isSigned(got, secret)).toBe(true);
    expect(got?.path).toBe('/hook');
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-mlflow-delivery-id': message.deliveryId,
      'x-mlflow-timestamp': String(Math.floor(now / 1000)),
    });
    expect(JSON.parse(got?.text ?? '')).toMatchObject({
      entity: 'registered_model',
      action: 'created',
      timestamp: new Date(event.at).toISOString().replace('Z', '+00:00'),
      workspace: 'ours',
      data: { tags: { a: 'ä' }, description: '' },
    });
    expect(await delivery()).toMatchObject({
      state: { status: 'delivered' },
      attempts: [{ statusCode: 200, at: now }],
    });
  });

  test('of an event that is served twice is one, and its message twice sends once', async () => {
    const messages = [...(await told()), ...(await told())];
    expect(messages).toHaveLength(2);
    for (const message of messages) await deliverWebhook(ctx, message);
    expect(receiver.received).toHaveLength(1);
    await delivery();
  });

  test('is made for webhooks only that were there, active and listening when it happened', async () => {
    const others: Webhook[] = [];
    const add = async (change: Partial<Parameters<typeof createWebhook>[1]>, workspace = 'ours') =>
      others.push(
        await createWebhook(
          { ...ctx, workspace },
          { name: 'w', url: receiver.url, events: ['registered_model.created'], ...change },
        ),
      );
    const at = now;
    now = event.at - 1;
    await add({ status: 'disabled' });
    await add({ events: ['prompt.created', 'model_version.created'] });
    await add({}, 'theirs');
    now = event.at + 1;
    await add({});
    now = at;
    const message = await toldOnce();
    expect(message.webhookId).toBe(webhook.webhookId);
    for (const { workspace, webhookId } of others) await deleteWebhook({ ...ctx, workspace }, webhookId);
  });

  test('is tried again after growing waits, under the same id with a signature of its own, until it succeeds', async () => {
    const message = await toldOnce();
    receiver.reply = () => ({ status: receiver.received.length < 4 ? 503 : 204 });
    expect(await untilSettled(message)).toEqual([5, 20, 80]);
    expect(receiver.received).toHaveLength(4);
    expect(receiver.received.every((got) => isSigned(got, secret))).toBe(true);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-mlflow-delivery-id'])).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-mlflow-timestamp'])).size).toBe(4);
    expect((await delivery()).attempts.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503, 204]);
  });

  test('to a receiver that never gets well fails after ten attempts in most of a day, and is kept', async () => {
    const message = await toldOnce();
    await receiver.close();
    const begun = now;
    await untilSettled(message);
    expect(now - begun).toBeGreaterThan(18 * hours);
    expect(now - begun).toBeLessThan(26 * hours);
    const failed = await delivery();
    expect(failed.state).toEqual({
      status: 'failed',
      reason: '10 attempts did not succeed; the last one: the connection was refused',
    });
    expect(failed.attempts).toHaveLength(10);
    now += hours;
    await swept(0);
    receiver = await startReceiver();
  });

  test('waits as long as the receiver asks', async () => {
    const message = await toldOnce();
    receiver.reply = () => ({
      status: receiver.received.length < 2 ? 429 : 200,
      headers: { 'retry-after': '777' },
    });
    expect(await untilSettled(message)).toEqual([777]);
  });

  test('that the receiver refuses or redirects fails at once, and nobody follows', async () => {
    const message = await toldOnce();
    receiver.reply = () => ({ status: 307, headers: { location: `${receiver.url}/elsewhere` } });
    expect(await untilSettled(message)).toEqual([]);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
    expect((await delivery()).state).toEqual({
      status: 'failed',
      reason: 'the receiver answered 307, and redirects are not followed',
    });
  });

  test('can be asked for again, with its attempts before it', async () => {
    const message = await toldOnce();
    receiver.reply = () => ({ status: 410 });
    await deliverWebhook(ctx, message);
    receiver.reply = () => ({ status: 200 });
    await redeliver(ctx, webhook.webhookId, message.deliveryId);
    const again = await takeDeliveryMessages(ctx, webhook.webhookId);
    expect(again).toMatchObject([{ deliveryId: message.deliveryId }]);
    await deliverWebhook(ctx, message);
    expect(await delivery()).toMatchObject({
      state: { status: 'delivered' },
      attempts: [{ statusCode: 410 }, { statusCode: 200 }],
    });
    expect(receiver.received[1]?.text).toBe(receiver.received[0]?.text);
  });

  test('stops when its webhook is disabled, and is sent again on demand once it is active', async () => {
    const message = await toldOnce();
    await updateWebhook(ctx, webhook.webhookId, { status: 'disabled' });
    await deliverWebhook(ctx, message);
    expect((await delivery()).state).toEqual({ status: 'failed', reason: 'the webhook is disabled' });
    await expect(redeliver(ctx, webhook.webhookId, message.deliveryId)).rejects.toMatchObject({
      code: 'conflict',
    });
    await updateWebhook(ctx, webhook.webhookId, { status: 'active' });
    await redeliver(ctx, webhook.webhookId, message.deliveryId);
    await deliverWebhook(ctx, message);
    expect(receiver.received).toHaveLength(1);
  });

  test('stops when its webhook is deleted', async () => {
    const message = await toldOnce();
    await deleteWebhook(ctx, webhook.webhookId);
    await deliverWebhook(ctx, message);
    expect((await delivery()).state).toEqual({ status: 'failed', reason: 'the webhook was deleted' });
    expect(receiver.received).toEqual([]);
  });

  test('goes to the address that the webhook has when it is sent', async () => {
    const message = await toldOnce();
    await updateWebhook(ctx, webhook.webhookId, { url: `${receiver.url}/moved` });
    await deliverWebhook(ctx, message);
    expect(receiver.received.map(({ path }) => path)).toEqual(['/moved']);
  });

  test('is tried again when the secret cannot be read, which is said without a word of keys', async () => {
    const message = await toldOnce();
    const keyless = { ...ctx, stores: { ...ctx.stores, keys: undefined } };
    await deliverWebhook(keyless, message);
    expect(receiver.received).toEqual([]);
    expect(await delivery()).toMatchObject({
      state: { status: 'pending', tries: 1 },
      attempts: [{ error: 'the secret of the webhook cannot be read; set it again' }],
    });
  });

  test('of about the most that a model may hold is sent whole', async () => {
    const tags = Array.from({ length: 7 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(100_000) }));
    const { modelId, name } = await createModel(ctx, { name: `large ${names++}`, tags });
    event = sure((await eventsOf(ctx, modelId))[0]);
    await deliverWebhook(ctx, await toldOnce());
    expect(JSON.parse(receiver.received[0]?.text ?? '')).toMatchObject({
      data: { name, tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) },
    });
  });
});

describe('whatever happens to workers and messages', () => {
  test('of many workers at once exactly one sends', async () => {
    const message = await toldOnce();
    await Promise.all([ctx, other, ctx, other, ctx, other].map((each) => deliverWebhook(each, message)));
    expect(receiver.received).toHaveLength(1);
    expect((await delivery()).attempts).toHaveLength(1);
  });

  test('a message that comes early does nothing', async () => {
    const message = await toldOnce();
    receiver.reply = () => ({ status: 500 });
    await deliverWebhook(ctx, message);
    const before = await delivery();
    now += 4000;
    await deliverWebhook(ctx, message);
    expect(receiver.received).toHaveLength(1);
    expect(await delivery()).toEqual(before);
  });

  test('a worker that dies while it sends is followed by another when its lease ends, not before', async () => {
    const message = await toldOnce();
    const { promise: answer, resolve: end } = Promise.withResolvers<{ status: number }>();
    receiver.reply = () => answer;
    const dying = deliverWebhook(ctx, message);
    await expect.poll(() => receiver.received.length).toBe(1);
    receiver.reply = () => ({ status: 200 });
    now += 59_000;
    await deliverWebhook(other, message);
    expect(receiver.received).toHaveLength(1);
    now += 60_000;
    await swept(0);
    now += 2000;
    await swept(1);
    await deliverWebhook(other, message);
    // Should it live after all, it finds the record taken over.
    end({ status: 500 });
    await dying;
    expect(receiver.received).toHaveLength(2);
    expect(await delivery()).toMatchObject({
      state: { status: 'delivered' },
      attempts: [{ error: 'the sender stopped before the end' }, { statusCode: 200 }],
    });
  });

  test('a worker that dies each time uses up the attempts', async () => {
    const message = await toldOnce();
    for (let i = 0; i < 10; i++) {
      const dying = {
        ...ctx,
        stores: { ...ctx.stores, keys: { ...ctx.stores.keys, unseal: () => new Promise(() => {}) } },
      } as unknown as Context;
      void deliverWebhook(dying, message);
      await expect.poll(async () => (await delivery()).state).toMatchObject({ tries: i + 1 });
      now += 60_000;
    }
    await deliverWebhook(ctx, message);
    const spent = await delivery();
    expect(spent.state).toMatchObject({ status: 'failed' });
    expect(spent.attempts).toHaveLength(10);
    expect(receiver.received).toEqual([]);
  });

  test('a delivery whose message was never sent is found by the sweep, in every workspace', async () => {
    await told();
    now += 59_000;
    await swept(0);
    now += 2000;
    const [message] = await swept(1);
    expect(message).toMatchObject({ workspace: 'ours' });
    await deliverWebhook(ctx, sure(message));
    expect(receiver.received).toHaveLength(1);
    now += hours;
    await swept(0);
  });

  test('a receiver that does not answer keeps a worker waiting once, not for every delivery', async () => {
    const messages: DeliveryMessage[] = [];
    for (let i = 0; i < 5; i++) {
      event = { ...event, seq: event.seq + 100 + i };
      messages.push(await toldOnce());
    }
    const { promise: never } = Promise.withResolvers<{ status: number }>();
    receiver.reply = () => never;
    const brief = { resolve: () => Promise.reject(new Error('not asked')), millisecondsMax: 100 };
    for (const message of messages) await deliverWebhook(ctx, message, brief);
    expect(receiver.received).toHaveLength(1);
    const tries = (await deliveriesOf(ctx, webhook.webhookId)).map(
      ({ state }) => state.status === 'pending' && state.tries,
    );
    expect(tries).toEqual([1, 1, 1, 1, 1]);
    receiver.reply = () => ({ status: 200 });
    now += 31_000;
    for (const message of messages) await deliverWebhook(ctx, message, brief);
    expect(receiver.received).toHaveLength(6);
  });

  test('an event whose subscriber broke off between record and message is told all the same, once', async () => {
    const queues = { ...ctx.stores.queues, send: () => Promise.reject(new Error('cut')) };
    await expect(notifyWebhooks({ ...ctx, stores: { ...ctx.stores, queues } }, event)).rejects.toThrow('cut');
    await deliverWebhook(ctx, await toldOnce());
    expect(receiver.received).toHaveLength(1);
    expect((await delivery()).state).toEqual({ status: 'delivered' });
  });

  test('a message of a delivery that is gone does nothing', async () => {
    await deliverWebhook(ctx, { kind: 'webhook-deliver', webhookId: webhook.webhookId, deliveryId: 'none' });
    await deliverWebhook(ctx, { kind: 'webhook-deliver', webhookId: 'none', deliveryId: 'none' });
    expect(receiver.received).toEqual([]);
  });
});
