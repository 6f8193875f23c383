/** Load on an HTTP server from this process: a fixed number of clients, each with one connection that it keeps. */
import { Agent, request } from 'node:http';

export type Request = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: unknown };
export type Answer = { readonly status: number; readonly text: string };

/** Times in milliseconds; `errors` are calls that did not end with 200. */
export type Measured = {
  readonly calls: number;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
  readonly perSecond: number;
};

export type Load = {
  readonly clients: number;
  /** Calls of each client at most. */
  readonly iterations: number;
  /** Calls begin for so long at most: what is slow is measured by fewer of them. */
  readonly secondsMax: number;
};

/** One server as its clients see it. */
export class Target {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  /** `headers` go with every call. */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = new URL(url);
    this.#headers = headers;
  }

  send({ method, path, body }: Request): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: this.#url.hostname,
          port: this.#url.port,
          method,
          path,
          headers: {
            ...this.#headers,
            ...(payload === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  /** The parsed answer. Throws where it is not 200. */
  async call<T>(method: Request['method'], path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.send({ method, path, body });
    if (status !== 200) throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Runs the calls that `next` makes, and hands each answer to `seen`. */
export async function measure(
  target: Target,
  { clients, iterations, secondsMax }: Load,
  next: (client: number, iteration: number) => Request,
  seen: (answer: Answer) => void = () => {},
): Promise<Measured> {
  const times: number[] = [];
  let errors = 0;
  const started = performance.now();
  const work = async (client: number) => {
    for (let i = 0; i < iterations && performance.now() - started < secondsMax * 1000; i++) {
      const before = performance.now();
      const answer = await target.send(next(client, i)).catch(() => undefined);
      times.push(performance.now() - before);
      if (answer?.status === 200) seen(answer);
      else errors++;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  const seconds = (performance.now() - started) / 1000;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { calls: times.length, errors, p50: at(0.5), p95: at(0.95), perSecond: times.length / seconds };
}

/** Runs `work` for 0 to `count` - 1, `width` at a time. */
export async function parallel(
  count: number,
  width: number,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
