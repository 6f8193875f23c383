import { CosmosError } from './errors.ts';
import { ConnectionLost } from './wire.ts';

/** The kinds of request that the emulator tells apart. */
export type Operation =
  | 'account'
  | 'database'
  | 'container'
  | 'offer'
  | 'ranges'
  | 'create'
  | 'read'
  | 'replace'
  | 'upsert'
  | 'delete'
  | 'patch'
  | 'batch'
  | 'bulk'
  | 'query'
  | 'queryPlan'
  | 'readFeed'
  | 'changeFeed'
  | 'deletePartition';

/** What goes wrong, where, and how often. */
export type Fault = {
  /** The kinds of request that are hit; all where it is left out. */
  operations?: Operation[];
  /** The id of the container that is hit; all where it is left out. */
  container?: string;
  /** The answer's status, or `drop` for a connection that breaks. */
  outcome: 408 | 410 | 429 | 449 | 503 | 'drop';
  /** `x-ms-substatus`; 1002 for 410 and 3200 for 429 where it is left out. */
  substatus?: number;
  retryAfterMs?: number;
  /** `before` the request is carried out, or `after` its commit. */
  point?: 'before' | 'after';
  /** How many requests are hit before the fault is over; no end where it is left out. */
  count?: number;
  /** The chance of each request to be hit, from 0 to 1; 1 where it is left out. */
  probability?: number;
};

/** The faults that are injected. Which requests a probability hits depends on the seed alone. */
export class Faults {
  #faults: { fault: Fault; left: number }[] = [];
  #random: () => number;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
  }

  /** @returns a function that ends the fault */
  inject(fault: Fault): () => void {
    const entry = { fault, left: fault.count ?? Infinity };
    this.#faults.push(entry);
    return () => {
      this.#faults = this.#faults.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#faults = [];
  }

  /** @throws CosmosError or ConnectionLost where a fault hits the request */
  strike(point: 'before' | 'after', operation: Operation, container: string | undefined): void {
    for (const entry of this.#faults) {
      const { fault } = entry;
      if ((fault.point ?? 'before') !== point || entry.left === 0) continue;
      if (fault.operations && !fault.operations.includes(operation)) continue;
      if (fault.container !== undefined && fault.container !== container) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      entry.left--;
      throw toError(fault);
    }
  }
}

function toError({ outcome, substatus, retryAfterMs }: Fault): Error {
  switch (outcome) {
    case 'drop':
      return new ConnectionLost();
    case 410:
      return new CosmosError(410, 'The partition key range is gone.', { substatus: substatus ?? 1002 });
    case 429:
      return new CosmosError(429, 'The request rate is too large.', {
        substatus: substatus ?? 3200,
        retryAfterMs: retryAfterMs ?? 10,
      });
    default:
      return new CosmosError(outcome, 'A fault was injected.', {
        ...(substatus !== undefined && { substatus }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
  }
}

/** A small random generator that gives the same numbers for the same seed (Tommy Ettinger, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
