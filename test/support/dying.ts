import type { Context } from '../../shared/context.ts';
import type { ContainerName } from '../../shared/resources.ts';

/** A context whose documents, in these containers, refuse every write after the first `writes`: the process ends there. */
export function dyingAfter(
  ctx: Context,
  writes: number,
  mortal: readonly ContainerName[],
): { dying: Context; died: () => boolean } {
  let left = writes;
  let dead = false;
  const { documents } = ctx.stores;
  const open = (name: ContainerName) => {
    const container = documents(name);
    if (!mortal.includes(name)) return container;
    return new Proxy(container, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as (...given: unknown[]) => unknown;
        if (property !== 'write' && property !== 'batch') return method;
        return (...given: unknown[]) => {
          if (left-- > 0) return method(...given);
          dead = true;
          throw new Error('The process has died.');
        };
      },
    });
  };
  const stores = {
    ...ctx.stores,
    documents: Object.assign(open, { ...documents, meter: documents.meter }) as typeof documents,
  };
  return { dying: { ...ctx, stores }, died: () => dead };
}
