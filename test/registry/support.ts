import type { Context } from '../../shared/context.ts';
import { isCode } from '../../shared/http/index.ts';

/** A request as clients make it: one that met too many others comes again. */
export async function insisting<T>(call: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await call();
    } catch (error) {
      if (!isCode(error, 'unavailable')) throw error;
    }
}

export class Died extends Error {}

/** A context of an instance that dies before a write, after so many of them. */
export function dyingAfter(ctx: Context, writes: number): Context {
  let left = writes;
  const documents = (name: Parameters<Context['stores']['documents']>[0]) => {
    const container = ctx.stores.documents(name);
    const alive = () => {
      if (left-- <= 0) throw new Died();
    };
    return {
      read: container.read.bind(container),
      query: container.query.bind(container),
      stream: container.stream.bind(container),
      pages: container.pages.bind(container),
      write: (...given: Parameters<typeof container.write>) => {
        alive();
        return container.write(...given);
      },
      batch: (...given: Parameters<typeof container.batch>) => {
        alive();
        return container.batch(...given);
      },
    };
  };
  const stores = { ...ctx.stores, documents: Object.assign(documents, ctx.stores.documents) };
  return { ...ctx, stores };
}
