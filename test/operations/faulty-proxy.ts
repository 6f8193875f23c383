import { once } from 'node:events';
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { random } from '../../examples/ml/index.ts';

/** What a service does to a request: refuses it, or does what it asks and then says that it did not, or nothing. */
export type ProxyFault = {
  readonly kind: 'refused' | 'done-and-refused' | 'done-and-lost';
  readonly status?: 408 | 429 | 503;
  readonly headers?: Readonly<Record<string, string>>;
};

export type FaultyProxy = {
  readonly url: string;
  /** Of a request's method and path what befalls it; nothing where it is `undefined`. */
  fault: ((method: string, path: string) => ProxyFault | undefined) | undefined;
  /** What befell requests so far. */
  readonly struck: Record<string, number>;
  /** Every request: when it came, in milliseconds of the process. */
  readonly seen: { readonly method: string; readonly path: string; readonly at: number }[];
  close(): Promise<void>;
};

/** A proxy on loopback in front of the service at `target`. */
export async function faultyProxy(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const struck: Record<string, number> = {};
  const seen: FaultyProxy['seen'] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    struck,
    seen,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    seen.push({ method, path, at: performance.now() });
    const body = Buffer.concat(await request.toArray());
    const fault = proxy.fault?.(method, path);
    if (fault) {
      const name = `${fault.kind} ${fault.status ?? ''}`.trim();
      struck[name] = (struck[name] ?? 0) + 1;
    }
    if (fault?.kind === 'refused') return refuse(response, fault);
    const answer = await forwarded(request, body);
    if (fault?.kind === 'done-and-refused') {
      answer.resume();
      return refuse(response, fault);
    }
    if (fault?.kind === 'done-and-lost') {
      answer.resume();
      response.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  }

  async function forwarded(request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { method, url, headers } = request;
    const onward = ask({ hostname, port, method, path: url, headers });
    onward.end(body);
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    return answer;
  }

  return proxy;
}

function refuse(response: ServerResponse, { status = 503, headers = {} }: ProxyFault): void {
  const body = JSON.stringify({ code: String(status), message: 'The service is busy.' });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Faults that strike a share of the requests, by chance, each kind as often as the others. */
export function atRandom(share: number, faults: readonly ProxyFault[], seed: number) {
  const uniform = random(seed);
  return () => (uniform() < share ? faults[Math.floor(uniform() * faults.length)] : undefined);
}
