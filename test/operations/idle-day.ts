import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { InvocationContext } from '@azure/functions';
import { tick } from '../../functions/tick.ts';
import type { TestServer } from '../support/server.ts';

/** What a time without any caller used: of functions, metadata, storage and logs. */
export type IdleUse = {
  readonly hours: number;
  readonly timerRuns: number;
  /** Messages that the queue functions worked on. */
  readonly messages: number;
  readonly requests: number;
  readonly requestUnits: number;
  /** Requests to storage, without the polls of the queues: those are the host's. */
  readonly blobTransactions: number;
  readonly queueTransactions: number;
  /** Of what the functions wrote; the host adds some lines to each invocation. */
  readonly logBytes: number;
};

const minute = 60_000;
/** A message is fetched and removed. */
const transactionsOfMessage = 2;

/**
 * Lets time pass for a stack that nobody calls: the timer fires each minute, and the queue functions work on what that
 * brings. Clocks of this process are put forward and stay there, so that a day takes seconds; those of storage are not.
 */
export async function idle(server: TestServer, hours: number): Promise<IdleUse> {
  const { meter } = server.ctx.stores.documents;
  const storage = countedStorage(process.env['AzureWebJobsStorage'] ?? '');
  const before = { ...meter, lines: server.logged.length };
  let timerRuns = 0;
  let messages = 0;
  try {
    for (let at = 0; at < hours * 60; at++) {
      moveClocks(minute);
      const { sent } = storage;
      await tick({} as never, timerInvocation(server.logged));
      timerRuns++;
      if (storage.sent > sent) messages += await server.drain();
    }
  } finally {
    storage.end();
  }
  return {
    hours,
    timerRuns,
    messages,
    requests: meter.requests - before.requests,
    requestUnits: meter.requestUnits - before.requestUnits,
    blobTransactions: storage.blobs,
    queueTransactions: storage.sent + messages * transactionsOfMessage,
    logBytes: server.logged.slice(before.lines).reduce((sum, line) => sum + Buffer.byteLength(line), 0),
  };
}

const { now } = Date;
const monotonic = performance.now.bind(performance);
let moved = 0;

function moveClocks(milliseconds: number): void {
  moved += milliseconds;
  Date.now = () => now() + moved;
  performance.now = () => monotonic() + moved;
}

/** Counts the requests of this process to a storage account: to blobs, and of messages that are sent. */
function countedStorage(connectionString: string) {
  const portOf = (service: string) =>
    new URL(new RegExp(`${service}Endpoint=([^;]+)`).exec(connectionString)?.[1] ?? '').port;
  const counted = { blobs: 0, sent: 0, end: () => unsubscribe(channel, count) };
  const channel = 'http.client.request.start';
  const [blobs, queues] = [portOf('Blob'), portOf('Queue')];
  function count(message: unknown) {
    const { request } = message as { request: ClientRequest };
    const to = String(request.getHeader('host')).split(':')[1];
    if (to === blobs) counted.blobs++;
    if (to === queues && request.method === 'POST') counted.sent++;
  }
  subscribe(channel, count);
  return counted;
}

function timerInvocation(logged: string[]): InvocationContext {
  const log = (line: string) => void logged.push(line);
  return { invocationId: crypto.randomUUID(), info: log, warn: log, error: log } as never;
}
