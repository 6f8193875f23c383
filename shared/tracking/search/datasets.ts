import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { maySee } from '../experiments/experiments.ts';
import type { DatasetInput } from '../model.ts';

/** A dataset that runs of an experiment used, as something. */
export type DatasetSummary = Pick<DatasetInput, 'name' | 'digest' | 'context'> & {
  readonly experimentId: string;
};

const experimentIdsMax = 20;
const summariesMax = 1000;

/** What datasets the runs of some experiments used, as far as the caller may see these, each once per context, by name; at most 1000. */
export async function searchDatasets(
  ctx: Context,
  experimentIds: readonly string[],
): Promise<DatasetSummary[]> {
  const refuse = (message: string) => {
    throw new CairnError('invalid', message, { field: 'experiment_ids' });
  };
  if (experimentIds.length === 0) refuse('SearchDatasets request must specify at least one experiment_id.');
  if (experimentIds.length > experimentIdsMax)
    refuse(
      `SearchDatasets request cannot specify more than ${experimentIdsMax} experiment_ids. Received ${experimentIds.length} experiment_ids.`,
    );
  const ids = [...new Set(experimentIds)].filter((id) => maySee(ctx, id));
  const found = await Promise.all(ids.map((experimentId) => datasetsOf(ctx, experimentId)));
  return found.flat().slice(0, summariesMax);
}

async function datasetsOf(ctx: Context, experimentId: string): Promise<DatasetSummary[]> {
  const found = await ctx.stores.documents('runs').query<Omit<DatasetSummary, 'experimentId'>>(
    {
      // The name of each element is indexed: only runs that used a dataset are read.
      text: `SELECT DISTINCT d.name, d.digest, d.context FROM c JOIN d IN c.datasets
        WHERE c.experimentId = @experimentId AND c.type = 'run' AND c.workspace = @workspace AND IS_DEFINED(d.name)`,
      values: { experimentId, workspace: ctx.workspace },
    },
    { key: [experimentId], limit: summariesMax },
  );
  return found
    .map((dataset) => ({ experimentId, ...dataset }))
    .toSorted(
      (a, b) =>
        byText(a.name, b.name) || byText(a.digest, b.digest) || byText(a.context ?? '', b.context ?? ''),
    );
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
