import { CairnError } from '../../http/index.ts';
import {
  type Attribute,
  type Column,
  type Entity,
  type Filter,
  listed,
  numeric,
  type OrderKey,
  type Table,
} from '../../search/index.ts';
import { datasetKey, loggedModelStatuses } from '../logged-models/model.ts';
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

const orderKeysMax = 10;
const metricsPrefix = 'metrics.';

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

/** What a filter may name, metrics being those of the datasets, where any is asked for. */
export function fieldsOf(datasets: readonly DatasetFilter[]): Table {
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
export function measuredOn(datasets: readonly DatasetFilter[], filter: Filter): Filter {
  if (datasets.length === 0 || filter.some(({ field }) => field.entity === 'metrics')) return [];
  const column: Column = {
    kind: 'text',
    path: ['key'],
    within: { list: ['metrics'], any: elementsOf(datasets) },
  };
  const field = { entity: 'datasets', key: '', column, operators: [], ordered: false };
  return [{ field, test: { kind: 'present', negated: false } }];
}

/** The keys of an order. Throws `invalid` for what has none. */
export function orderKeys(orderBy: readonly ModelOrder[]): OrderKey[] {
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
export function withStatusNames(comparison: Filter[number]): Filter[number] {
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
