import { lookup as systemLookup } from 'node:dns/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { inSpan } from '../telemetry/index.ts';
import { isPublicAddress, literalAddress, type Targets, type UrlName, whyNoTarget } from './target.ts';

type Address = { readonly address: string; readonly family: number };

/** Every address of a host name; fails where there is none. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true });

/** What became of a request: an answer, no answer, or none sent because the receiver is not a permitted one. */
export type Exchanged =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      /** The answer as it came; of one that is too long, or breaks off, the beginning. */
      readonly bytes: Buffer;
      readonly isWhole: boolean;
    }
  | {
      readonly outcome: 'unreachable';
      readonly reason: string;
      /** Whether all the time that a receiver has was spent on it. */
      readonly waited?: true;
    }
  | { readonly outcome: 'forbidden'; readonly reason: string };

export type Exchange = {
  readonly url: string;
  /** What the URL is called where it is refused. */
  readonly name: UrlName;
  /** POST unless said otherwise; a GET sends no bytes. */
  readonly method?: 'GET' | 'POST';
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly targets: Targets;
  /** How its host is found; by the system's resolver unless said otherwise. */
  readonly resolve?: Resolve;
  /** For all of it: finding, connecting, sending, and the answer. */
  readonly millisecondsMax: number;
  /** No more of the answer is read. */
  readonly answerBytesMax: number;
};

/**
 * Posts bytes to a server outside, or asks it for something, and reads what it answers. The name is resolved once and every
 * address of it must be permitted; the connection goes to one of exactly these, so that a second answer of the
 * DNS cannot lead elsewhere. Redirects are not followed and no connection is kept. Never throws for what the
 * receiver or the network does; reasons say nothing of addresses.
 */
export function exchange(asked: Exchange): Promise<Exchanged> {
  const { method = 'POST', url } = asked;
  return inSpan(method, 'client', async (span) => {
    const exchanged = await exchangeIn(asked);
    if (!span) return exchanged;
    span.attributes['http.request.method'] = method;
    if (URL.canParse(url)) span.attributes['server.address'] = new URL(url).host;
    if (exchanged.outcome === 'answered') span.attributes['http.response.status_code'] = exchanged.status;
    else span.fail({ code: exchanged.outcome });
    return exchanged;
  });
}

async function exchangeIn(asked: Exchange): Promise<Exchanged> {
  // It may have been permitted when it was given.
  const why = await whyNoTarget(asked.url, asked.targets, asked.name);
  if (why !== undefined) return { outcome: 'forbidden', reason: why };
  const target = new URL(asked.url);
  const timeout = AbortSignal.timeout(asked.millisecondsMax);
  try {
    const addresses = await before(timeout, addressesOf(target.hostname, asked.resolve ?? systemResolve));
    if (asked.targets === 'public' && !(await arePublic(addresses)))
      return { outcome: 'forbidden', reason: 'the host does not resolve to public addresses only' };
    return await posted(asked, target, addresses, timeout);
  } catch (error) {
    if (timeout.aborted) return { outcome: 'unreachable', reason: late(asked), waited: true };
    return { outcome: 'unreachable', reason: reasonOf(error) };
  }
}

async function addressesOf(hostname: string, resolve: Resolve): Promise<readonly Address[]> {
  const literal = literalAddress(hostname);
  if (literal !== undefined) return [{ address: literal, family: literal.includes(':') ? 6 : 4 }];
  const addresses = await resolve(hostname);
  if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
  return addresses;
}

async function arePublic(addresses: readonly Address[]): Promise<boolean> {
  const verdicts = await Promise.all(addresses.map(({ address }) => isPublicAddress(address)));
  return verdicts.every(Boolean);
}

function posted(
  { method = 'POST', bytes, headers, answerBytesMax }: Exchange,
  target: URL,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<Exchanged> {
  return new Promise((settle, fail) => {
    const begin = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = begin(target, {
      method,
      headers: method === 'GET' ? headers : { ...headers, 'Content-Length': bytes.byteLength },
      agent: false,
      lookup: pinned(addresses),
      signal,
    });
    let answered: (() => void) | undefined;
    request.on('response', (response) => {
      answered = () => {
        settle(read.answer());
        request.destroy();
      };
      const read = beginningOf(response, answerBytesMax, answered);
    });
    request.on('upgrade', (response, socket) => {
      // Nobody else ends a connection that is handed over.
      socket.destroy();
      settle(answerOf(response, Buffer.alloc(0), answerBytesMax));
    });
    // Once there is a status it is the answer, though the rest of it does not come.
    request.on('error', (error) => (answered ? answered() : fail(error)));
    request.end(method === 'GET' ? undefined : bytes);
  });
}

/** Answers every look-up of a connection with the addresses that were checked. */
function pinned(addresses: readonly Address[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** Reads a response until its end, or as much as is kept of it; calls `done` then. */
function beginningOf(response: IncomingMessage, bytesMax: number, done: () => void): { answer(): Exchanged } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > bytesMax) done();
  });
  response.on('end', done);
  response.on('error', done);
  return {
    answer: () => answerOf(response, Buffer.concat(chunks), bytesMax),
  };
}

function answerOf(
  { statusCode = 0, headers, complete }: IncomingMessage,
  bytes: Buffer,
  bytesMax: number,
): Exchanged {
  return {
    outcome: 'answered',
    status: statusCode,
    headers,
    bytes: bytes.subarray(0, bytesMax),
    isWhole: complete && bytes.byteLength <= bytesMax,
  };
}

/** The value of a promise, unless the signal comes before: not every system call can be told to end. */
async function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, over]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function late({ millisecondsMax }: Exchange): string {
  return `no answer within ${millisecondsMax / 1000} s`;
}

/** Why there was no answer, in words that tell nothing of the network this runs in. */
function reasonOf(error: unknown): string {
  const code = String((error as { code?: unknown }).code ?? '');
  const known = reasons[code];
  if (known !== undefined) return known;
  if (/CERT|SIGNATURE|ERR_TLS/.test(code)) return `its TLS certificate is not accepted (${code})`;
  if (/SSL|EPROTO/.test(code)) return 'it does not speak TLS as it should';
  if (code.startsWith('HPE_')) return 'it did not answer in HTTP';
  return 'the connection failed';
}

const reasons: Partial<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before an answer came',
  EPIPE: 'the connection was closed before an answer came',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up just now',
  EAI_NODATA: 'the host name has no address',
  ETIMEDOUT: 'the connection took too long',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the host cannot be reached',
};
