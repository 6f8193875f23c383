import { Readable } from 'node:stream';
import type { BlockBlobClient, BlockBlobUploadOptions } from '@azure/storage-blob';

/** Bytes of one block of a streamed upload; a stream holds at most {@link uploadParallel} of them in memory. */
const uploadBlockBytes = 4 * 1024 * 1024;
const uploadParallel = 4;

/** Streams a blob up: what fits one block as one write, larger ones in blocks and a list of them. */
export async function uploadBlob(
  client: BlockBlobClient,
  data: Readable,
  options: Pick<BlockBlobUploadOptions, 'blobHTTPHeaders' | 'abortSignal'>,
): Promise<void> {
  const rest: AsyncIterator<Uint8Array> = data[Symbol.asyncIterator]();
  const { head, ended } = await firstBlock(rest);
  if (ended) await client.upload(head, head.length, options);
  else
    await client.uploadStream(Readable.from(joined(head, rest)), uploadBlockBytes, uploadParallel, options);
}

/** The bytes up to the size of a block, and whether there were no more. */
async function firstBlock(data: AsyncIterator<Uint8Array>): Promise<{ head: Buffer; ended: boolean }> {
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; bytes <= uploadBlockBytes; ) {
    const { done, value } = await data.next();
    if (done) return { head: Buffer.concat(chunks), ended: true };
    chunks.push(value);
    bytes += value.byteLength;
  }
  return { head: Buffer.concat(chunks), ended: false };
}

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}
