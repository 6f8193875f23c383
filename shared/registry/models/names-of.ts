import type { Context } from '../../context.ts';
import type { ModelRoot } from '../model.ts';

/** The names that models of the workspace go by now, by id; those that are not there are left out. */
export async function modelNames(ctx: Context, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await ctx.stores.documents('models').query<Pick<ModelRoot, 'modelId' | 'name'>>(
    {
      text: "SELECT c.modelId, c.name FROM c WHERE c.type = 'model' AND ARRAY_CONTAINS(@ids, c.modelId)",
      values: { ids: [...ids] },
    },
    { key: [ctx.workspace], consistency: 'strong' },
  );
  return new Map(rows.map(({ modelId, name }) => [modelId, name]));
}
