import type { InvocationContext } from '@azure/functions';
import type { Envelope } from '../shared/azure/index.ts';
import { type ChunkMessage, takeTurn } from '../shared/batch/index.ts';
import { doWork } from './app.ts';

/** One chunk of a batch job, and one of a smaller job that waits. */
export async function chunks(message: unknown, invocation: InvocationContext): Promise<void> {
  const parsed = message as ChunkMessage & Partial<Envelope>;
  await doWork(invocation, parsed, (ctx) => takeTurn(ctx, parsed));
}
