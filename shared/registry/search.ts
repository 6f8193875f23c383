import type { Context } from '../context.ts';
import type { Page } from '../http/index.ts';
import {
  type Attribute,
  type Condition,
  conditionsOf,
  type Entity,
  type Filter,
  listed,
  nullable,
  numeric,
  orderedPage,
  type Ordering,
  parseFilter,
  parseOrder,
  positionIn,
  positionToken,
  property,
  queryOf,
  type Source,
  type Table,
  textual,
} from '../search/index.ts';
import type { ModelRoot, ModelVersion } from './model.ts';

export type RegistrySearch = {
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

/** Prompts are models with this tag; a search leaves them out unless it asks for them. */
const promptTag = 'mlflow.prompt.is_prompt';

const tags: Entity = {
  name: 'tag',
  aliases: ['tags'],
  ordered: false,
  keys: 'any',
  column: (key) => ({ kind: 'text', path: ['tags', key] }),
  operators: nullable,
};

/** What MLflow's filters and orders may name of a registered model (`SearchModelUtils`). */
const modelFields: Table = {
  bare: 'attribute',
  entities: [
    {
      name: 'attribute',
      aliases: ['attributes'],
      keys: {
        name: text('name'),
        creation_timestamp: { ...number('createdAt'), aliases: ['timestamp'] },
        last_updated_timestamp: number('updatedAt'),
      },
    },
    tags,
  ],
};

/** The same of a model version (`SearchModelVersionUtils`). */
const versionFields: Table = {
  bare: 'attribute',
  entities: [
    {
      name: 'attribute',
      aliases: ['attributes'],
      keys: {
        name: text('name', listed),
        version_number: { ...number('version'), aliases: ['version'] },
        run_id: { column: { kind: 'text', path: ['runId'] }, operators: listed },
        source_path: { ...text('source'), aliases: ['source'] },
        creation_timestamp: number('createdAt'),
        last_updated_timestamp: number('updatedAt'),
      },
    },
    tags,
  ],
};

/** Registered models that fulfil a filter, by name unless told otherwise. There is a token exactly where there is more. */
export function searchModels(ctx: Context, search: RegistrySearch): Promise<Page<ModelRoot>> {
  return searched<ModelRoot>(ctx, search, {
    type: 'model',
    fields: modelFields,
    defaultOrder: [],
    tail: [{ path: ['name'], descending: false }],
  });
}

/** Model versions that fulfil a filter, the last changed first. There is a token exactly where there is more. */
export function searchVersions(ctx: Context, search: RegistrySearch): Promise<Page<ModelVersion>> {
  return searched<ModelVersion>(ctx, search, {
    type: 'version',
    fields: versionFields,
    defaultOrder: ['last_updated_timestamp DESC'],
    tail: [
      { path: ['name'], descending: false },
      { path: ['version'], descending: true },
    ],
  });
}

type Kind = {
  readonly type: 'model' | 'version';
  readonly fields: Table;
  readonly defaultOrder: readonly string[];
  readonly tail: Ordering['tail'];
};

async function searched<T>(ctx: Context, search: RegistrySearch, kind: Kind): Promise<Page<T>> {
  const orderBy = search.orderBy?.length ? search.orderBy : kind.defaultOrder;
  const { filter, prompts } = withoutPromptTag(parseFilter(search.filter, kind.fields));
  const ordering: Ordering = { keys: parseOrder(orderBy, kind.fields), tail: kind.tail };
  const identity = [kind.type, ctx.workspace, search.filter ?? '', orderBy];
  const after = positionIn(search.pageToken, identity, ordering);
  const fixed = [ofType(ctx, kind.type), arePrompts(prompts), ...conditionsOf(filter)];
  const source: Source<T> = (conditions, order, limit) =>
    ctx.stores
      .documents('models')
      .query<T>(queryOf('*', [...fixed, ...conditions], order), { key: [ctx.workspace], limit });
  const { items, next } = await orderedPage({
    sources: [source],
    filter,
    ordering,
    limit: search.limit,
    after,
  });
  return { items, ...(next && { nextToken: positionToken(next, identity) }) };
}

/** What a filter says of prompts, apart from the rest: `!= 'true'` is true also of what has no such tag. */
function withoutPromptTag(filter: Filter): { filter: Filter; prompts: boolean } {
  const isOfPrompts = ({ field }: Filter[number]) => field.entity === 'tag' && field.key === promptTag;
  const prompts = filter.some(
    (comparison) =>
      isOfPrompts(comparison) &&
      comparison.test.kind === 'oneOf' &&
      comparison.test.values.includes('true') !== comparison.test.negated,
  );
  return { filter: filter.filter((comparison) => !isOfPrompts(comparison)), prompts };
}

function arePrompts(prompts: boolean): Condition {
  const isPrompt = `(${property(['tags', promptTag])} ?? 'false') = 'true'`;
  return () => (prompts ? isPrompt : `NOT (${isPrompt})`);
}

function ofType({ workspace }: Context, type: string): Condition {
  return (bind) => `c.workspace = ${bind(workspace)} AND c.type = ${bind(type)}`;
}

function text(name: string, operators: Attribute['operators'] = textual): Attribute {
  return { column: { kind: 'text', path: [name], always: true }, operators };
}

function number(name: string): Attribute {
  return { column: { kind: 'number', path: [name], always: true }, operators: numeric };
}
