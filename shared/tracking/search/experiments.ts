import type { Context } from '../../context.ts';
import type { Page } from '../../http/index.ts';
import {
  type Condition,
  conditionsOf,
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
} from '../../search/index.ts';
import { getExperiment } from '../experiments/experiments.ts';
import { defaultExperimentId } from '../ids.ts';
import type { Experiment, LifecycleStage } from '../model.ts';
import { experimentFields } from './fields.ts';

export type ExperimentSearch = {
  readonly filter?: string | undefined;
  /** Clauses such as `name ASC`; newest first where there is none. */
  readonly orderBy?: readonly string[] | undefined;
  readonly stages: readonly LifecycleStage[];
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

/** Newest first, of one instant by id: the composite index of the container. */
const newestFirst = [
  { path: ['createdAt'], descending: true },
  { path: ['experimentId'], descending: false },
] as const;

/** What breaks ties of an order that the caller chose. */
const latestId = [{ path: ['experimentId'], descending: true }] as const;

/** Experiments that fulfil a filter and that the caller may see, in order. There is a token exactly where there is more. */
export async function searchExperiments(ctx: Context, search: ExperimentSearch): Promise<Page<Experiment>> {
  const { orderBy = [], stages, limit } = search;
  const filter = parseFilter(search.filter, experimentFields);
  const keys = parseOrder(orderBy, experimentFields);
  const ordering: Ordering = { keys, tail: keys.length > 0 ? latestId : newestFirst };
  const identity = [ctx.workspace, search.filter ?? '', orderBy, stages];
  const after = positionIn(search.pageToken, identity, ordering);
  // The default experiment comes into being with the first use of a workspace.
  await getExperiment(ctx, defaultExperimentId);
  const sources = [sourceOf(ctx, [...inStages(stages), ...conditionsOf(filter)])];
  const { items, next } = await orderedPage({ sources, filter, ordering, limit, after });
  return { items, ...(next && { nextToken: positionToken(next, identity) }) };
}

function sourceOf(ctx: Context, fixed: readonly Condition[]): Source<Experiment> {
  const { workspace } = ctx;
  const inWorkspace: Condition = (bind) => `c.workspace = ${bind(workspace)} AND c.type = 'experiment'`;
  const visible = onlyVisible(['experimentId'], ctx.access.visible('experiment'));
  return (conditions, orderBy, limit) =>
    ctx.stores
      .documents('experiments')
      .query<Experiment>(queryOf('*', [inWorkspace, ...visible, ...fixed, ...conditions], orderBy), {
        key: [workspace],
        limit,
      });
}

function inStages(stages: readonly LifecycleStage[]): Condition[] {
  const [stage] = stages;
  if (stages.length !== 1 || stage === undefined) return [];
  return [(bind) => `${property(['lifecycle', 'stage'])} = ${bind(stage)}`];
}
