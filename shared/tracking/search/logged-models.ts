import type { Context } from '../../context.ts';
import { CairnError, type Page } from '../../http/index.ts';
import {
  type Attribute,
  type Column,
  type Condition,
  conditionsOf,
  type Entity,
  type Filter,
  isRough,
  listed,
  matches,
  numeric,
  orderedPage,
  type OrderKey,
  parseFilter,
  positionIn,
  positionToken,
  queryOf,
  type Source,
  type Table,
} from '../../search/index.ts';
import { checkedExperimentId } from '../ids.ts';
import {
  datasetKey,
  type LoggedModel,
  type LoggedModelDocument,
  loggedModelStatuses,
  wholeModel,
} from '../logged-models/model.ts';
import { shortened } from '../texts.ts';

/** A dataset of which something was measured; any of its digests where none is named. */
export type DatasetFilter = { readonly name: string; readonly digest?: string | undefined };

export type ModelOrder = {
  /** An attribute, or `metrics.<key>`. */
  readonly field: string;
  readonly descending: boolean;
  /** Of a metric: only what was measured on this dataset counts. */
  readonly dataset?: DatasetFilter | undefined;
};

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
const orderKeysMax = 10;
const metricsPrefix = 'metrics.';

/** Newest first, of one instant by id: the composite index of the container. */
const tail = [
  { path: ['createdAt'], descending: true },
  { path: ['modelId'], descending: false },
] as const;

/** What MLflow's filters and orders may name of a logged model: mlflow/utils/search_logged_model_utils.py. */
const attributes: Readonly<Record<string, Attribute>> = {
  name: text('name'),
  model_id: text('modelId'),
  experiment_id: text('experimentId'),
  model_type: text('modelType'),
  status: text('status'),
  source_run_id: text('sourceRunId'),
  creation_timestamp: { ...time('createdAt'), aliases: ['creation_time', 'creation_timestamp_ms'] },
  last_updated_timestamp: { ...time('updatedAt'), aliases: ['last_updated_timestamp_ms'] },
};

/**
 * Models of some experiments that fulfil a filter, in order, deleted ones left out. There is a token exactly
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
  const sources = experimentIds.map((id) => modelsOf(ctx, id, [...filter, ...measuredOn(datasets, filter)]));
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

function fieldsOf(datasets: readonly DatasetFilter[]): Table {
  return {
    bare: 'attributes',
    entities: [
      { name: 'attributes', aliases: [], keys: attributes },
      {
        name: 'metrics',
        aliases: [],
        keys: 'any',
        column: (key) => ({
          kind: 'number',
          path: ['value'],
          nan: ['nan'],
          within: { list: ['metrics'], any: elementsOf(datasets, key) },
        }),
        operators: numeric,
      },
      texts('params'),
      texts('tags'),
    ],
  };
}

/** Equalities of a metric's element: its key, where one is asked for, and one of the datasets, where any is. */
function elementsOf(datasets: readonly DatasetFilter[], key?: string) {
  const ofKey = key === undefined ? [] : [{ path: ['key'], equals: key }];
  if (datasets.length === 0) return [ofKey];
  return datasets.map(({ name, digest }) => [
    ...ofKey,
    { path: ['dataset', 'name'], equals: name },
    ...(digest ? [{ path: ['dataset', 'digest'], equals: digest }] : []),
  ]);
}

/** That something was measured on one of the datasets, where no comparison of a metric says so. */
function measuredOn(datasets: readonly DatasetFilter[], filter: Filter): Filter {
  if (datasets.length === 0 || filter.some(({ field }) => field.entity === 'metrics')) return [];
  const column: Column = {
    kind: 'text',
    path: ['key'],
    within: { list: ['metrics'], any: elementsOf(datasets) },
  };
  const field = { entity: 'datasets', key: '', column, operators: [], ordered: false };
  return [{ field, test: { kind: 'present', negated: false } }];
}

function orderKeys(orderBy: readonly ModelOrder[]): OrderKey[] {
  if (orderBy.length > orderKeysMax)
    throw new CairnError('invalid', `order_by may have at most ${orderKeysMax} fields.`, {
      field: 'order_by',
    });
  const keys = new Map<string, OrderKey>();
  orderBy.forEach((order, i) => {
    const key = orderKey(order, `order_by[${i}].field_name`);
    const name = JSON.stringify(key.field.column.path);
    // What is sorted by a field already is not sorted by it again.
    if (!keys.has(name)) keys.set(name, key);
  });
  return [...keys.values()];
}

function orderKey({ field, descending, dataset }: ModelOrder, at: string): OrderKey {
  if (field.startsWith(metricsPrefix)) {
    const key = field.slice(metricsPrefix.length);
    const name = dataset ? datasetKey(key, dataset.name, dataset.digest || undefined) : key;
    const column: Column = dataset
      ? { kind: 'number', path: ['md', name], nan: ['mdn', name] }
      : { kind: 'number', path: ['m', name], nan: ['mn', name] };
    // Not of the filter's entity: that one compares with each run and dataset, this one is the latest of all.
    return {
      field: { entity: 'latest metric', key: name, column, operators: [], ordered: true },
      descending,
    };
  }
  const found = Object.entries(attributes).find(
    ([name, { aliases = [] }]) => name === field || aliases.includes(field),
  );
  if (found) {
    const [key, { column, operators }] = found;
    return { field: { entity: 'attributes', key, column, operators, ordered: true }, descending };
  }
  throw new CairnError(
    'invalid',
    `Invalid order by field name: ${field}${field.includes('.') ? '. Only metrics are supported.' : ''}`,
    { field: at },
  );
}

/** Statuses by the names and numbers that the protocol has for them, as the document names them. */
function withStatusNames(comparison: Filter[number]): Filter[number] {
  const { field, test } = comparison;
  if (field.column !== attributes['status']?.column || test.kind !== 'oneOf') return comparison;
  const values = test.values.map((value) => {
    const name = value.replace(/^LOGGED_MODEL_(UPLOAD_)?/, '');
    return loggedModelStatuses[Number(value) - 1] ?? name;
  });
  return { field, test: { ...test, values } };
}

function texts(name: 'params' | 'tags'): Entity {
  return {
    name,
    aliases: [],
    keys: 'any',
    column: (key) => ({ kind: 'text', path: [name, key], digest: ['long', name, key], shortened }),
    operators: listed,
  };
}

function text(property: string): Attribute {
  return { column: { kind: 'text', path: [property], always: true }, operators: listed };
}

function time(property: string): Attribute {
  return { column: { kind: 'number', path: [property], always: true }, operators: numeric };
}
