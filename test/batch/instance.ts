import type { Stores } from '../../shared/azure/index.ts';
import type { Clock, Context } from '../../shared/context.ts';
import { CairnError } from '../../shared/http/index.ts';

/** What may become of one operation on storage whose process learns nothing of it, or that it failed. */
export const untold = [
  /** The process ends, and the operation never happens. */
  'dies before',
  /** The operation takes effect, and the process ends before it learns of it. */
  'dies after',
  /** The service refuses it for now. */
  'is refused',
  /** The service does it, and says that it could not. */
  'is done and refused',
] as const;
/** What may become of one that its process takes for done. */
export const told = [
  /** The client sends it again, since the answer of the first was lost. */
  'is done twice',
  /** It happens long after, when others have done all the work. */
  'comes late',
  /** It happens at once, and its process goes on with the answer long after. */
  'answers late',
] as const;
export const faults = [...untold, ...told] as const;

export type Fault = (typeof faults)[number];
/** What becomes of the operation with a number, from 1: a fault, or something that is done just before it. */
export type Strike = (count: number) => Fault | (() => Promise<unknown>) | undefined;

/** Where messages go instead of the queues. */
export type Send = (queue: string, message: object) => void;

const operations = {
  documents: new Set(['read', 'write', 'batch', 'query']),
  blobs: new Set([
    ...['stat', 'open', 'file', 'read', 'readStored', 'write', 'writeStream'],
    ...['stageBlock', 'commitBlocks', 'stagedBlocks', 'append', 'remove', 'removeBelow'],
  ]),
};

/**
 * One process of several on the same stores: counts its operations on them, and has one of them struck. Once it is
 * dead none of its operations happens and none is answered, so that nothing of it goes on, its timers neither.
 */
export class Instance {
  readonly ctx: Context;
  /** Operations so far. */
  count = 0;
  readonly died = Promise.withResolvers<'died'>();
  /** When the operation that comes late is about to. */
  readonly stalled = Promise.withResolvers<'stalled'>();
  /** Lets it happen. */
  readonly released = Promise.withResolvers<undefined>();
  #isDead = false;
  readonly #strike: Strike | undefined;

  constructor(
    ctx: Context,
    send: Send,
    { strike, clock = ctx.clock }: { strike?: Strike; clock?: Clock } = {},
  ) {
    this.#strike = strike;
    this.ctx = { ...ctx, clock, stores: this.#stores(ctx.stores, send) };
  }

  /** Ends it, whatever it does. */
  die(): void {
    this.#isDead = true;
    this.died.resolve('died');
  }

  async #operation<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never();
    const answer = await this.#struck(this.#strike?.(++this.count), act);
    return this.#isDead ? never() : answer;
  }

  async #struck<T>(fault: ReturnType<Strike>, act: () => Promise<T>): Promise<T> {
    if (typeof fault === 'function') {
      await fault();
      return act();
    }
    switch (fault) {
      case 'dies before':
        this.die();
        return never();
      case 'dies after':
        await act();
        this.die();
        return never();
      case 'is refused':
        throw refusal();
      case 'is done and refused':
        await act();
        throw refusal();
      case 'is done twice':
        await act();
        return act();
      case 'comes late':
        await this.#stall();
        return act();
      case 'answers late': {
        const answer = await act();
        await this.#stall();
        return answer;
      }
      case undefined:
        return act();
    }
  }

  #stall(): Promise<undefined> {
    this.stalled.resolve('stalled');
    return this.released.promise;
  }

  #stores(stores: Stores, send: Send): Stores {
    const { documents, blobs, queues } = stores;
    const open: Record<string, unknown> = {};
    const once = <T extends object>(name: string, make: () => T): T => (open[name] ??= make()) as T;
    return {
      ...stores,
      documents: Object.assign(
        (name: Parameters<typeof documents>[0]) =>
          once(`documents/${name}`, () => this.#counted(documents(name), operations.documents)),
        documents,
      ),
      blobs: (name) => once(`blobs/${name}`, () => this.#counted(blobs(name), operations.blobs)),
      queues: {
        ...queues,
        send: async (_ctx, queue, message) => {
          // What announces events is sent by a timer, at no place in the order of things.
          if ((message as { kind?: string }).kind === 'events') return undefined;
          return this.#operation(() => Promise.resolve(send(queue, message)));
        },
      },
    };
  }

  #counted<T extends object>(target: T, names: ReadonlySet<string>): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as (...given: unknown[]) => Promise<unknown>;
        if (!names.has(String(name))) return method;
        return (...given: unknown[]) => this.#operation(() => method(...given));
      },
    });
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

export function refusal(): CairnError {
  return new CairnError('unavailable', 'The storage account did not answer; try again shortly.');
}
