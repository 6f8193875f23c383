import type { InvocationContext } from '@azure/functions';
import { tick } from '../../functions/tick.ts';
import type { TestServer } from '../support/server.ts';
import { storageMeter } from './meter.ts';

/** What a time without any caller used: of functions, metadata, storage and logs. */
export type IdleUse = {
  readonly hours: number;
  readonly timerRuns: number;
  /** Messages that the queue functions worked on. */
  readonly messages: number;
  readonly requests: number;
  readonly requestUnits: number;
  /** Requests to storage, without the polls of the queues: those are the host's. */
  readonly blobWrites: number;
  readonly blobReads: number;
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
  const storage = storageMeter();
  const before = { ...meter, lines: server.logged.length };
  let timerRuns = 0;
  let messages = 0;
  try {
    for (let at = 0; at < hours * 60; at++) {
      moveClocks(minute);
      const sent = storage.messages;
      await tick({} as never, timerInvocation(server.logged));
      timerRuns++;
      if (storage.messages > sent) messages += await server.drain();
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
    blobWrites: storage.blobWrites,
    blobReads: storage.blobReads,
    queueTransactions: storage.messages + messages * transactionsOfMessage,
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

function timerInvocation(logged: string[]): InvocationContext {
  const log = (line: string) => void logged.push(line);
  return { invocationId: crypto.randomUUID(), info: log, warn: log, error: log } as never;
}
