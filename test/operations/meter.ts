import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { TestServer } from '../support/server.ts';

/** What something used of metadata and storage. */
export type Use = {
  readonly requestUnits: number;
  readonly blobWrites: number;
  readonly blobReads: number;
  /** Messages sent; each is fetched and removed as well. */
  readonly messages: number;
};

/** Counts the requests of this process to its storage account until it is ended. */
export function storageMeter(connectionString = process.env['AzureWebJobsStorage'] ?? '') {
  const portOf = (service: string) =>
    new URL(new RegExp(`${service}Endpoint=([^;]+)`).exec(connectionString)?.[1] ?? '').port;
  const [blobs, queues] = [portOf('Blob'), portOf('Queue')];
  const channel = 'http.client.request.start';
  const counted = { blobWrites: 0, blobReads: 0, messages: 0, end: () => unsubscribe(channel, count) };
  function count(message: unknown) {
    const { request } = message as { request: ClientRequest };
    const port = String(request.getHeader('host')).split(':')[1];
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (port === blobs) counted[isRead ? 'blobReads' : 'blobWrites']++;
    if (port === queues && request.method === 'POST') counted.messages++;
  }
  subscribe(channel, count);
  return counted;
}

/** What `work` used, with all that followed from it. */
export async function useOf(server: TestServer, work: () => Promise<unknown>): Promise<Use> {
  const { meter } = server.ctx.stores.documents;
  const before = meter.requestUnits;
  const storage = storageMeter();
  try {
    await work();
    await server.drain();
  } finally {
    storage.end();
  }
  const { blobWrites, blobReads, messages } = storage;
  return { requestUnits: meter.requestUnits - before, blobWrites, blobReads, messages };
}
