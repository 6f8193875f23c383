import type { InvocationContext, StorageQueueHandler } from '@azure/functions';
import { QueueServiceClient } from '@azure/storage-queue';
import { app, closeApp, workContext } from '../../functions/app.ts';
import { blobs } from '../../functions/blobs.ts';
import { chunks } from '../../functions/chunks.ts';
import { router } from '../../functions/http.ts';
import { predictions } from '../../functions/predictions.ts';
import { work } from '../../functions/work.ts';
import type { Context } from '../../shared/context.ts';
import { flushRelay } from '../../shared/events/index.ts';
import type { QueueName } from '../../shared/resources.ts';
import { testEnvironment } from './context.ts';
import { testStorage } from './storage.ts';

/** Parsed JSON; tests assert on what they expect of it. */
export type JsonObject = { readonly [key: string]: JsonObject };

/** A list in parsed JSON; none where the field was left out. */
export function items(list: JsonObject | undefined): JsonObject[] {
  return (list ?? []) as unknown as JsonObject[];
}

export type TestServer = {
  readonly ctx: Context;
  /** Every line that was logged. */
  readonly logged: string[];
  /** A request to the router, as the HTTP function hands it on. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The same with a JSON body; returns status and parsed answer. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: JsonObject }>;
  /** Runs the queue functions on everything that waits, until nothing does; returns on how many messages. */
  drain(): Promise<number>;
  close(): Promise<void>;
};

const handlers: Record<QueueName, StorageQueueHandler> = {
  'blob-events': blobs,
  'batch-chunks': chunks,
  predictions,
  work,
};

/**
 * Every surface and every queue function in this process, on real stores of its own. One per test file. `env` is
 * set beside what a stack of tests needs.
 */
export async function testServer(env: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const storage = await testStorage();
  Object.assign(process.env, testEnvironment(storage.connectionString), env);
  const { stores } = await app();
  const queues = QueueServiceClient.fromConnectionString(storage.connectionString);
  const logged: string[] = [];
  const invocation = () => invocationThatLogs((line) => logged.push(line));
  const ctx = { ...(await workContext(invocation())), principal: { id: 'tester', name: 'Tester' } };
  const server: TestServer = {
    ctx,
    logged,
    fetch: async (path, init) =>
      router.fetch(new Request(`http://127.0.0.1${path}`, init), { invocation: invocation() }),
    async call(method, path, body) {
      const init =
        body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const response = await server.fetch(path, { method, ...init });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    },
    async drain() {
      let all = 0;
      for (let quiet = 0; quiet < 2; ) {
        await flushRelay(stores);
        let handled = 0;
        for (const [name, handler] of Object.entries(handlers))
          handled += await handleAll(queues, name, handler, invocation);
        all += handled;
        quiet = handled === 0 ? quiet + 1 : 0;
      }
      return all;
    },
    async close() {
      await flushRelay(stores);
      await closeApp();
      await storage.close();
    },
  };
  return server;
}

async function handleAll(
  queues: QueueServiceClient,
  name: string,
  handler: StorageQueueHandler,
  invocation: () => InvocationContext,
): Promise<number> {
  const queue = queues.getQueueClient(name);
  let handled = 0;
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: 32,
      visibilityTimeout: 600,
    });
    if (receivedMessageItems.length === 0) return handled;
    for (const message of receivedMessageItems) {
      await handler(JSON.parse(Buffer.from(message.messageText, 'base64').toString()), invocation());
      await queue.deleteMessage(message.messageId, message.popReceipt);
      handled++;
    }
  }
}

function invocationThatLogs(log: (line: string) => void): InvocationContext {
  return {
    invocationId: crypto.randomUUID(),
    info: log,
    warn: log,
    error: log,
    log,
  } as unknown as InvocationContext;
}
