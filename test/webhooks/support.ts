import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import type { Context } from '../../shared/context.ts';
import type { EventDocument } from '../../shared/events/event.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import type { Delivery, DeliveryMessage } from '../../shared/webhooks/index.ts';

export type Received = {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};
type Reply = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
};

export type Receiver = {
  readonly url: string;
  /** What came, in order. */
  readonly received: Received[];
  /** What is answered from now on; may wait. */
  reply: (request: Received) => Reply | Promise<Reply>;
  close(): Promise<void>;
};

/** A receiver of webhooks on this machine, which answers 200 unless told otherwise. */
export async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      const received = { path: url, headers, text: Buffer.concat(chunks).toString() };
      receiver.received.push(received);
      void Promise.resolve(receiver.reply(received)).then(({ status, headers: more, body }) =>
        response.writeHead(status, more).end(body),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    reply: () => ({ status: 200 }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** Whether a receiver that knows the secret would believe what came. */
export function isSigned({ headers, text }: Received, secret: string): boolean {
  const signed = `${String(headers['x-mlflow-delivery-id'])}.${String(headers['x-mlflow-timestamp'])}.${text}`;
  const expected = `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`;
  return headers['x-mlflow-signature'] === expected;
}

/** A value that is there. */
export function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('It is not there.');
  return value;
}

/** Lets what is started afterwards keep secrets and send to this machine, until it is called off. */
export function permitLocalTargets(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-keys-'));
  process.env['CAIRN_KEYS_FOLDER'] = folder;
  process.env['CAIRN_WEBHOOK_TARGETS'] = 'any';
  return () => {
    delete process.env['CAIRN_KEYS_FOLDER'];
    delete process.env['CAIRN_WEBHOOK_TARGETS'];
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Takes all messages that are visible now off the work queue; answers those that ask for deliveries to a webhook. */
export async function takeDeliveryMessages(
  { settings }: Context,
  webhookId: string,
): Promise<(DeliveryMessage & { readonly workspace: string })[]> {
  if (settings.storage.by !== 'connection-string') throw new Error('Tests run on Azurite.');
  const queue = QueueServiceClient.fromConnectionString(settings.storage.connectionString).getQueueClient(
    'work',
  );
  const messages: (DeliveryMessage & { readonly workspace: string })[] = [];
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
    if (receivedMessageItems.length === 0) return messages;
    for (const { messageId, popReceipt, messageText } of receivedMessageItems) {
      const message = JSON.parse(Buffer.from(messageText, 'base64').toString()) as (typeof messages)[number];
      if (message.kind === 'webhook-deliver' && message.webhookId === webhookId) messages.push(message);
      await queue.deleteMessage(messageId, popReceipt);
    }
  }
}

/** Everything that happened to a model and its versions, in order. */
export async function eventsOf(ctx: Context, modelId: string): Promise<CairnEvent[]> {
  const documents = await ctx.stores
    .documents('models')
    .query<EventDocument>(
      { text: "SELECT * FROM c WHERE c.type = 'event'" },
      { key: [ctx.workspace, modelId], consistency: 'strong' },
    );
  return documents.map(({ event }) => event).toSorted((a, b) => a.at - b.at);
}

/** All deliveries of a webhook as they are stored. */
export function deliveriesOf(ctx: Context, webhookId: string): Promise<Delivery[]> {
  return ctx.stores
    .documents('webhooks')
    .query<Delivery>(
      { text: "SELECT * FROM c WHERE c.type = 'delivery'" },
      { key: [ctx.workspace, webhookId], consistency: 'strong' },
    );
}
