/** From what an HTTP function returned to bytes on the socket. */
import type { ServerResponse } from 'node:http';
import { HostError } from './errors.ts';
import type { Log } from './log.ts';

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Serialised `Set-Cookie` values; when present they take the place of the header of that name. */
  cookies: string[];
  body: Uint8Array | string | ReadableStream<Uint8Array> | null;
}

/** The parts of the library's HttpResponse, its HttpResponseInit and a `Response` that matter here. */
interface Returned {
  status?: number;
  headers?: HeadersInit;
  body?: BodyInit | null;
  jsonBody?: unknown;
  cookies?: Cookie[];
}

interface Cookie {
  name: string;
  value: string;
  domain?: string;
  path?: string;
  expires?: Date | number;
  secure?: boolean;
  httpOnly?: boolean;
  sameSite?: 'Strict' | 'Lax' | 'None';
  maxAge?: number;
}

const statusesWithoutBody = new Set([204, 205, 304]);

/** Never forwarded by the library's proxy either. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Reads a function's result as the library does; nothing returned is 204.
 * @throws HostError or RangeError for a result that is no response.
 */
export function toAnswer(result: unknown): HttpAnswer {
  if (result === undefined || result === null) {
    return { status: 204, headers: new Headers(), cookies: [], body: null };
  }
  if (typeof result !== 'object') {
    throw new HostError(
      `An HTTP function must return an object with status, headers and body, not a ${typeof result}.`,
    );
  }
  const returned: Returned = result;
  const bodiless = returned.status !== undefined && statusesWithoutBody.has(returned.status);
  const json = returned.jsonBody !== undefined && returned.jsonBody !== null;
  const body = bodiless ? null : json ? JSON.stringify(returned.jsonBody) : (returned.body ?? null);
  const init: ResponseInit = {
    ...(returned.status !== undefined && { status: returned.status }),
    headers: returned.headers ?? {},
  };
  // `Response` checks the status and chooses the content type that belongs to the body; bytes have none.
  const native = new Response(body instanceof Uint8Array ? null : body, init);
  if (json && !bodiless && !new Headers(returned.headers).has('content-type')) {
    native.headers.set('content-type', 'application/json');
  }
  const direct = typeof body === 'string' || body instanceof Uint8Array;
  return {
    status: native.status,
    headers: native.headers,
    cookies: (returned.cookies ?? []).map(serialiseCookie),
    body: direct ? body : native.body,
  };
}

/**
 * Writes the answer, waiting wherever the client is slower than the function.
 * @param signal aborted when the client is gone; the body is then cancelled.
 * @param progress called for each piece that was written.
 * @throws when the body fails midway; the response is then unfinished.
 */
export async function sendAnswer(
  answer: HttpAnswer,
  response: ServerResponse,
  signal: AbortSignal,
  progress: () => void,
  log: Log,
): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) {
    if (!hopByHop.has(name) && name !== 'set-cookie') response.setHeader(name, value);
  }
  setCookies(answer, response, log);
  const { body } = answer;
  const withoutBody = response.req.method === 'HEAD' || statusesWithoutBody.has(answer.status);
  if (body === null || withoutBody) {
    if (body instanceof ReadableStream) await body.cancel();
    if (body === null && !withoutBody) response.setHeader('content-length', 0);
    response.end();
    return;
  }
  if (!(body instanceof ReadableStream)) {
    response.setHeader('content-length', Buffer.byteLength(body));
    response.end(body);
    return;
  }
  // A stream may take long to say its first word; the status need not wait for it.
  response.flushHeaders();
  await pump(body, response, signal, progress);
}

async function pump(
  body: ReadableStream<Uint8Array>,
  response: ServerResponse,
  signal: AbortSignal,
  progress: () => void,
): Promise<void> {
  const reader = body.getReader();
  const cancel = () => {
    reader.cancel(signal.reason).catch(() => {});
  };
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      progress();
      if (!response.write(value)) await drained(response, signal);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  if (!signal.aborted) response.end();
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle);
      signal.removeEventListener('abort', settle);
      resolve();
    };
    response.once('drain', settle);
    signal.addEventListener('abort', settle, { once: true });
    if (signal.aborted) settle();
  });
}

/** The library's proxy keeps only the last of several `Set-Cookie` headers; here too, but not in silence. */
function setCookies(answer: HttpAnswer, response: ServerResponse, log: Log): void {
  const inHeaders = answer.headers.getSetCookie();
  if (answer.cookies.length > 0) {
    response.setHeader('set-cookie', answer.cookies);
  } else if (inHeaders.length > 0) {
    response.setHeader('set-cookie', inHeaders.slice(-1));
    if (inHeaders.length > 1) {
      log({
        level: 'warning',
        message: `${inHeaders.length} Set-Cookie headers were returned and all but the last are lost, as in Azure; return them as "cookies".`,
      });
    }
  }
}

function serialiseCookie(cookie: Cookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  if (cookie.maxAge !== undefined) parts.push(`Max-Age=${Math.floor(cookie.maxAge)}`);
  if (cookie.domain) parts.push(`Domain=${cookie.domain}`);
  if (cookie.path) parts.push(`Path=${cookie.path}`);
  if (cookie.expires !== undefined) parts.push(`Expires=${new Date(cookie.expires).toUTCString()}`);
  if (cookie.httpOnly) parts.push('HttpOnly');
  if (cookie.secure) parts.push('Secure');
  if (cookie.sameSite) parts.push(`SameSite=${cookie.sameSite}`);
  return parts.join('; ');
}
