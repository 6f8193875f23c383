/** The HTTP front: limits, routing and answers, around either way of reaching the function. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { BodyTooLarge, readBody, streamOf } from './body.ts';
import { describe } from './errors.ts';
import type { HttpFunction } from './functions.ts';
import type { Track } from './in-flight.ts';
import { type App, invokeInProcess } from './invoke.ts';
import type { QueueWriter } from './outputs.ts';
import { sendAnswer, toAnswer } from './response.ts';
import { matchRoute } from './routes.ts';

/** What Azure's front end accepts. */
const URL_CHARS_MAX = 8192;
const QUERY_CHARS_MAX = 4096;
/** How long a refused upload is read on, so that the client gets to the answer. */
const DRAIN_SECONDS = 5;

export interface HttpOptions {
  app: App;
  functions: HttpFunction[];
  outputs: QueueWriter;
  bodyBytesMax: number;
  /** A connection on which nothing moves for this long is answered 504, or cut if an answer has begun. */
  idleSecondsMax: number;
  customHeaders: Record<string, string>;
  /** Whether `/` is the host's own page rather than a function's. */
  homepage: boolean;
  /** Answers `/admin` and `/runtime`. */
  admin: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;
  /** Carries the invocation; the faithful mode replaces the in-process way. */
  call?: HttpCall;
  /** Ends event streams, which would else hold up a stop for as long as they like. */
  onStop: (end: () => void) => { dispose: () => void };
  track: Track;
}

export interface Exchange {
  fn: HttpFunction;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  params: Record<string, string>;
  /** Aborted when the client is gone, the time is up or the body is too large. */
  abort: AbortController;
  /** Something moved on the connection. */
  progress: () => void;
  /** The body outgrew the limit. */
  overflow: () => void;
}

export type HttpCall = (options: HttpOptions, exchange: Exchange) => Promise<void>;

export function createHttpServer(options: HttpOptions): Server {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    options.track(handle(options, request, response)).catch((error: unknown) => {
      options.app.log({ level: 'error', message: describe(error) });
      endWith(response, 500);
    });
  };
  const server = createServer(
    { keepAliveTimeout: 120_000, requestTimeout: 0, maxHeaderSize: 64 * 1024 },
    answer,
  );
  // A client that waits for leave to send learns of a refusal before it sends anything.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (declaredLength(request) <= options.bodyBytesMax) response.writeContinue();
    answer(request, response);
  });
  return server;
}

/** Ends a response with a bare status, or cuts the connection where an answer has already begun. */
export function endWith(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) if (name.startsWith('content-')) response.removeHeader(name);
  response.statusCode = status;
  response.statusMessage = STATUS_CODES[status] ?? '';
  response.setHeader('content-length', 0);
  response.end();
}

async function handle(
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(options.customHeaders)) response.setHeader(name, value);
  const target = request.url ?? '/';
  const url = targetUrl(request, target);
  if (url === null || hasTwoHosts(request)) return refuseRequest(response);
  if (target.length > URL_CHARS_MAX || url.search.length > QUERY_CHARS_MAX) return endWith(response, 414);
  if (/^\/(admin|runtime)(\/|$)/i.test(url.pathname)) return await options.admin(request, response, url);
  if (options.homepage && url.pathname === '/' && request.method === 'GET') return sendHomepage(response);

  const found = findFunction(options.functions, request.method ?? '', url.pathname);
  if (found === null) return endWith(response, 404);
  if (declaredLength(request) > options.bodyBytesMax) return refuseBody(request, response);
  await exchange(options, { ...found, request, response, url });
}

/** RFC 9112, 3.2: whoever stands in between may have read the other one. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((text, i) => i % 2 === 0 && /^host$/i.test(text)).length > 1;
}

/** Answers 400 and reads nothing more from the connection: where the request ends is not to be trusted. */
function refuseRequest(response: ServerResponse): void {
  response.setHeader('connection', 'close');
  response.shouldKeepAlive = false;
  endWith(response, 400);
}

function findFunction(functions: HttpFunction[], method: string, path: string) {
  for (const fn of functions) {
    if (fn.disabled || !fn.methods.includes(method)) continue;
    const params = matchRoute(fn.route, path);
    if (params !== null) return { fn, params };
  }
  return null;
}

async function exchange(
  options: HttpOptions,
  part: Omit<Exchange, 'abort' | 'progress' | 'overflow'>,
): Promise<void> {
  const { request, response } = part;
  const abort = new AbortController();
  const idle = setTimeout(() => {
    endWith(response, 504);
    abort.abort(new Error(`Nothing moved on the connection for ${options.idleSecondsMax} s.`));
    request.resume();
  }, options.idleSecondsMax * 1000);
  response.once('close', () => {
    clearTimeout(idle);
    if (!response.writableFinished) abort.abort(new Error('The client closed the connection.'));
  });
  const stopping = options.onStop(() => {
    if (!/^text\/event-stream/i.test(String(response.getHeader('content-type')))) return;
    response.end();
    abort.abort(new Error('The host is stopping.'));
  });
  const whole: Exchange = {
    ...part,
    abort,
    progress: () => idle.refresh(),
    overflow() {
      refuseBody(request, response);
      abort.abort(new BodyTooLarge('The request body is too large.'));
    },
  };
  try {
    await (options.call ?? callInProcess)(options, whole);
  } catch (error) {
    if (!abort.signal.aborted) {
      options.app.log({ level: 'error', function: part.fn.name, message: describe(error) });
    }
    if (!response.writableEnded) endWith(response, 500);
  } finally {
    stopping.dispose();
    if (response.writableEnded) clearTimeout(idle);
  }
}

const callInProcess: HttpCall = async (
  options,
  { fn, request, response, url, params, abort, progress, overflow },
) => {
  const { app } = options;
  const body = await readBody(request, options.bodyBytesMax, progress, overflow);
  const native = new Request(url, {
    method: request.method ?? 'GET',
    headers: requestHeaders(request),
    // A Request copies bytes, which takes longer than a stream of them does.
    body: body instanceof Uint8Array ? streamOf(body) : body,
    duplex: 'half',
  } as RequestInit);
  const { result, response: outputs } = await invokeInProcess(app, fn, {
    data: { http: { nativeRequest: native, params, method: native.method, url: native.url } },
    ...traceOf(request),
  });
  await options.outputs.write(fn, outputs);
  if (response.writableEnded) return;
  await sendAnswer(toAnswer(result), response, abort.signal, progress, app.log);
  // Many clients read no answer before all of their body has been taken, wanted or not.
  if (body instanceof ReadableStream && !body.locked) await body.cancel();
};

export function traceOf(request: IncomingMessage): {
  traceParent: string | undefined;
  traceState: string | undefined;
} {
  const { traceparent, tracestate } = request.headers;
  return { traceParent: oneOf(traceparent), traceState: oneOf(tracestate) };
}

/** Every header line as it came; lines of one name are joined by `Headers`. */
export function requestHeaders(request: IncomingMessage): Headers {
  const headers = new Headers();
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
  }
  return headers;
}

/** Answers 413 and closes, reading on for a while: a client busy sending would else never see the answer. */
function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.setHeader('connection', 'close');
  response.shouldKeepAlive = false;
  const { socket } = request;
  const cut = setTimeout(() => socket.destroy(), DRAIN_SECONDS * 1000);
  socket.once('close', () => clearTimeout(cut));
  request.resume();
  response.statusCode = 413;
  response.setHeader('content-length', 0);
  response.end();
}

function declaredLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

function targetUrl(request: IncomingMessage, target: string): URL | null {
  const host = request.headers.host ?? `${request.socket.localAddress}:${request.socket.localPort}`;
  // By concatenation: resolving `//a/b` against a base would take `a` for the host.
  return URL.parse(target.startsWith('/') ? `http://${host}${target}` : target);
}

function sendHomepage(response: ServerResponse): void {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end('<!doctype html><title>Functions host</title><p>Your Functions host is up and running.');
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
