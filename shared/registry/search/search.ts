import type { Key } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import type { Page } from '../../http/index.ts';
import {
  type Comparison,
  type Condition,
  conditionsOf,
  type Filter,
  onlyVisible,
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
} from '../../search/index.ts';
import { inTurns } from '../../turns.ts';
import type { ModelRoot, ModelVersion } from '../model.ts';
import { findByName, partition } from '../models/models.ts';
import { promptTag } from '../prompts.ts';
import { modelFields, versionFields } from './fields.ts';

export type RegistrySearch = {
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[] | undefined;
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

/** What a search tells of a version: all but what its artifact is, which may be long. */
export type FoundVersion = Pick<ModelVersion, (typeof shown)[number]> & {
  readonly inspection:
    | { readonly state: 'pending' | 'ready' }
    | { readonly state: 'refused'; readonly reason: string };
};

/** What its model says of a version: the name it goes by now, its stage, its aliases. */
export type VersionRoot = Pick<ModelRoot, 'modelId' | 'name' | 'stages' | 'aliases' | 'gone'>;

/** Found in one step; about so many bytes a page has at most, and one step more: it must fit an instance's memory. */
const foundAtOnceMax = 1000;
const pageBytesMax = 32 * 1024 * 1024;
const readsAtOnceMax = 16;
const rootsPerQueryMax = 500;

/** Registered models that fulfil a filter and that the caller may see, by name unless told otherwise. There is a token exactly where there is more. */
export async function searchModels(ctx: Context, search: RegistrySearch): Promise<Page<ModelRoot>> {
  return searched(ctx, planOf(ctx, search, models), search);
}

/**
 * Model versions that fulfil a filter and that the caller may see, the last changed first, each with what its model says of it. There is
 * a token exactly where there is more; a page ends before its limit where it has some tens of megabytes.
 */
export async function searchVersions(
  ctx: Context,
  search: RegistrySearch,
): Promise<Page<{ readonly root: VersionRoot; readonly version: FoundVersion }>> {
  const plan = planOf(ctx, search, versions);
  const named = await modelsNamed(ctx, plan.filter);
  if (named?.length === 0) return { items: [] };
  const page = await searched<FoundRow>(ctx, named ? within(ctx, plan, named) : plan, search);
  const roots = named ?? (await rootsOf(ctx, page.items));
  const byId = new Map(roots.map((root) => [root.modelId, root]));
  const items = page.items.flatMap((row) => {
    const root = byId.get(row.modelId);
    // Deleted since, be it the version or the whole model.
    return !root || root.gone.includes(row.version) ? [] : [{ root, version: foundVersion(row) }];
  });
  return { ...page, items };
}

type Kind = {
  readonly type: 'model' | 'version';
  readonly select: string;
  readonly fields: Table;
  readonly defaultOrder: readonly string[];
  readonly tail: Ordering['tail'];
};

const models: Kind = {
  type: 'model',
  select: '*',
  fields: modelFields,
  defaultOrder: [],
  tail: [{ path: ['name'], descending: false }],
};

const shown = [
  'modelId',
  'name',
  'version',
  'source',
  'loggedModelId',
  'runId',
  'runLink',
  'description',
  'userId',
  'tags',
  'createdAt',
  'updatedAt',
] as const;

const versions: Kind = {
  type: 'version',
  select: [
    ...shown.map((name) => `c.${name}`),
    'c.inspection.state AS state',
    'c.inspection.reason AS reason',
  ].join(', '),
  fields: versionFields,
  defaultOrder: ['last_updated_timestamp DESC'],
  tail: [
    { path: ['name'], descending: false },
    { path: ['version'], descending: true },
  ],
};

/** A row of the query above. */
type FoundRow = Omit<FoundVersion, 'inspection'> & { readonly state: string; readonly reason?: string };

function foundVersion({ state, reason = '', ...row }: FoundRow): FoundVersion {
  const inspection =
    state === 'refused'
      ? ({ state, reason } as const)
      : ({ state: state === 'ready' ? 'ready' : 'pending' } as const);
  return { ...row, inspection };
}

/** A search, taken apart: where it looks, for what, and in which order. */
type Plan = {
  readonly kind: Kind;
  readonly key: Key;
  readonly filter: Filter;
  readonly fixed: readonly Condition[];
  readonly ordering: Ordering;
  readonly identity: unknown;
};

function planOf(ctx: Context, search: RegistrySearch, kind: Kind): Plan {
  const orderBy = search.orderBy?.length ? search.orderBy : kind.defaultOrder;
  const { filter, prompts } = withoutPromptTag(parseFilter(search.filter, kind.fields));
  return {
    kind,
    key: [ctx.workspace],
    filter,
    fixed: [
      ofType(ctx, kind.type),
      arePrompts(prompts),
      ...onlyVisible(['modelId'], ctx.access.visible('model')),
    ],
    ordering: { keys: parseOrder(orderBy, kind.fields), tail: kind.tail },
    identity: [kind.type, ctx.workspace, search.filter ?? '', orderBy],
  };
}

async function searched<T>(
  ctx: Context,
  { kind, key, filter, fixed, ordering, identity }: Plan,
  { limit, pageToken }: RegistrySearch,
): Promise<Page<T>> {
  const conditions = [...fixed, ...conditionsOf(filter)];
  const source: Source<T> = (more, order, count) =>
    ctx.stores
      .documents('models')
      .query<T>(queryOf(kind.select, [...conditions, ...more], order), { key, limit: count });
  const items: T[] = [];
  let after = positionIn(pageToken, identity, ordering);
  for (let bytes = 0; ; ) {
    const step = Math.min(limit - items.length, foundAtOnceMax);
    const found = await orderedPage({ sources: [source], filter, ordering, limit: step, after });
    items.push(...found.items);
    after = found.next;
    if (after === undefined) return { items };
    bytes += found.items.reduce((sum, item) => sum + JSON.stringify(item).length, 0);
    if (items.length >= limit || bytes >= pageBytesMax)
      return { items, nextToken: positionToken(after, identity) };
  }
}

/**
 * The models that a filter names outright, `undefined` where it names none. Their versions are looked for by
 * the model, not by their copy of its name: it is right also just after a rename, and one partition answers.
 */
async function modelsNamed(ctx: Context, filter: Filter): Promise<ModelRoot[] | undefined> {
  const lists = filter.flatMap((comparison) => {
    const names = namesIn(comparison);
    return names ? [names] : [];
  });
  const [first, ...others] = lists;
  if (first === undefined) return undefined;
  const names = [...new Set(first)].filter((name) => others.every((list) => list.includes(name)));
  const found = await inTurns(names, readsAtOnceMax, (name) => findByName(ctx, name));
  return found.flatMap((stored) => (stored ? [stored.doc] : []));
}

/** The same search among the versions of some models. */
function within(ctx: Context, plan: Plan, named: readonly ModelRoot[]): Plan {
  const [first] = named;
  const key = first && named.length === 1 ? partition(ctx, first.modelId) : plan.key;
  const filter = plan.filter.filter((comparison) => namesIn(comparison) === undefined);
  return { ...plan, key, filter, fixed: [...plan.fixed, ofModels(named.map(({ modelId }) => modelId))] };
}

function ofModels(ids: readonly string[]): Condition {
  return (bind) =>
    ids.length === 1 ? `c.modelId = ${bind(ids[0] ?? '')}` : `c.modelId IN (${ids.map(bind).join(', ')})`;
}

/** The names that a comparison holds for, where it names them; `undefined` for a comparison of another kind. */
function namesIn({ field, test }: Comparison): readonly string[] | undefined {
  const names = field.entity === 'attribute' && field.key === 'name';
  return names && test.kind === 'oneOf' && !test.negated ? test.values : undefined;
}

/** What the models of some versions say of them, at a query for each five hundred models. */
async function rootsOf(ctx: Context, rows: readonly FoundRow[]): Promise<VersionRoot[]> {
  const ids = [...new Set(rows.map(({ modelId }) => modelId))];
  const roots: VersionRoot[] = [];
  for (let i = 0; i < ids.length; i += rootsPerQueryMax) {
    const some = ofModels(ids.slice(i, i + rootsPerQueryMax));
    roots.push(
      ...(await ctx.stores.documents('models').query<VersionRoot>(
        queryOf('c.modelId, c.name, c.stages, c.aliases, c.gone', [ofType(ctx, 'model'), some]),
        // A name, a stage or an alias that has just been changed is to be seen.
        { key: [ctx.workspace], consistency: 'strong' },
      )),
    );
  }
  return roots;
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
