import type { DirectUpload } from '../api/batch.ts';

const blocksAtOnce = 3;
const triesMax = 4;
const firstWaitMilliseconds = 500;

/** Storage did not take what was sent. Status 0: it did not answer. */
export class UploadError extends Error {
  readonly status: number;

  constructor(status: number, said = '') {
    super(
      status === 0
        ? 'Storage does not answer. What it has taken of the file stays there for now: try again.'
        : `Storage refused a part of the file (${status}${said && `, ${said}`}). Try again.`,
    );
    this.name = 'UploadError';
    this.status = status;
  }
}

type Source = {
  readonly file: Blob;
  /** Asks where to send it; again, with the upload that was begun, where that time is over. */
  readonly begin: (upload?: string) => Promise<DirectUpload>;
  /** Bytes that have been sent so far. */
  readonly onProgress?: (bytes: number) => void;
};

/**
 * One file on its way straight to storage. It is read piece by piece, never as a whole. A run that failed or was
 * stopped can be run again: it goes on with the blocks that are not there yet.
 */
export class FileUpload {
  readonly #source: Source;
  #ticket: DirectUpload | undefined;
  /** Of each block, or of the one piece: bytes that have gone out. */
  readonly #sent = new Map<number, number>();
  readonly #there = new Set<number>();
  #isDone = false;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Sends what is missing; the name that a job takes the file by. Throws {@link UploadError}, and an AbortError. */
  async run(signal: AbortSignal): Promise<string> {
    const { input, blocks } = (this.#ticket ??= await this.#source.begin());
    if (this.#isDone) return input;
    if (blocks === null) await this.#insist(0, this.#source.file, (to) => to.url, signal);
    else {
      await this.#sendBlocks(blocks, signal);
      const list = blocks.ids.map((id) => `<Latest>${id}</Latest>`).join('');
      const body = new Blob([`<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`]);
      await this.#insist(-1, body, (to) => `${to.url}&comp=blocklist`, signal);
    }
    this.#isDone = true;
    return input;
  }

  /** Several at once; where one fails for good the others stop, too. */
  async #sendBlocks({ ids, bytes }: NonNullable<DirectUpload['blocks']>, signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const missing = ids.map((id, at) => [id, at] as const).filter(([, at]) => !this.#there.has(at));
    let next = 0;
    const work = async () => {
      for (let each = missing[next++]; each; each = missing[next++]) {
        const [id, at] = each;
        const part = this.#source.file.slice(at * bytes, (at + 1) * bytes);
        await this.#insist(
          at,
          part,
          (to) => `${to.url}&comp=block&blockid=${encodeURIComponent(id)}`,
          either,
        );
        this.#there.add(at);
      }
    };
    try {
      await Promise.all(Array.from({ length: blocksAtOnce }, work));
    } catch (error) {
      failed.abort();
      throw error;
    }
  }

  /** Tries again what may pass by itself, and with another address where this one has run out. */
  async #insist(
    at: number,
    body: Blob,
    urlOf: (to: DirectUpload) => string,
    signal: AbortSignal,
  ): Promise<void> {
    for (let tries = 1; ; tries++) {
      const ticket = this.#ticket;
      if (!ticket) throw new Error('Nothing was begun.');
      try {
        // What says that a whole blob is sent would make one of a block, or of the list.
        const headers = {
          ...(ticket.blocks === null ? ticket.headers : {}),
          'content-type': 'application/octet-stream',
        };
        await put(urlOf(ticket), body, { headers, signal, onSent: (bytes) => this.#tell(at, bytes) });
        this.#tell(at, body.size);
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.#tell(at, 0);
        if (!(error instanceof UploadError) || tries === triesMax || !mayPass(error.status)) throw error;
        await pause(firstWaitMilliseconds * 2 ** (tries - 1), signal);
        if (error.status === 403 && this.#ticket === ticket)
          this.#ticket = await this.#source.begin(ticket.blocks?.upload);
      }
    }
  }

  #tell(at: number, bytes: number): void {
    // The list of the blocks is nothing of the file.
    if (at < 0) return;
    this.#sent.set(at, bytes);
    this.#source.onProgress?.([...this.#sent.values()].reduce((sum, each) => sum + each, 0));
  }
}

function mayPass(status: number): boolean {
  return status === 0 || status === 403 || status === 408 || status === 429 || status >= 500;
}

type PutOptions = {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
};

/** One request; `fetch` would not tell how much of its body has gone out. */
function put(url: string, body: Blob, { headers, signal, onSent }: PutOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const sending = new XMLHttpRequest();
  const stop = () => sending.abort();
  signal.addEventListener('abort', stop, { once: true });
  sending.upload.addEventListener('progress', ({ loaded }) => onSent(loaded));
  sending.addEventListener('load', () => {
    if (sending.status >= 200 && sending.status < 300) resolve();
    else reject(new UploadError(sending.status, /<Code>(\w+)</.exec(sending.responseText)?.[1]));
  });
  sending.addEventListener('error', () => reject(new UploadError(0)));
  sending.addEventListener('abort', () => reject(signal.reason as Error));
  sending.open('PUT', url);
  for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
  sending.send(body);
  return promise.finally(() => signal.removeEventListener('abort', stop));
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  signal.throwIfAborted();
}
