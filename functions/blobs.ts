import type { InvocationContext } from '@azure/functions';
import { workContext } from './app.ts';

/** Event Grid's notice of a new blob, delivered through a Storage queue. */
export async function blobs(_message: unknown, invocation: InvocationContext): Promise<void> {
  await workContext(invocation);
}
