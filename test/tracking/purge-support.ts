import type { Stores } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import type { ContainerName } from '../../shared/resources.ts';

const operations = new Set(['read', 'write', 'batch', 'query', 'remove', 'removeBelow']);

/** The same stores, but that each operation on documents and blobs first waits for `before`, which may throw. */
export function interrupted(ctx: Context, before: () => Promise<void>): Context {
  const wrapped = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as (...args: unknown[]) => unknown;
        if (!operations.has(String(property))) return method;
        return async (...args: unknown[]) => {
          await before();
          return method(...args);
        };
      },
    });
  const { stores } = ctx;
  const documents = Object.assign((name: ContainerName) => wrapped(stores.documents(name)), stores.documents);
  const blobs: Stores['blobs'] = (name) => wrapped(stores.blobs(name));
  return { ...ctx, stores: { ...stores, documents, blobs } };
}

/** Does something just before the operation at `index`, once. */
export function at(ctx: Context, index: number, act: () => Promise<void>): Context {
  let next = 0;
  return interrupted(ctx, async () => {
    if (next++ === index) await act();
  });
}

/** Every document and blob of an experiment, itself included, but for events: they are records, and stay. */
export async function placesOf(ctx: Context, experimentId: string): Promise<string[]> {
  const { documents, blobs } = ctx.stores;
  const root = await documents('experiments').read([ctx.workspace], `experiment:${experimentId}`);
  const found = root ? [`${root.doc.type} ${experimentId}`] : [];
  for (const container of ['runs', 'logged-models'] as const) {
    const rows = await documents(container).query<{ type: string; of: string; id: string }>(
      {
        text: "SELECT c.type, c.runId ?? c.modelId AS of, c.id FROM c WHERE c.experimentId = @experimentId AND c.type != 'event'",
        values: { experimentId },
      },
      { key: [experimentId], consistency: 'strong' },
    );
    found.push(...rows.map(({ type, of, id }) => `${type} ${of} ${id}`));
  }
  for (const container of ['artifacts', 'overflow'] as const)
    for await (const { name } of blobs(container).walk(`${ctx.workspace}/${experimentId}/`))
      found.push(`${container} ${name}`);
  return found.toSorted();
}
