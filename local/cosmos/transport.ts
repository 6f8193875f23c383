import { Worker } from 'node:worker_threads';
import { EMULATOR_KEY } from './auth.ts';
import type { EmulatorOptions } from './emulator.ts';
import { type HttpClient, httpClientOver } from './http-client.ts';
import { optionsFrom } from './settings.ts';
import { ConnectionLost, type WireResponse } from './wire.ts';
import type { FromWorker, ToWorker } from './worker.ts';

type Settings = Readonly<Record<string, string | undefined>>;

/** A connection to an emulator on another thread of this process. */
export type Transport = {
  endpoint: string;
  key: string;
  /** A token as an identity has, to be used in place of the key: nobody else can reach the thread, so that signing each request would only take time. */
  tokenProvider: () => Promise<string>;
  httpClient: HttpClient;
  /** Empties the account, databases and containers too. */
  reset(): Promise<void>;
  /** Deletes every item; databases and containers stay. */
  deleteItems(): Promise<void>;
  close(): Promise<void>;
};

const ENDPOINT = 'http://127.0.0.1:8081';
const TOKEN = Promise.resolve('type=aad&ver=1.0&sig=local');

/** The emulators of this process that keep their data in a folder: one thread a folder, shared. */
const shared = new Map<string, { thread: Promise<EmulatorThread>; users: number }>();
const inMemory = new Set<EmulatorThread>();

/**
 * Connects to the emulator that the settings describe, see {@link optionsFrom}. Connections to the same folder share
 * one emulator, which ends with the last of them.
 *
 * @throws Error where a setting is not valid, or the folder cannot be used
 */
export async function createTransport(settings: Settings): Promise<Transport> {
  return connect(optionsFrom(settings));
}

/** As {@link createTransport}, from options. */
export async function connect(options: Omit<EmulatorOptions, 'now'>): Promise<Transport> {
  const folder = options.data ?? null;
  const thread = folder === null ? await EmulatorThread.start(options) : await acquire(folder, options);
  if (folder === null) inMemory.add(thread);
  let isOpen = true;
  return {
    endpoint: ENDPOINT,
    key: options.key ?? EMULATOR_KEY,
    tokenProvider: () => TOKEN,
    httpClient: httpClientOver(async (request) => {
      const answer = await thread.ask({ kind: 'request', request });
      return answer as WireResponse;
    }),
    reset: async () => void (await thread.ask({ kind: 'reset' })),
    deleteItems: async () => void (await thread.ask({ kind: 'delete-items' })),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      inMemory.delete(thread);
      if (folder === null) await thread.close();
      else await release(folder);
    },
  };
}

/** Deletes every item of the emulators that this process has open for the settings' folder, or in memory. */
export async function reset(settings: Settings): Promise<void> {
  const { data } = optionsFrom(settings);
  const known = data ? shared.get(data) : undefined;
  const threads = data ? (known ? [await known.thread] : []) : [...inMemory];
  await Promise.all(threads.map((thread) => thread.ask({ kind: 'delete-items' })));
}

async function acquire(folder: string, options: EmulatorOptions): Promise<EmulatorThread> {
  let entry = shared.get(folder);
  if (!entry) {
    entry = { thread: EmulatorThread.start(options), users: 0 };
    shared.set(folder, entry);
  }
  entry.users++;
  try {
    return await entry.thread;
  } catch (error) {
    shared.delete(folder);
    throw error;
  }
}

async function release(folder: string): Promise<void> {
  const entry = shared.get(folder);
  if (!entry || --entry.users > 0) return;
  shared.delete(folder);
  await (await entry.thread).close();
}

type Question = ToWorker extends infer Each ? (Each extends ToWorker ? Omit<Each, 'id'> : never) : never;
type Waiting = { resolve: (answer: WireResponse | undefined) => void; reject: (error: Error) => void };

/** The worker thread, and the questions that wait for its answers. It keeps the process alive only while some do. */
class EmulatorThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #unsent: ToWorker[] = [];
  #next = 0;

  static async start(options: EmulatorOptions): Promise<EmulatorThread> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { ...options, entra: true },
      execArgv: [],
    });
    const first = await new Promise<FromWorker | undefined>((resolve, reject) => {
      worker.once('message', ([message]: FromWorker[]) => resolve(message));
      worker.once('error', reject);
    });
    if (first?.kind === 'ready') return new EmulatorThread(worker);
    await worker.terminate();
    throw new Error(first?.kind === 'failed' ? first.message : 'The Cosmos emulator did not start.');
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (messages: FromWorker[]) => {
      for (const message of messages) this.#answer(message);
    });
    worker.on('error', (error: Error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new ConnectionLost()));
    worker.unref();
  }

  ask(question: Question): Promise<WireResponse | undefined> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
      // Waking the thread costs more than a question, so those of one turn go together.
      if (this.#unsent.push({ ...question, id }) === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
    this.#worker.postMessage(this.#unsent);
    this.#unsent.length = 0;
  }

  async close(): Promise<void> {
    await this.ask({ kind: 'close' });
    await this.#worker.terminate();
  }

  #answer(message: FromWorker): void {
    if (message.kind === 'ready' || message.kind === 'failed') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    switch (message.kind) {
      case 'response':
        return waiting?.resolve(message.response);
      case 'done':
        return waiting?.resolve(undefined);
      case 'lost':
        return waiting?.reject(new ConnectionLost());
      case 'error':
        return waiting?.reject(new Error(`The Cosmos emulator failed: ${message.message}`));
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
