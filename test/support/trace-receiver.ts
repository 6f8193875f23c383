import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** What a target of traces was sent: each body as JSON. */
export type TraceReceiver = {
  readonly url: string;
  readonly bodies: unknown[];
  /** What it answers with; 200 at first. */
  status: number;
  stop(): Promise<void>;
};

/** A server on this machine that takes what is sent to it, as a collector of OpenTelemetry or Application Insights. */
export async function traceReceiver(tls?: { key: string; certificate: string }): Promise<TraceReceiver> {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    void (async () => {
      const body = await bodyOf(request);
      if (receiver.status === 200) receiver.bodies.push(body);
      const items = Array.isArray(body) ? body.length : 0;
      const taken = { itemsReceived: items, itemsAccepted: items, errors: [] };
      response.writeHead(receiver.status, { 'content-type': 'application/json' }).end(JSON.stringify(taken));
    })();
  };
  const server = tls
    ? createSecureServer({ key: tls.key, cert: tls.certificate }, answer)
    : createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: TraceReceiver = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies: [],
    status: 200,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const bytes = Buffer.concat(await request.toArray());
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
  return JSON.parse(text.toString());
}

/** A span as OTLP has it in JSON. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export type OtlpSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code: number };
};

type OtlpBody = {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
};

/** All spans that a collector was sent. */
export function otlpSpans({ bodies }: TraceReceiver): OtlpSpan[] {
  return (bodies as OtlpBody[]).flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
}
