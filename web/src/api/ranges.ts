import { request } from './client.ts';

/** The server hands out this much at once; a longer answer is a redirect to storage, which the page may not follow. */
const rangeBytesMax = 8 * 1024 * 1024;

/** The first `bytes` of a file, in as many ranges as it takes; it ends early where the file has become shorter. */
export async function* ranges(
  path: string,
  bytes: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes; ) {
    const last = Math.min(at + rangeBytesMax, bytes) - 1;
    const response = await request(path, {
      headers: { range: `bytes=${at}-${last}` },
      ...(signal ? { signal } : {}),
    });
    const part = new Uint8Array(await response.arrayBuffer()).subarray(0, bytes - at);
    yield part;
    at += part.length;
    if (at <= last) return;
  }
}

/** A whole file. Its parts are handed to the browser as they come: it keeps what is long on disk. */
export async function fileOf(path: string, bytes: number): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const part of ranges(path, bytes)) parts.push(new Blob([part]));
  return new Blob(parts);
}
