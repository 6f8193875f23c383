import { QueueServiceClient } from '@azure/storage-queue';
import { childTrace, type Context } from '../context.ts';
import type { QueueName } from '../resources.ts';
import type { Settings } from '../settings.ts';
import { credential } from './identity.ts';
import { guarded } from './storage-errors.ts';

/** What every message carries beside its ids, so that work can be traced to the request that caused it. */
export type Envelope = {
  readonly workspace: string;
  readonly requestId: string;
  readonly traceparent: string;
  /** Why it was asked for. */
  readonly reason?: string;
};

/** Raw bytes of the largest message: 64 KB after base64. */
const messageBytesMax = 48 * 1024;

export type QueueStore = {
  /** Sends `message` with the context's envelope; with a delay it becomes visible only then. */
  send(ctx: Context, queue: QueueName, message: object, options?: { delaySeconds?: number }): Promise<void>;
  /** Creates what is missing: for the local stack and tests; in Azure `infra/` does. */
  createIfMissing(queue: QueueName): Promise<void>;
};

/** Connects to the account of the settings; nothing is sent before the first use. */
export function openQueues(settings: Settings): QueueStore {
  const { storage } = settings;
  const service =
    storage.by === 'identity'
      ? new QueueServiceClient(storage.queueUrl, credential(settings))
      : QueueServiceClient.fromConnectionString(storage.connectionString);
  return {
    async send(ctx, queue, message, options = {}) {
      const envelope: Envelope = {
        workspace: ctx.workspace,
        requestId: ctx.requestId,
        traceparent: childTrace(ctx.trace, ctx.ids),
        ...(ctx.reason === undefined ? {} : { reason: ctx.reason }),
      };
      const text = JSON.stringify({ ...message, ...envelope });
      if (Buffer.byteLength(text) > messageBytesMax)
        throw new Error(`A message for queue ${queue} is over ${messageBytesMax} bytes.`);
      await guarded(() =>
        service.getQueueClient(queue).sendMessage(Buffer.from(text).toString('base64'), {
          visibilityTimeout: options.delaySeconds,
        }),
      );
    },
    async createIfMissing(queue) {
      await service.getQueueClient(queue).createIfNotExists();
    },
  };
}
