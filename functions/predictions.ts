import type { InvocationContext } from '@azure/functions';
import type { Envelope } from '../shared/azure/index.ts';
import { keepQueued, queueAgain } from '../shared/predictions/index.ts';
import { doWork } from './app.ts';

/** Rows of calls to endpoints that must lose none: a message brings those of all that wait into the log. */
export async function predictions(message: unknown, invocation: InvocationContext): Promise<void> {
  const parsed = objectOf(message);
  await doWork(invocation, parsed, (ctx) => keepQueued(ctx, parsed));
}

/** Those that failed as often as the host tries: they go back to the queue. */
export async function predictionsPoison(message: unknown, invocation: InvocationContext): Promise<void> {
  const parsed = objectOf(message);
  await doWork(invocation, parsed, (ctx) => queueAgain(ctx, parsed));
}

/** What is no JSON comes as text. */
function objectOf(message: unknown): Partial<Envelope> & { readonly text?: unknown } {
  return typeof message === 'object' && message !== null ? message : { text: message };
}
