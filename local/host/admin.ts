/** The host's own endpoints, behind one key. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe } from './errors.ts';
import type { HostedFunction } from './functions.ts';
import { endWith } from './http.ts';
import type { Track } from './in-flight.ts';
import { type App, invoke } from './invoke.ts';
import type { QueueWriter } from './outputs.ts';
import type { TypedData } from './rpc.ts';
import { timerInput } from './timer.ts';

const INPUT_BYTES_MAX = 1024 * 1024;

export interface AdminOptions {
  app: App;
  id: string;
  key: string;
  functions: HostedFunction[];
  outputs: QueueWriter;
  /** Further endpoints, as `POST /admin/…`. They are reached from loopback only, with no key. */
  local: Record<string, () => Promise<void>>;
  track: Track;
}

export function createAdmin(options: AdminOptions) {
  const started = Date.now();
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const path = url.pathname.toLowerCase().replace(/\/$/, '');
    const operation = `${request.method} ${path}`;
    const local = options.local[operation];
    if (local && isLoopback(request)) {
      request.resume();
      await local();
      return endWith(response, 204);
    }
    if (path.startsWith('/runtime')) return endWith(response, 404);
    if (!authorised(options.key, request, url)) return endWith(response, 401);

    switch (operation) {
      case 'GET /admin/host/ping':
      case 'POST /admin/host/ping':
        return endWith(response, 200);
      case 'GET /admin/host/status':
        return sendJson(response, {
          id: options.id,
          state: 'Running',
          version: '4',
          processUptime: Date.now() - started,
        });
      case 'GET /admin/functions':
        return sendJson(response, options.functions.map(summary));
      default:
        return await trigger(options, request, response, path);
    }
  };
}

function summary(fn: HostedFunction) {
  const common = { name: fn.name, kind: fn.kind, isDisabled: fn.disabled };
  switch (fn.kind) {
    case 'http':
      return { ...common, route: `/${fn.route.template}`, methods: fn.methods };
    case 'queue':
      return { ...common, queue: fn.source.queueName };
    case 'timer':
      return { ...common, schedule: fn.schedule.text };
  }
}

async function trigger(
  options: AdminOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1];
  const fn = options.functions.find((each) => each.name.toLowerCase() === name);
  if (fn === undefined || request.method !== 'POST') return endWith(response, 404);
  const input = await readInput(request);
  // An HTTP function is called at its route, where its request can be given.
  if (input === null || fn.kind === 'http') return endWith(response, 400);
  const data: TypedData = fn.kind === 'timer' ? { json: timerInput(false, null) } : { string: input };
  const running = options.track(invoke(options.app, fn, { data, triggerMetadata: {} }));
  running
    .then(({ response: outputs }) => options.outputs.write(fn, outputs))
    .catch((error: unknown) => {
      options.app.log({ level: 'error', function: fn.name, message: describe(error) });
    });
  endWith(response, 202);
}

/** `input` of the JSON body as text; null when the body is not such JSON. */
async function readInput(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > INPUT_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  try {
    const body: { input?: unknown } | null = text === '' ? {} : JSON.parse(text);
    const input = body?.input ?? '';
    return typeof input === 'string' ? input : JSON.stringify(input);
  } catch {
    return null;
  }
}

function authorised(key: string, request: IncomingMessage, url: URL): boolean {
  const given = Buffer.from(String(request.headers['x-functions-key'] ?? url.searchParams.get('code') ?? ''));
  const expected = Buffer.from(key);
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
}

function isLoopback({ socket, headers }: IncomingMessage): boolean {
  // A page of another site can reach loopback through the browser, but cannot hide its origin.
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return false;
  return /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}
