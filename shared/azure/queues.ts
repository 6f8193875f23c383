import { QueueServiceClient } from '@azure/storage-queue';
import type { Context } from '../context.ts';
import type { QueueName } from '../resources.ts';
import type { Settings } from '../settings.ts';
import { inSpan } from '../telemetry/index.ts';
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

export type SendOptions = {
  /** It becomes visible only then. */
  readonly delaySeconds?: number;
  /** It is gone where nobody has taken it after so long: for what is asked again before then. */
  readonly keptSeconds?: number;
  /** It waits for as long as it takes, not the seven days that the service keeps others. */
  readonly isKept?: boolean;
};

/** A message that nobody else gets for a while. */
export type Taken = {
  /** Its JSON; `undefined` where it is none. */
  readonly message: unknown;
  /** Removes it; one that has been given to somebody else meanwhile stays. */
  readonly done: () => Promise<void>;
};

/** As many as the service gives at once. */
const takenMax = 32;

export type QueueStore = {
  /** Sends `message` with the context's envelope. */
  send(ctx: Context, queue: QueueName, message: object, options?: SendOptions): Promise<void>;
  /** At most 32 messages that wait; those not done with after `leaseSeconds` come again. */
  take(queue: QueueName, leaseSeconds: number): Promise<Taken[]>;
  /**
   * How many messages there are about, those among them that somebody works on; and when the oldest of the others
   * was sent, in milliseconds since 1970.
   */
  backlog(queue: QueueName): Promise<{ messages: number; oldestAt: number | undefined }>;
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
    send: (ctx, queue, message, options = {}) =>
      inSpan(`send ${queue}`, 'producer', async (span) => {
        const envelope: Envelope = {
          workspace: ctx.workspace,
          requestId: ctx.requestId,
          traceparent: span?.traceparent ?? ctx.trace,
          ...(ctx.reason === undefined ? {} : { reason: ctx.reason }),
        };
        const text = JSON.stringify({ ...message, ...envelope });
        if (Buffer.byteLength(text) > messageBytesMax)
          throw new Error(`A message for queue ${queue} is over ${messageBytesMax} bytes.`);
        await guarded((abortSignal) =>
          service.getQueueClient(queue).sendMessage(Buffer.from(text).toString('base64'), {
            abortSignal,
            visibilityTimeout: options.delaySeconds,
            ...timeToLive(options),
          }),
        );
      }),
    async take(queue, leaseSeconds) {
      const client = service.getQueueClient(queue);
      const { receivedMessageItems } = await guarded((abortSignal) =>
        client.receiveMessages({ abortSignal, numberOfMessages: takenMax, visibilityTimeout: leaseSeconds }),
      );
      return receivedMessageItems.map(({ messageId, popReceipt, messageText }) => ({
        message: parsed(messageText),
        done: () =>
          guarded((abortSignal) =>
            client.deleteMessage(messageId, popReceipt, { abortSignal }).then(() => undefined, unlessGone),
          ),
      }));
    },
    async backlog(queue) {
      const client = service.getQueueClient(queue);
      const { approximateMessagesCount: messages = 0 } = await guarded((abortSignal) =>
        client.getProperties({ abortSignal }),
      );
      const { peekedMessageItems } = await guarded((abortSignal) =>
        client.peekMessages({ abortSignal, numberOfMessages: takenMax }),
      );
      const times = peekedMessageItems.map(({ insertedOn }) => insertedOn.getTime());
      return { messages, oldestAt: times.length === 0 ? undefined : Math.min(...times) };
    },
    async createIfMissing(queue) {
      await service.getQueueClient(queue).createIfNotExists();
    },
  };
}

function timeToLive({ isKept, keptSeconds }: SendOptions): { messageTimeToLive?: number } {
  if (isKept) return { messageTimeToLive: -1 };
  return keptSeconds === undefined ? {} : { messageTimeToLive: keptSeconds };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** 404: it is not there (any more), or another has it now. */
function unlessGone(error: unknown): void {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
}
