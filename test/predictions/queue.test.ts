import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { predictionsPoison } from '../../functions/predictions.ts';
import type { Context } from '../../shared/context.ts';
import { erase, getErasure, requestErasure } from '../../shared/erasure/index.ts';
import { eraseHour } from '../../shared/predictions/erase-rows.ts';
import { keepQueued, readPredictions } from '../../shared/predictions/index.ts';
import { encodePart, readPart } from '../../shared/predictions/part.ts';
import { hourOf } from '../../shared/predictions/prediction-id.ts';
import { packRows, type QueuedRows, unpackRows } from '../../shared/predictions/queued-rows.ts';
import { joinRows, rowsOf, schemaOf } from '../../shared/predictions/rows.ts';
import { head, requests } from '../../shared/predictions/golden/part-1.ts';
import { predict, targetOf } from '../../shared/serving/index.ts';
import { classifier, features, publish } from '../serving/support.ts';
import { keyedServer } from '../privacy/support.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await keyedServer();
  await publish(server, 'm', classifier());
});
afterAll(() => server.close());

const hour = 3_600_000;
const quick = { groupSeconds: 0, leaseSeconds: 1 };

async function deployQueued(name: string): Promise<void> {
  const { status } = await server.call('POST', '/api/v1/endpoints', {
    name,
    model: 'm',
    alias: 'champion',
    logging: { durability: 'queue' },
  });
  expect(status).toBe(201);
}

async function ask(name: string, rows = 2): Promise<{ status: number; ids: string[] }> {
  const { status, body } = await server.call('POST', `/endpoints/${name}/invocations`, {
    dataframe_split: { columns: features, data: Array.from({ length: rows }, (_, i) => [i, 1, 2]) },
  });
  return { status, ids: (body['prediction_ids'] ?? []) as unknown as string[] };
}

async function parts(endpoint: string) {
  const found = [];
  for await (const part of readPredictions(server.ctx, {
    endpoint,
    from: Date.now() - hour,
    to: Date.now() + hour,
  }))
    found.push(part);
  return found;
}

const logged = async (endpoint: string) =>
  (await parts(endpoint)).flatMap((part) => part.column('predictionId'));

const queueOf = (name: string) =>
  QueueServiceClient.fromConnectionString(String(process.env['AzureWebJobsStorage'])).getQueueClient(name);

/** Messages that wait, as the queue function would get them; they are gone then. */
async function takeAll(): Promise<object[]> {
  const messages: object[] = [];
  for (;;) {
    const taken = await server.ctx.stores.queues.take('predictions', 60);
    if (taken.length === 0) return messages;
    for (const { message, done } of taken) {
      messages.push(message as object);
      await done();
    }
  }
}

async function blobs(prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of server.ctx.stores.blobs('predictions').walk(prefix)) names.push(name);
  return names;
}

describe('rows in a queue', () => {
  test('come out of a message as they went in, of every type, and make the same part', async () => {
    const two = requests.map((request, i) => ({ request, firstRow: i * 10 }));
    const opened = two.map(({ request, firstRow }): QueuedRows => {
      const { features: _, labels: __, workspace: ___, buffer, ...of } = head;
      const packed = packRows({ head: of, buffer, firstRow, rows: rowsOf(head, [request]) });
      return unpackRows(JSON.parse(JSON.stringify(packed)) as object);
    });
    expect(new Set(opened.map(({ rows }) => schemaOf(rows))).size).toBe(1);
    const ids = ['a', 'b', 'c'];
    const direct = await readPart(encodePart(head, rowsOf(head, requests), ids));
    const queued = await readPart(
      encodePart(head, joinRows(opened.map(({ rows }) => rows)), ids, { isQueued: true }),
    );
    expect(queued.isQueued).toBe(true);
    expect(queued.types).toEqual(direct.types);
    for (const name of direct.columns) expect(queued.column(name)).toEqual(direct.column(name));
  });

  test('are of calls that are answered, and one function makes one part of many calls', async () => {
    await deployQueued('durable');
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await ask('durable'));
    expect(answers.map(({ status, ids }) => [status, ids.length])).toEqual(answers.map(() => [200, 2]));
    expect(await logged('durable')).toEqual([]);
    const { receivedMessageItems: first } = await queueOf('predictions').receiveMessages();
    for (const { messageId, popReceipt, messageText } of first) {
      await keepQueued(server.ctx, JSON.parse(Buffer.from(messageText, 'base64').toString()) as object);
      await queueOf('predictions').deleteMessage(messageId, popReceipt);
    }
    const found = await parts('durable');
    expect(found).toHaveLength(1);
    expect(new Set(found[0]?.column('predictionId'))).toEqual(new Set(answers.flatMap(({ ids }) => ids)));
    expect(found[0]?.column('in.length')).toEqual(answers.flatMap(() => [0, 1]));
    await server.drain();
    expect(await parts('durable')).toHaveLength(1);
    expect(await queueOf('predictions').getProperties()).toMatchObject({ approximateMessagesCount: 0 });
  });

  test('too many for a message lie in a blob until they are in a part', async () => {
    await deployQueued('wide');
    const { ids } = await ask('wide', 5_000);
    expect(ids).toHaveLength(5_000);
    expect(await blobs('default/wide/')).toEqual([expect.stringContaining('/queued/')]);
    await server.drain();
    expect(await logged('wide')).toEqual(ids);
    expect(await blobs('default/wide/')).toEqual([expect.stringContaining('/parts/')]);
  });

  test('are gathered up to what a part holds, however many wait, and the others come with a later message', async () => {
    await deployQueued('heavy');
    await ask('heavy', 1);
    const [row = {}] = await takeAll();
    const { ctx } = server;
    for (let firstRow = 0; firstRow < 40; firstRow++) {
      const blob = `default/heavy/queued/${firstRow}.json`;
      await ctx.stores.blobs('predictions').write(blob, Buffer.from(JSON.stringify({ ...row, firstRow })));
      await ctx.stores.queues.send(ctx, 'predictions', { v: 1, blob, bytes: 150_000 });
    }
    const counts: number[] = [];
    for (;;) {
      const { receivedMessageItems } = await queueOf('predictions').receiveMessages();
      const [one] = receivedMessageItems;
      if (!one) break;
      const message = JSON.parse(Buffer.from(one.messageText, 'base64').toString()) as object;
      await keepQueued(server.ctx, message, { groupSeconds: 5, leaseSeconds: 60 });
      await queueOf('predictions').deleteMessage(one.messageId, one.popReceipt);
      counts.push((await logged('heavy')).length);
    }
    // As many as the queue gives at once are more than a part holds.
    expect(counts).toEqual([33, 40]);
    const rows = (await parts('heavy')).map((part) => part.rows);
    expect(rows.toSorted((a, b) => a - b)).toEqual([6, 7, 27]);
  });

  test('that come again are counted once, by readers and by an erasure, and what was erased stays erased', async () => {
    await deployQueued('again');
    const { ids } = await ask('again', 4);
    const [message = {}] = await takeAll();
    for (let i = 0; i < 3; i++) await keepQueued(server.ctx, message, quick);
    expect(await blobs('default/again/parts/')).toHaveLength(3);
    expect(await logged('again')).toEqual(ids);
    const narrow = [];
    for await (const part of readPredictions(server.ctx, {
      endpoint: 'again',
      from: Date.now() - hour,
      to: Date.now() + hour,
      columns: ['score'],
    }))
      narrow.push(part);
    expect(narrow.map(({ rows, columns }) => [rows, columns])).toEqual([[4, ['score']]]);
    const [id = ''] = ids;
    const erased = await eraseHour(server.ctx, {
      endpoint: 'again',
      hour: id.slice(0, 10),
      erasure: 'e1',
      columns: [],
      choose: (part) =>
        Promise.resolve(part.column('predictionId').flatMap((each, row) => (each === id ? [row] : []))),
      dryRun: false,
    });
    expect(erased).toMatchObject({ partsRewritten: 3, rows: 1 });
    const later: Context = { ...server.ctx, clock: { now: () => Date.now() + 120_000 } };
    await keepQueued(later, message, quick);
    expect(await logged('again')).toEqual(ids.slice(1));
  });

  test('a call whose rows the queue does not take fails, and says when to come again, or that it is late', async () => {
    await deployQueued('down');
    const target = await targetOf(server.ctx, 'down');
    const inputs = { input: { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } } as const;
    const { CairnError } = await import('../../shared/http/index.ts');
    const askBy = (send: Context['stores']['queues']['send']) => {
      const queues = { ...server.ctx.stores.queues, send };
      const hasty = {
        ...target,
        endpoint: { ...target.endpoint, limits: { ...limits, timeoutSeconds: 0.5 } },
      };
      return predict({ ...server.ctx, stores: { ...server.ctx.stores, queues } }, hasty, inputs);
    };
    const { limits } = target.endpoint;
    const down = () => Promise.reject(new CairnError('unavailable', 'down', { retryAfterSeconds: 1 }));
    await expect(askBy(down)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 1 });
    await expect(askBy(() => new Promise(() => {}))).rejects.toMatchObject({ status: 504 });
  });

  test('a message that is none is set aside and said to be, and holds up no other', async () => {
    await deployQueued('beside');
    const { ids } = await ask('beside');
    await queueOf('predictions').sendMessage(Buffer.from('not json').toString('base64'));
    await server.ctx.stores.queues.send(server.ctx, 'predictions', { v: 9, head: { endpoint: 'beside' } });
    await keepQueued(server.ctx, { v: 1, columns: 3 }, { groupSeconds: 0.3, leaseSeconds: 60 });
    expect(await logged('beside')).toEqual(ids);
    expect(await blobs('default/beside/set-aside/')).toHaveLength(1);
    expect(await blobs('default/_unknown/set-aside/')).toHaveLength(2);
    expect(await takeAll()).toEqual([]);
  });

  test('a message that the host gave up goes back to the queue, and after many times aside', async () => {
    await deployQueued('poisoned');
    const { ids } = await ask('poisoned');
    const [message = {}] = await takeAll();
    const invocation = {
      invocationId: 'i',
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
    };
    await predictionsPoison(message, invocation as never);
    // It waits there, out of sight for now.
    expect(await takeAll()).toEqual([]);
    expect(await queueOf('predictions').getProperties()).toMatchObject({ approximateMessagesCount: 1 });
    await queueOf('predictions').clearMessages();
    await keepQueued(server.ctx, { ...message, tries: 3 }, quick);
    expect(await logged('poisoned')).toEqual(ids);
    await predictionsPoison({ ...message, tries: 20 }, invocation as never);
    expect(await blobs('default/poisoned/set-aside/')).toHaveLength(1);
  });

  test('hold an erasure back that was asked for behind them', async () => {
    await deployQueued('behind');
    await ask('behind');
    const { jobId } = await requestErasure(server.ctx, {
      subject: { column: 'length', value: 0 },
      endpoint: 'behind',
      reason: 'test',
      dryRun: false,
    });
    const later = (seconds: number): Context => ({
      ...server.ctx,
      clock: { now: () => Date.now() + seconds * 1000 },
    });
    await erase(later(120), { jobId });
    expect(await getErasure(server.ctx, jobId)).toMatchObject({ status: 'waiting' });
    await server.drain();
    await erase(later(120), { jobId });
    expect(await getErasure(server.ctx, jobId)).toMatchObject({ status: 'finished', found: [{ rows: 1 }] });
    expect(await logged('behind')).toHaveLength(1);
  });

  test('a row of the hour before lies in the part of its own hour', async () => {
    await deployQueued('hours');
    const target = await targetOf(server.ctx, 'hours');
    const inputs = { input: { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } } as const;
    const before = Date.now() - hour;
    for (const at of [before, Date.now()])
      await predict({ ...server.ctx, clock: { now: () => at } }, target, inputs);
    await server.drain();
    const names = await blobs('default/hours/parts/');
    expect(names.map((name) => name.split('/').slice(3, 5).join('/'))).toEqual(
      [before, Date.now()].map((at) => {
        const stamp = hourOf(at);
        return `${stamp.slice(0, 4)}-${stamp.slice(4, 6)}-${stamp.slice(6, 8)}/${stamp.slice(8)}`;
      }),
    );
  });
});
