/** What functions put out on queues. */
import { QueueServiceClient } from '@azure/storage-queue';
import type { HostedFunction, QueueAddress } from './functions.ts';
import type { InvocationResponse, TypedData } from './rpc.ts';

export interface QueueWriter {
  /** Sends every queue output of an invocation that succeeded; a missing queue is created. */
  write(fn: HostedFunction, response: InvocationResponse): Promise<void>;
}

/**
 * @param wrote called with each queue written, so that a listener of the same process need not wait for its poll.
 */
export function createQueueWriter(
  encoding: 'base64' | 'none',
  wrote: (queue: QueueAddress) => void,
): QueueWriter {
  return {
    async write(fn, response) {
      for (const [name, queue] of fn.outputs) {
        const value =
          name === '$return'
            ? response.returnValue
            : response.outputData.find((output) => output.name === name)?.data;
        const messages = toMessages(value);
        if (messages.length === 0) continue;
        const client = queueClient(queue);
        for (const message of messages) await sendCreating(client, encodeMessage(message, encoding));
        wrote(queue);
      }
    },
  };
}

const services = new Map<string, QueueServiceClient>();

export function queueClient({ connectionString, queueName }: QueueAddress) {
  const service = services.get(connectionString) ?? QueueServiceClient.fromConnectionString(connectionString);
  services.set(connectionString, service);
  return service.getQueueClient(queueName);
}

function encodeMessage(message: Uint8Array, encoding: 'base64' | 'none'): string {
  const buffer = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return buffer.toString(encoding === 'base64' ? 'base64' : 'utf8');
}

export function decodeMessage(text: string, encoding: 'base64' | 'none'): string {
  return encoding === 'base64' ? Buffer.from(text, 'base64').toString('utf8') : text;
}

/** A JSON array is a message an item; everything else is one message. */
export function toMessages(value: TypedData | null | undefined): Uint8Array[] {
  if (!value) return [];
  if (value.bytes !== undefined) return [value.bytes];
  const text = value.string ?? value.json ?? String(value.int ?? value.double ?? '');
  const parsed = tryParse(text);
  const items = Array.isArray(parsed) ? parsed : [parsed ?? text];
  return items.map((item) => Buffer.from(typeof item === 'string' ? item : JSON.stringify(item)));
}

function tryParse(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Client = ReturnType<typeof queueClient>;

async function sendCreating(client: Client, text: string): Promise<void> {
  try {
    await client.sendMessage(text);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await client.createIfNotExists();
    await client.sendMessage(text);
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === 404;
}
