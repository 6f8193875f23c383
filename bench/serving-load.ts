/**
 * Load on a server by as many connections as callers, each of which asks again as soon as it has its answer. Raw
 * sockets that send the same bytes each time: the caller shares the machine with what it measures, and is to take
 * little of it.
 */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A request as it goes over the wire, again and again. */
export type Call = {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
};

export type Answer = { readonly status: number; readonly headers: string; readonly body: Buffer };

/** Times in milliseconds; `errors` are answers other than 2xx, `firstError` what one of them said. */
export type Measured = {
  readonly calls: number;
  readonly errors: number;
  readonly firstError?: string;
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
};

const headEnd = Buffer.from('\r\n\r\n');

/** Asks on `connections` connections for `seconds`; what is under way then is waited for. */
export async function load(url: string, call: Call, connections: number, seconds: number): Promise<Measured> {
  const bytes = requestOf(url, call);
  const lines = await Promise.all(Array.from({ length: connections }, () => Line.open(url)));
  const times: number[] = [];
  let errors = 0;
  let firstError: string | undefined;
  const started = performance.now();
  const deadline = started + seconds * 1000;
  await Promise.all(
    lines.map(async (line) => {
      for (let before = performance.now(); before < deadline; ) {
        const { status, body } = await line.ask(bytes);
        const now = performance.now();
        times.push(now - before);
        before = now;
        if (status >= 200 && status < 300) continue;
        errors++;
        firstError ??= `${status} ${body.toString().slice(0, 200)}`;
      }
    }),
  );
  const took = (performance.now() - started) / 1000;
  for (const line of lines) line.close();
  const sorted = Float64Array.from(times).toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    calls: times.length,
    errors,
    ...(firstError === undefined ? {} : { firstError }),
    p50: at(0.5),
    p99: at(0.99),
    perSecond: times.length / took,
  };
}

/** One answer. Throws where it is not 200. */
export async function ask(url: string, call: Call): Promise<Answer> {
  const line = await Line.open(url);
  try {
    const answer = await line.ask(requestOf(url, call));
    if (answer.status !== 200)
      throw new Error(`${call.path} answered ${answer.status}: ${answer.body.toString().slice(0, 500)}`);
    return answer;
  } finally {
    line.close();
  }
}

function requestOf(url: string, { path, headers, body }: Call): Buffer {
  const payload = Buffer.from(body as string);
  const fields = {
    host: new URL(url).host,
    'content-type': 'application/json',
    ...headers,
    'content-length': payload.length,
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head.join('')}\r\n`), payload]);
}

/** One connection, with one request on its way at most. */
class Line {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  /** Length of the whole answer, once its head has told; NaN for one in chunks. */
  #expected: number | undefined;
  #told: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  static async open(url: string): Promise<Line> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Line(socket);
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', (error) => this.#told?.reject(error));
    socket.on('close', () => this.#told?.reject(new Error('The server closed the connection.')));
  }

  ask(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#told = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#told = undefined;
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#length += bytes.length;
    if (this.#expected !== undefined && this.#length < this.#expected) return;
    const all = this.#received.length === 1 ? bytes : Buffer.concat(this.#received);
    this.#received = [all];
    const head = all.indexOf(headEnd);
    if (head < 0) return;
    const headers = all.toString('latin1', 0, head);
    const start = head + headEnd.length;
    const length = /^content-length: *(\d+)/im.exec(headers)?.[1];
    this.#expected = length === undefined ? Number.NaN : start + Number(length);
    const body = length === undefined ? unchunked(all, start) : all.subarray(start, this.#expected);
    if (body === undefined || this.#length < this.#expected) return;
    this.#received = [];
    this.#length = 0;
    this.#expected = undefined;
    this.#told?.resolve({ status: Number(headers.slice(9, 12)), headers, body });
  }
}

/** The body that comes in chunks from `at` on, `undefined` until the last one is there. RFC 9112, 7.1. */
function unchunked(all: Buffer, at: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (;;) {
    const end = all.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = Number.parseInt(all.toString('latin1', at, end), 16);
    const from = end + 2;
    if (all.length < from + size + 2) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(all.subarray(from, from + size));
    at = from + size + 2;
  }
}
