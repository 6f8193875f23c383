/**
 * HTTP as the service does it: the request goes to the HTTP proxy inside `@azure/functions`, the invocation
 * names it by id, and the answer comes back on the proxied connection.
 */
import { randomUUID } from 'node:crypto';
import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Server } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endWith, type Exchange, type HttpCall, requestHeaders, traceOf } from './http.ts';
import { invoke } from './invoke.ts';
import type { ProgrammingModel, TypedData } from './rpc.ts';

export interface LibraryProxy {
  /** Null when the app did not turn HTTP streaming on. */
  port: number | null;
  close(): void;
}

/**
 * Asks the app for its capabilities, which ends its setup and, with streaming on, opens the library's
 * proxy. The library would listen on every interface and keeps no handle: here it listens on loopback only,
 * and can be closed.
 */
export async function openLibraryProxy(model: ProgrammingModel): Promise<LibraryProxy> {
  const servers: Server[] = [];
  const listen = Reflect.get(Server.prototype, 'listen');
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    servers.push(this);
    const listening = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
    return listen.call(this, { port: 0, host: '127.0.0.1' }, listening);
  } as typeof listen;
  let asked: Promise<Record<string, string>>;
  try {
    // The library calls `listen` before its first await.
    asked = model.getCapabilities({});
  } finally {
    Server.prototype.listen = listen;
  }
  const { HttpUri: uri } = await asked;
  return {
    port: uri === undefined ? null : Number(new URL(uri).port),
    close() {
      for (const server of servers) {
        server.close();
        if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
          server.closeAllConnections();
        }
      }
    },
  };
}

/**
 * Kept alive, so that the library's server reads on what a function left unread instead of resetting the
 * connection; never reused, since that server may close an idle one at any moment.
 */
const agent = new Agent({ keepAlive: true, maxFreeSockets: 0 });

/** Carries HTTP invocations through the library's proxy on `port`. */
export function callThroughLibrary(port: number): HttpCall {
  return async (options, exchange) => {
    const { fn, request, response, params, abort } = exchange;
    const invocationId = randomUUID();
    const proxied = forward(port, invocationId, exchange, options.bodyBytesMax);
    let answering = false;
    const failed = new Promise<never>((_, reject) => {
      proxied.on('error', (error) => {
        // Once the answer has begun, it does not matter what becomes of the rest of the body.
        if (!answering) reject(error);
      });
      abort.signal.addEventListener('abort', () => {
        proxied.destroy();
        // The function is not waited for: the library would let it write into nothing for as long as it likes.
        reject(new Error('Nobody takes the answer any more.'));
      });
    });
    failed.catch(() => {});
    const returned = new Promise<IncomingMessage>((resolve) => {
      proxied.once('response', resolve);
    });
    const delivered = returned.then((answer) => {
      answering = true;
      return deliver(answer, exchange);
    });
    delivered.catch(() => {});

    try {
      const invoked = invoke(options.app, fn, {
        invocationId,
        data: { http: {} },
        triggerMetadata: metadataOf(request, params),
        ...traceOf(request),
      });
      invoked.catch(() => {});
      const { result, response: outputs } = await Promise.race([invoked, failed]);
      await options.outputs.write(fn, outputs);
      // With no result the library never ends the proxied response: that is for the host to do.
      if (result === undefined || result === null) return endWith(response, 204);
      await Promise.race([delivered, failed]);
    } finally {
      proxied.destroy();
    }
  };
}

function forward(port: number, invocationId: string, exchange: Exchange, bytesMax: number): ClientRequest {
  const { request, progress, overflow } = exchange;
  const host = request.headers.host ?? '127.0.0.1';
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const length = request.headers['content-length'];
  const proxied = httpRequest({
    host: '127.0.0.1',
    port,
    agent,
    method: request.method,
    path: request.url,
    headers: {
      'x-ms-invocation-id': invocationId,
      'x-forwarded-host': host,
      'x-forwarded-proto': 'http',
      ...(hasBody && length !== undefined && { 'content-length': length }),
    },
  });
  if (!hasBody) {
    request.resume();
    proxied.end();
    return proxied;
  }
  let received = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      progress();
      received += chunk.byteLength;
      if (received > bytesMax) {
        overflow();
        return done(new Error(`The request body is larger than ${bytesMax} bytes.`));
      }
      done(null, chunk);
    },
  });
  // Not a pipeline: that would end the client's connection with the proxied one, answer and all.
  const fail = (error: Error) => proxied.destroy(error);
  request.on('error', fail).pipe(limit).on('error', fail).pipe(proxied);
  proxied.once('close', () => {
    request.unpipe(limit);
    request.resume();
  });
  return proxied;
}

async function deliver(answer: IncomingMessage, { response, progress }: Exchange): Promise<void> {
  if (response.writableEnded) return;
  response.statusCode = answer.statusCode ?? 500;
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    const local = name === 'x-ms-invocation-id' || name === 'connection' || name === 'keep-alive';
    if (local || name === 'transfer-encoding' || values === undefined) continue;
    response.setHeader(name, values.length === 1 ? (values[0] ?? '') : values);
  }
  response.flushHeaders();
  answer.on('data', progress);
  await pipeline(answer, response);
}

/** Header lines of one name are joined, as the service hands them over. */
function metadataOf(request: IncomingMessage, params: Record<string, string>): Record<string, TypedData> {
  const metadata: Record<string, TypedData> = {};
  for (const [name, value] of Object.entries(params)) metadata[name] = { string: value };
  metadata['Headers'] = { json: JSON.stringify(Object.fromEntries(requestHeaders(request))) };
  return metadata;
}
