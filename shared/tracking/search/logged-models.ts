import type { Context } from '../../context.ts';
import { CairnError, type Page } from '../../http/index.ts';
import {
  type Condition,
  conditionsOf,
  type Filter,
  isRough,
  matches,
  orderedPage,
  parseFilter,
  positionIn,
  positionToken,
  queryOf,
  type Source,
} from '../../search/index.ts';
import { maySee } from '../experiments/experiments.ts';
import { checkedExperimentId } from '../ids.ts';
import { type LoggedModel, type LoggedModelDocument, wholeModel } from '../logged-models/model.ts';
import {
  type DatasetFilter,
  fieldsOf,
  measuredOn,
  type ModelOrder,
  orderKeys,
  withStatusNames,
} from './logged-model-fields.ts';

export type LoggedModelSearch = {
  readonly experimentIds: readonly string[];
  /** In MLflow's search language; a metric is compared with the latest of each run and dataset. */
  readonly filter?: string | undefined;
  /** Only metrics of these datasets are compared; without any comparison, models that have one of them. */
  readonly datasets: readonly DatasetFilter[];
  readonly orderBy: readonly ModelOrder[];
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

const experimentIdsMax = 1000;

/** Newest first, of one instant by id: the composite index of the container. */
const tail = [
  { path: ['createdAt'], descending: true },
  { path: ['modelId'], descending: false },
] as const;

/**
 * Models of some experiments, as far as the caller may see these, that fulfil a filter, in order, deleted ones left out. There is a token exactly
 * where there is more; it is good for the same search only.
 */
export async function searchLoggedModels(
  ctx: Context,
  search: LoggedModelSearch,
): Promise<Page<LoggedModel>> {
  const { datasets, orderBy, limit } = search;
  const experimentIds = [...new Set(search.experimentIds.map(checkedExperimentId))].toSorted();
  if (experimentIds.length > experimentIdsMax)
    throw new CairnError('invalid', `At most ${experimentIdsMax} experiment_ids can be searched at once.`, {
      field: 'experiment_ids',
    });
  const filter = parseFilter(search.filter, fieldsOf(datasets)).map(withStatusNames);
  const ordering = { keys: orderKeys(orderBy), tail };
  const identity = [ctx.workspace, experimentIds, search.filter ?? '', datasets, orderBy];
  const after = positionIn(search.pageToken, identity, ordering);
  const seen = experimentIds.filter((id) => maySee(ctx, id));
  const sources = seen.map((id) => modelsOf(ctx, id, [...filter, ...measuredOn(datasets, filter)]));
  const { items, next } = await orderedPage({ sources, filter, ordering, limit, after });
  return { items: items.map(wholeModel), ...(next && { nextToken: positionToken(next, identity) }) };
}

/** The models of one experiment, in any order. */
function modelsOf(ctx: Context, experimentId: string, filter: Filter): Source<LoggedModelDocument> {
  const documents = ctx.stores.documents('logged-models');
  const key = [experimentId];
  const fixed: Condition[] = [
    (bind) => `c.experimentId = ${bind(experimentId)} AND c.type = 'logged-model'`,
    (bind) => `c.workspace = ${bind(ctx.workspace)} AND c.lifecycle.stage = 'active'`,
    ...conditionsOf(filter),
  ];
  const rough = filter.filter(isRough);
  return async (conditions, orderBy, limit) => {
    const query = queryOf('*', [...fixed, ...conditions], orderBy);
    if (rough.length === 0) return documents.query<LoggedModelDocument>(query, { key, limit });
    const found: LoggedModelDocument[] = [];
    for await (const page of documents.pages<LoggedModelDocument>(query, { key, limit })) {
      found.push(...page.filter((model) => matches(rough, wholeModel(model))));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  };
}
