import type { InvocationContext } from '@azure/functions';
import { submitBlob } from '../shared/batch/index.ts';
import { doWork } from './app.ts';

/** As much of Event Grid's `Microsoft.Storage.BlobCreated` as is trusted: which blob to look at. */
type BlobEvent = { readonly eventType?: string; readonly subject?: string };

/** The subject names the blob undecoded, unlike the URL beside it. */
const inputSubject = /^\/blobServices\/default\/containers\/batch-input\/blobs\/(.+)$/s;

/** Event Grid's notice of a new blob, delivered through a Storage queue: a file in `batch-input` is scored. */
export async function blobs(message: unknown, invocation: InvocationContext): Promise<void> {
  const { eventType, subject = '' } = message as BlobEvent;
  const name = eventType === 'Microsoft.Storage.BlobCreated' ? inputSubject.exec(subject)?.[1] : undefined;
  if (name !== undefined) await doWork(invocation, {}, (ctx) => submitBlob(ctx, name));
}
