import type { InvocationContext } from '@azure/functions';
import { workContext } from './app.ts';

/** One chunk of a batch job. */
export async function chunks(_message: unknown, invocation: InvocationContext): Promise<void> {
  await workContext(invocation);
}
