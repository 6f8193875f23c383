/** A queue trigger: receive, run, delete; what keeps failing goes to the poison queue. */
import type { DequeuedMessageItem } from '@azure/storage-queue';
import { describe, messageOf } from './errors.ts';
import type { QueueFunction } from './functions.ts';
import type { Track } from './in-flight.ts';
import { type App, invoke } from './invoke.ts';
import { decodeMessage, isNotFound, queueClient, type QueueWriter } from './outputs.ts';
import type { TypedData } from './rpc.ts';
import type { QueueSettings } from './settings.ts';

export interface QueueListenerOptions {
  app: App;
  fn: QueueFunction;
  settings: QueueSettings;
  outputs: QueueWriter;
  /** A message is hidden for this long while it is worked on, renewed at half time; the service's is 600. */
  leaseSeconds: number;
  random?: () => number;
  track: Track;
}

export interface QueueListener {
  /** Looks at the queue now instead of at the next poll. */
  wake(): void;
  /** Receives nothing more; what runs goes on. */
  stop(): Promise<void>;
}

const FIRST_DELAY_MS = 100;
/** Longest queue name that leaves room for the suffix. */
const QUEUE_NAME_CHARS_MAX = 63;
const POISON = '-poison';

export function listenQueue(options: QueueListenerOptions): QueueListener {
  const { app, fn, settings } = options;
  const client = queueClient(fn.source);
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const { signal } = stopping;
  let wake = () => {};
  let woken = false;

  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      if (woken || signal.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const loop = async () => {
    let empty = 0;
    let failing = false;
    while (!signal.aborted) {
      woken = false;
      try {
        const messages = await receive(options, client);
        failing = false;
        empty = messages.length > 0 ? 0 : empty + 1;
        for (const message of messages) {
          const work = options
            .track(processMessage(options, client, message))
            .finally(() => running.delete(work));
          running.add(work);
        }
      } catch (error) {
        empty += 1;
        // An outage is one line, not one a poll.
        if (!failing) {
          const message = `Queue ${fn.source.queueName} cannot be read: ${messageOf(error)}`;
          app.log({ level: 'warning', function: fn.name, message });
        }
        failing = true;
      }
      while (running.size > settings.newBatchThreshold && !signal.aborted) await Promise.race(running);
      if (empty > 0)
        await sleep(pollDelay(empty, settings.maxPollingIntervalMs, (options.random ?? Math.random)()));
    }
  };
  const looping = loop();

  return {
    wake() {
      woken = true;
      wake();
    },
    async stop() {
      stopping.abort();
      wake();
      await looping;
    },
  };
}

/** Wait before the poll after `empty` fruitless ones: doubling from 100 ms, ±20 %, up to `maxMs`. */
export function pollDelay(empty: number, maxMs: number, random: number): number {
  const base = FIRST_DELAY_MS * 2 ** Math.min(empty - 1, 30) * (0.8 + 0.4 * random);
  return Math.min(maxMs, empty === 1 ? FIRST_DELAY_MS : base);
}

type Client = ReturnType<typeof queueClient>;

async function receive({ settings, leaseSeconds }: QueueListenerOptions, client: Client) {
  try {
    const received = await client.receiveMessages({
      numberOfMessages: settings.batchSize,
      visibilityTimeout: leaseSeconds,
    });
    return received.receivedMessageItems;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

async function processMessage(
  options: QueueListenerOptions,
  client: Client,
  message: DequeuedMessageItem,
): Promise<void> {
  const { app, fn, settings, leaseSeconds } = options;
  const lease = holdMessage(client, message, leaseSeconds);
  try {
    // More often than allowed: earlier hosts died over it, so it is not given the chance again.
    const outcome =
      message.dequeueCount > settings.maxDequeueCount ? 'exhausted' : await runMessage(options, message);
    const receipt = await lease.release();
    if (outcome === 'done') await client.deleteMessage(message.messageId, receipt);
    else if (outcome === 'exhausted' || message.dequeueCount >= settings.maxDequeueCount) {
      await moveToPoison(options, client, message, receipt);
    } else {
      const seconds = Math.floor(settings.visibilityTimeoutMs / 1000);
      await client.updateMessage(message.messageId, receipt, message.messageText, seconds);
    }
  } catch (error) {
    await lease.release();
    // The message comes back when its lease ends: at least once is what a queue promises.
    const text = `Message ${message.messageId} could not be settled: ${messageOf(error)}`;
    app.log({ level: 'warning', function: fn.name, message: text });
  }
}

async function runMessage(
  { app, fn, settings, outputs }: QueueListenerOptions,
  message: DequeuedMessageItem,
): Promise<'done' | 'failed'> {
  const text = decodeMessage(message.messageText, settings.encoding);
  try {
    const { response } = await invoke(app, fn, {
      data: { string: text },
      triggerMetadata: metadataOf(message, text),
    });
    await outputs.write(fn, response);
    return 'done';
  } catch (error) {
    const attempt = `attempt ${message.dequeueCount} of ${settings.maxDequeueCount}`;
    const line = `Message ${message.messageId} failed (${attempt}): ${describe(error)}`;
    app.log({ level: 'error', function: fn.name, message: line });
    return 'failed';
  }
}

/** Keeps the message hidden until released; releasing yields the receipt that settles it. */
function holdMessage(client: Client, message: DequeuedMessageItem, leaseSeconds: number) {
  let receipt = message.popReceipt;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async () => {
    const { messageId, messageText } = message;
    receipt =
      (await client.updateMessage(messageId, receipt, messageText, leaseSeconds)).popReceipt ?? receipt;
  };
  const timer = setInterval(
    () => {
      // A renewal that fails once is tried again at the next half time, and settling tells if it was lost.
      renewing = renew().catch(() => {});
    },
    (leaseSeconds * 1000) / 2,
  );
  return {
    async release(): Promise<string> {
      clearInterval(timer);
      await renewing;
      return receipt;
    },
  };
}

async function moveToPoison(
  { app, fn, settings }: QueueListenerOptions,
  client: Client,
  message: DequeuedMessageItem,
  receipt: string,
): Promise<void> {
  const { queueName } = fn.source;
  const poisonName = `${queueName}${POISON}`;
  if (!queueName.endsWith(POISON) && poisonName.length <= QUEUE_NAME_CHARS_MAX) {
    const poison = queueClient({ ...fn.source, queueName: poisonName });
    await poison.createIfNotExists();
    await poison.sendMessage(message.messageText);
    const line = `Message ${message.messageId} was moved to ${poisonName} after ${settings.maxDequeueCount} attempts.`;
    app.log({ level: 'error', function: fn.name, message: line });
  }
  await client.deleteMessage(message.messageId, receipt);
}

function metadataOf(message: DequeuedMessageItem, text: string): Record<string, TypedData> {
  const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });
  return {
    ...propertiesOf(text),
    QueueTrigger: { string: text },
    DequeueCount: json(message.dequeueCount),
    Id: { string: message.messageId },
    PopReceipt: { string: message.popReceipt },
    InsertionTime: json(message.insertedOn),
    ExpirationTime: json(message.expiresOn),
    NextVisibleTime: json(message.nextVisibleOn),
  };
}

/** The top-level properties of a JSON object, as other bindings could refer to them. */
function propertiesOf(text: string): Record<string, TypedData> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, { json: JSON.stringify(item) }]),
    );
  } catch {
    return {};
  }
}
