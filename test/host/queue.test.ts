import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite/index.ts';
import { type Host, startHost } from '../../local/host/index.ts';
import { eventually, fixture, letGo, listenToFixture, type Reports } from './reports.ts';

let azurite: Azurite;
let service: QueueServiceClient;
let host: Host;
let reports: Reports;
let logged: string[];
let prefix: string;
let serial = 0;

beforeAll(async () => {
  azurite = await startAzurite({ data: null });
  service = QueueServiceClient.fromConnectionString(azurite.connectionString);
});
afterAll(async () => {
  await azurite.stop();
});
beforeEach(async () => {
  prefix = `t${++serial}`;
  reports = listenToFixture();
  logged = [];
  host = await start();
});
afterEach(async () => {
  letGo();
  await host.stop();
  reports.close();
});

describe('a queue trigger', () => {
  test('hands over the decoded message with its metadata and deletes it', async () => {
    await put('in', { kind: 'greeting', text: 'ünïcode' });
    const seen = await reports.next<Record<string, unknown>>('message');
    expect(seen).toMatchObject({
      message: { kind: 'greeting', text: 'ünïcode' },
      dequeueCount: 1,
      kind: 'greeting',
      queueTrigger: { kind: 'greeting', text: 'ünïcode' },
    });
    expect(seen['id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen['popReceipt']).not.toBe('');
    expect(Date.parse(String(seen['insertionTime']))).toBeGreaterThan(Date.now() - 60_000);
    await eventually(async () => (await count('in')) === 0);
  });

  test('waits for a queue that does not exist yet', async () => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    await put('in', { late: true });
    expect(await reports.next('done')).toEqual({ late: true });
  });

  test('tries a failing message again at once, counting, and keeps it out of the poison queue once it succeeds', async () => {
    await put('in', { fail: 2 });
    await reports.next('done');
    expect(reports.of<{ dequeueCount: number }>('message').map((m) => m.dequeueCount)).toEqual([1, 2, 3]);
    await eventually(async () => (await count('in')) === 0);
    expect(await service.getQueueClient(`${prefix}-in-poison`).exists()).toBe(false);
  });

  test('moves a message that keeps failing to the poison queue, unchanged', async () => {
    await put('in', { fail: true, body: 'bad' });
    await eventually(async () => (await count('in-poison')) === 1);
    expect(reports.of('message')).toHaveLength(3);
    expect(await count('in')).toBe(0);
    expect(await take('in-poison')).toEqual([{ fail: true, body: 'bad' }]);
  });

  test('gives a message that was received too often to the poison queue without running it', async () => {
    await host.stop();
    const client = service.getQueueClient(`${prefix}-in`);
    await put('in', { killed: 'its hosts' });
    for (let i = 0; i < 3; i += 1)
      await client.receiveMessages({ visibilityTimeout: 1 }).then(() => visible('in'));
    host = await start();
    await eventually(async () => (await count('in-poison')) === 1);
    expect(reports.of('message')).toEqual([]);
  });

  test('holds a message for longer than its lease while it is worked on', async () => {
    await host.stop();
    host = await start({ messageLeaseSeconds: 2 });
    await put('in', { wait: true });
    await reports.next('message');
    // Two and a half leases: without renewal the message would have come up again.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(reports.of('message')).toHaveLength(1);
    letGo();
    await eventually(async () => (await count('in')) === 0);
  });

  test('runs one message at a time with batchSize 1', async () => {
    await put('in', { wait: true, n: 1 });
    await put('in', { n: 2 });
    await reports.next('message');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(reports.of('message')).toHaveLength(1);
    letGo();
    await reports.next('done', 2);
  });

  test('runs a batch at once where host settings allow it', async () => {
    await host.stop();
    host = await start({ env: { AzureFunctionsJobHost__extensions__queues__batchSize: '8' } });
    await put('in', { n: 0 });
    await reports.next('done');
    for (let n = 1; n <= 4; n += 1) await put('in', { n, wait: true });
    await reports.next('message', 5);
    letGo();
    await reports.next('done', 5);
    expect(reports.of('message')).toHaveLength(5);
  });

  test('is not started when the function is disabled', async () => {
    await host.stop();
    host = await start({ env: { 'AzureWebJobs.reader.Disabled': 'true' } });
    await put('in', { n: 1 });
    await put('copy', { n: 1 });
    await eventually(async () => (await count('copied')) === 1);
    expect(reports.of('message')).toEqual([]);
  });
});

describe('a queue output', () => {
  test('becomes a message an item of an array, base64, in a queue made on demand', async () => {
    await send({ messages: [{ a: 1 }, 'text', 3] });
    expect(await take('out')).toEqual([{ a: 1 }, 'text', 3]);
  });

  test('is left unwritten when the function fails', async () => {
    const response = await fetch(`${host.url}/send`, {
      method: 'POST',
      body: '{"messages": ["x"], "fail": true}',
    });
    expect(response.status).toBe(500);
    expect(await service.getQueueClient(`${prefix}-out`).exists()).toBe(false);
  });

  test('is there before the answer to the request', async () => {
    for (let n = 0; n < 5; n += 1) {
      await send({ messages: { n } });
      expect(await take('out')).toEqual([{ n }]);
    }
  });

  test('may be the value a function returns', async () => {
    await put('copy', { copies: 3 });
    await eventually(async () => (await count('copied')) === 3);
    expect(await take('copied')).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
  });

  test('wakes the listener of the same process at once', async () => {
    await host.stop();
    host = await start({
      env: { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:01:00' },
    });
    // Long enough idle for the back-off to have reached seconds.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const before = performance.now();
    await fetch(`${host.url}/feed`, { method: 'POST', body: '{"n": 1}' });
    await reports.next('done');
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

test('a message is settled before the host has stopped, and nothing is received after', async () => {
  await put('in', { wait: true });
  await reports.next('message');
  const stopping = host.stop();
  await put('in', { n: 2 });
  letGo();
  await stopping;
  expect(reports.of('done')).toHaveLength(1);
  expect(await count('in')).toBe(1);
});

test('a stop that takes too long leaves the message to the next host', async () => {
  await host.stop();
  host = await start({ drainSecondsMax: 0.2, messageLeaseSeconds: 1 });
  await put('in', { wait: true });
  await reports.next('message');
  await host.stop();
  expect(logged.join()).toContain('1 invocations were still running');
  letGo();
});

test('a manual trigger runs a queue function with the given input', async () => {
  const response = await fetch(`${host.url}/admin/functions/reader`, {
    method: 'POST',
    headers: { 'x-functions-key': host.adminKey },
    body: '{"input": {"by": "hand"}}',
  });
  expect(response.status).toBe(202);
  expect(await reports.next('done')).toEqual({ by: 'hand' });
});

test('several hosts share a queue and each message is run once', async () => {
  const second = await start();
  try {
    for (let n = 0; n < 20; n += 1) await put('in', { n });
    await eventually(() => reports.of('done').length >= 20);
    const numbers = reports.of<{ n: number }>('done').map((message) => message.n);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  } finally {
    await second.stop();
  }
});

type Options = Partial<Parameters<typeof startHost>[0]>;

async function start({ env, ...more }: Options = {}): Promise<Host> {
  return await startHost({
    appDir: fixture('queues'),
    port: 0,
    env: { FIXTURE_PREFIX: prefix, FixtureStorage: azurite.connectionString, ...env },
    log: (entry) => logged.push(entry.message),
    ...more,
  });
}

async function send(body: unknown): Promise<void> {
  const response = await fetch(`${host.url}/send`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(202);
}

async function put(queue: string, message: unknown): Promise<void> {
  const client = service.getQueueClient(`${prefix}-${queue}`);
  await client.createIfNotExists();
  await client.sendMessage(Buffer.from(JSON.stringify(message)).toString('base64'));
}

async function count(queue: string): Promise<number> {
  const client = service.getQueueClient(`${prefix}-${queue}`);
  if (!(await client.exists())) return 0;
  return (await client.getProperties()).approximateMessagesCount ?? 0;
}

async function visible(queue: string): Promise<void> {
  const client = service.getQueueClient(`${prefix}-${queue}`);
  await eventually(async () => (await client.peekMessages()).peekedMessageItems.length > 0);
}

/** Takes all messages off a queue, in their order; text that is no JSON stays text. */
async function take(queue: string): Promise<unknown[]> {
  const client = service.getQueueClient(`${prefix}-${queue}`);
  const { receivedMessageItems } = await client.receiveMessages({ numberOfMessages: 32 });
  for (const item of receivedMessageItems) await client.deleteMessage(item.messageId, item.popReceipt);
  return receivedMessageItems.map((item) => {
    const text = Buffer.from(item.messageText, 'base64').toString();
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  });
}
