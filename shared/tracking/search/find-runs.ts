import type { Context } from '../../context.ts';
import { CairnError, type Page } from '../../http/index.ts';
import {
  type Comparison,
  type Condition,
  conditionsOf,
  type Filter,
  isRough,
  matches,
  orderedPage,
  type Ordering,
  parseFilter,
  parseOrder,
  positionIn,
  positionOf,
  positionToken,
  property,
  queryOf,
  type Source,
} from '../../search/index.ts';
import { gate, inTurns } from '../../turns.ts';
import { findExperiment, maySee } from '../experiments/experiments.ts';
import type { Experiment, LifecycleStage, Run } from '../model.ts';
import { lifecycleOf } from '../runs/runs.ts';
import { completeRuns } from '../runs/texts.ts';
import { runFields } from './fields.ts';

export type RunSearch = {
  readonly experimentIds: readonly string[];
  /** In MLflow's search language; see `parseFilter`. */
  readonly filter?: string | undefined;
  /** Clauses such as `metrics.loss DESC`. Ties go by start, newest first, and then by run id. */
  readonly orderBy?: readonly string[] | undefined;
  readonly stages: readonly LifecycleStage[];
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

const experimentIdsMax = 10_000;
const experimentsPerQueryMax = 200;
/** Queries of one search that run at the same time. */
const queriesAtOnceMax = 16;

/** Newest first, of one instant by id: the composite index of the container. */
const tail = [
  { path: ['startTime'], descending: true },
  { path: ['runId'], descending: false },
] as const;

/** A search of runs, understood: what {@link findRuns} needs beside it. */
export type ParsedRunSearch = { readonly filter: Filter; readonly ordering: Ordering };

/** Throws `invalid` for a filter or an order that is wrong, with its position. */
export function parseRunSearch({ filter, orderBy = [] }: RunSearch): ParsedRunSearch {
  return {
    filter: parseFilter(filter, runFields),
    ordering: { keys: parseOrder(orderBy, runFields), tail },
  };
}

/**
 * Runs of some experiments, as far as the caller may see these, that fulfil a filter, in order, as documents: long texts cut, but with the stage that holds. Of each only what `select` says, a
 * list of SELECT that has what the search sorts and judges by: see table.ts.
 */
export async function findRuns(
  ctx: Context,
  search: RunSearch,
  { filter, ordering } = parseRunSearch(search),
  select = '*',
): Promise<Page<Run>> {
  const { limit, stages } = search;
  const ids = distinct(search.experimentIds);
  if (ids.length > experimentIdsMax)
    throw new CairnError('invalid', `At most ${experimentIdsMax} experiment_ids can be searched at once.`, {
      field: 'experiment_ids',
    });
  const after = positionIn(search.pageToken, searchIdentity(ctx, search), ordering);
  const experiments = await experimentsOf(ctx, ids);
  const inTurn = gate(queriesAtOnceMax);
  const sources = experiments.map((experiment): Source<Run> => {
    const source = runsOf(ctx, experiment, { filter, stages, select });
    return (...asked) => inTurn(() => source(...asked));
  });
  const { items, next } = await orderedPage({ sources, filter, ordering, limit, after });
  return { items, ...(next && { nextToken: positionToken(next, searchIdentity(ctx, search)) }) };
}

/** The token of a page that ends behind the first `count` of the runs that were found. */
export function tokenWithin(
  ctx: Context,
  search: RunSearch,
  { ordering }: ParsedRunSearch,
  found: readonly Run[],
  count: number,
): string {
  return positionToken(positionOf(found[count - 1], [found[count]], ordering), searchIdentity(ctx, search));
}

/** All that decides what a search finds and in which order. */
function searchIdentity({ workspace }: Context, search: RunSearch): unknown {
  const { experimentIds, filter = '', orderBy = [], stages } = search;
  return [workspace, distinct(experimentIds), filter, orderBy, stages];
}

function distinct(experimentIds: readonly string[]): string[] {
  return [...new Set(experimentIds)].toSorted();
}

/** Those of the experiments that exist and that the caller may see: one point read, or a query for many. */
async function experimentsOf(ctx: Context, asked: readonly string[]): Promise<Experiment[]> {
  const ids = asked.filter((id) => maySee(ctx, id));
  const [first] = ids;
  if (first !== undefined && ids.length === 1) {
    const experiment = await findExperiment(ctx, first);
    return experiment ? [experiment] : [];
  }
  const queries = Array.from({ length: Math.ceil(ids.length / experimentsPerQueryMax) }, (_, i) => {
    const some = ids.slice(i * experimentsPerQueryMax, (i + 1) * experimentsPerQueryMax);
    return queryOf('*', [
      (bind) => `c.workspace = ${bind(ctx.workspace)} AND c.type = 'experiment'`,
      (bind) => `c.experimentId IN (${some.map(bind).join(', ')})`,
    ]);
  });
  const documents = ctx.stores.documents('experiments');
  const found = await inTurns(queries, queriesAtOnceMax, (query) =>
    documents.query<Experiment>(query, { key: [ctx.workspace] }),
  );
  return found.flat();
}

/** The runs of one experiment, in any order. */
function runsOf(
  ctx: Context,
  experiment: Experiment,
  { filter, stages, select }: { filter: Filter; stages: readonly LifecycleStage[]; select: string },
): Source<Run> {
  const { experimentId } = experiment;
  const runs = ctx.stores.documents('runs');
  const key = [experimentId];
  const fixed: Condition[] = [
    (bind) =>
      `c.experimentId = ${bind(experimentId)} AND c.type = 'run' AND c.workspace = ${bind(ctx.workspace)}`,
    ...inStages(stages, experiment),
    ...conditionsOf(filter),
  ];
  const rough = filter.filter(isRough);
  const staged = (found: readonly Run[]) =>
    found.map((run) => ({ ...run, lifecycle: lifecycleOf(run, experiment) }));
  return async (conditions, orderBy, limit) => {
    const query = queryOf(select, [...fixed, ...conditions], orderBy);
    if (rough.length === 0) return staged(await runs.query<Run>(query, { key, limit }));
    const found: Run[] = [];
    for await (const page of runs.pages<Run>(query, { key, limit })) {
      found.push(...(await judged(ctx, page, rough)));
      if (found.length >= limit) break;
    }
    return staged(found.slice(0, limit));
  };
}

/** The runs that fulfil comparisons which the store could not decide: their texts are read as a whole. */
async function judged(ctx: Context, runs: readonly Run[], rough: readonly Comparison[]): Promise<Run[]> {
  const undecided = runs.filter(({ long }) => long !== undefined);
  // What else is kept beside a run is no matter of comparisons.
  const whole = await completeRuns(
    ctx,
    undecided.map(({ datasets: _, ...run }) => run),
  );
  const failed = new Set(whole.filter((run) => !matches(rough, run)).map(({ runId }) => runId));
  return runs.filter(({ runId }) => !failed.has(runId));
}

/** A run's stage is whichever of its own and its experiment's changed last: see `lifecycleOf`. */
function inStages(stages: readonly LifecycleStage[], { lifecycle }: Experiment): Condition[] {
  const [stage] = stages;
  if (stages.length !== 1 || stage === undefined) return [];
  const [at, own] = [property(['lifecycle', 'at']), property(['lifecycle', 'stage'])];
  return lifecycle.stage === stage
    ? [(bind) => `(${own} = ${bind(stage)} OR ${at} < ${bind(lifecycle.at)})`]
    : [(bind) => `${own} = ${bind(stage)} AND ${at} >= ${bind(lifecycle.at)}`];
}
