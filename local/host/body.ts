/** The request body as a function reads it: bounded, with back-pressure, ended when the client is gone. */
import type { IncomingMessage } from 'node:http';

/** Bodies up to this size are read before the function starts, which spares it a stream. */
const BUFFERED_BYTES_MAX = 64 * 1024;
/** Read ahead of the function at most. */
const AHEAD_BYTES_MAX = 256 * 1024;

export class BodyTooLarge extends Error {
  override name = 'BodyTooLarge';
}

/**
 * @param bytesMax more than this fails the body with {@link BodyTooLarge}, after `overflow` was called.
 * @param progress called for each piece that arrives.
 * @returns null where HTTP gives no body, or where `Request` accepts none (GET, HEAD).
 */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
  progress: () => void,
  overflow: () => void,
): Promise<Buffer | ReadableStream<Uint8Array> | null> {
  const length = request.headers['content-length'];
  const empty =
    length === undefined ? request.headers['transfer-encoding'] === undefined : Number(length) === 0;
  if (empty || request.method === 'GET' || request.method === 'HEAD') {
    request.resume();
    return null;
  }
  if (length !== undefined && Number(length) <= BUFFERED_BYTES_MAX) {
    const body = await whole(request);
    progress();
    return body;
  }
  return stream(request, bytesMax, progress, overflow);
}

/** A stream of bytes that are at hand. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

function whole(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => {
      if (!request.complete)
        reject(new Error('The client closed the connection before the body was complete.'));
    });
  });
}

function stream(
  request: IncomingMessage,
  bytesMax: number,
  progress: () => void,
  overflow: () => void,
): ReadableStream<Uint8Array> {
  let received = 0;
  let open = true;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const fail = (error: Error) => {
          if (!open) return;
          open = false;
          controller.error(error);
        };
        request.on('data', (chunk: Buffer) => {
          progress();
          received += chunk.byteLength;
          if (received > bytesMax && open) {
            overflow();
            fail(new BodyTooLarge(`The request body is larger than ${bytesMax} bytes.`));
          }
          if (!open) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) request.pause();
        });
        request.on('end', () => {
          if (!open) return;
          open = false;
          controller.close();
        });
        request.on('error', fail);
        request.on('close', () =>
          fail(new Error('The client closed the connection before the body was complete.')),
        );
        request.pause();
      },
      pull() {
        request.resume();
      },
      cancel() {
        // What the function does not want is still read, so that the client can finish and see the answer.
        open = false;
        request.resume();
      },
    },
    { highWaterMark: AHEAD_BYTES_MAX, size: (chunk) => chunk.byteLength },
  );
}
