import type { CosmosClientOptions } from '@azure/cosmos';
import type { Emulator } from './emulator.ts';
import { ConnectionLost, type WireRequest, type WireResponse } from './wire.ts';

export type HttpClient = NonNullable<CosmosClientOptions['httpClient']>;
type PipelineRequest = Parameters<HttpClient['sendRequest']>[0];
type PipelineResponse = Awaited<ReturnType<HttpClient['sendRequest']>>;

const YIELD_EVERY = 32;

/** Plugs an emulator of this process into `new CosmosClient({httpClient})`: no socket, no server. */
export function inProcessHttpClient(emulator: Emulator): HttpClient {
  let requests = 0;
  return httpClientOver(async (request) => {
    // As with a socket, timers and other work get their turn now and then.
    if (++requests % YIELD_EVERY === 0) await new Promise(setImmediate);
    return emulator.send(request);
  });
}

/** An HTTP client for the SDK over any way to get an answer. */
export function httpClientOver(send: (request: WireRequest) => Promise<WireResponse>): HttpClient {
  return {
    async sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
      if (request.abortSignal?.aborted) throw aborted();
      const wire: WireRequest = {
        method: request.method,
        url: request.url,
        headers: request.headers.toJSON(),
      };
      if (typeof request.body === 'string') wire.body = request.body;
      try {
        const { status, headers, body } = await send(wire);
        return { request, status, headers: new ResponseHeaders(headers), bodyAsText: body };
      } catch (error) {
        // The name and code that the SDK's own client gives to a connection that broke.
        if (error instanceof ConnectionLost) {
          throw Object.assign(new Error(error.message), { name: 'RestError', code: 'REQUEST_SEND_ERROR' });
        }
        throw error;
      }
    },
  };
}

function aborted(): Error {
  return Object.assign(new Error('The request was aborted.'), { name: 'AbortError' });
}

/** The few headers of an answer, in the form that the SDK's pipeline asks for. */
class ResponseHeaders {
  readonly #headers: Map<string, string>;

  constructor(headers: Record<string, string>) {
    this.#headers = new Map(Object.entries(headers));
  }

  get(name: string): string | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  set(name: string, value: string | number | boolean): void {
    this.#headers.set(name.toLowerCase(), String(value));
  }

  delete(name: string): void {
    this.#headers.delete(name.toLowerCase());
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.#headers);
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#headers.entries();
  }
}
