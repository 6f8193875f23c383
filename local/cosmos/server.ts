import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Emulator } from './emulator.ts';
import { ConnectionLost } from './wire.ts';

/** More than any request of the protocol; what is larger is refused unread. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;

export type HttpServer = { endpoint: string; port: number; close(): Promise<void> };

/**
 * Serves an emulator over HTTP, on loopback only.
 *
 * @param port 0 lets the system choose
 * @throws Error with code EADDRINUSE where the port is taken
 */
export async function listen(emulator: Emulator, port: number): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(emulator, request, response).catch((error: unknown) => refuse(response, error));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${actual}`, port: actual, close: () => stop(server) };
}

async function answer(emulator: Emulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request);
  if (body === undefined) {
    response.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ code: 'RequestEntityTooLarge', message: 'The request is too large.' }));
    return;
  }
  const {
    status,
    headers,
    body: text,
  } = await emulator.send({
    method: request.method ?? 'GET',
    url: `http://${request.headers.host ?? '127.0.0.1'}${request.url ?? '/'}`,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    ...(body !== '' && { body }),
  });
  const hasBody = status !== 204 && status !== 304;
  response.writeHead(status, hasBody ? { ...headers, 'content-length': Buffer.byteLength(text) } : headers);
  response.end(hasBody ? text : undefined);
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof ConnectionLost || response.headersSent) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  response.writeHead(500, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code: 'InternalServerError', message }));
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
