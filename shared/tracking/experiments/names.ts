import type { Context } from '../../context.ts';
import type { Experiment } from '../model.ts';

/** The names of experiments of the workspace by id, deleted ones included; those that are not there are left out. */
export async function experimentNames(ctx: Context, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await ctx.stores.documents('experiments').query<Pick<Experiment, 'experimentId' | 'name'>>(
    {
      text: "SELECT c.experimentId, c.name FROM c WHERE c.type = 'experiment' AND ARRAY_CONTAINS(@ids, c.experimentId)",
      values: { ids: [...ids] },
    },
    { key: [ctx.workspace], consistency: 'strong' },
  );
  return new Map(rows.map(({ experimentId, name }) => [experimentId, name]));
}
