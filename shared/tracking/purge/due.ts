import type { Context } from '../../context.ts';
import type { ContainerName } from '../../resources.ts';
import { readExperimentRoot } from './experiment-root.ts';
import { isDue } from './parts.ts';
import type { Lifecycle } from '../model.ts';

/** One thing to purge. An experiment goes on behind `after`, the last id that the step before came to. */
export type PurgeTarget =
  | { readonly kind: 'experiment'; readonly experimentId: string; readonly after?: string }
  | { readonly kind: 'run'; readonly experimentId: string; readonly runId: string }
  | { readonly kind: 'logged-model'; readonly experimentId: string; readonly modelId: string };

export type DueTarget = { readonly workspace: string; readonly target: PurgeTarget };

/** A document that is deleted, or in the course of its purge. */
type Row = {
  readonly workspace: string;
  readonly experimentId: string;
  readonly id: string;
  readonly type: string;
  readonly lifecycle?: Lifecycle;
};

/**
 * All that was deleted by `deletedBefore`, and purges that did not come to their end: of the workspace, or of
 * all where it is `*`. An experiment stands for what it holds. Costs as much as there is deleted.
 */
export async function* dueTargets(ctx: Context, deletedBefore: number): AsyncGenerator<DueTarget> {
  const experiments = new Set<string>();
  for await (const { workspace, experimentId } of rowsOf(ctx, 'experiments', 'experiment', deletedBefore)) {
    experiments.add(`${workspace}/${experimentId}`);
    yield { workspace, target: { kind: 'experiment', experimentId } };
  }
  const stages = new Map<string, Promise<Lifecycle | undefined>>();
  for await (const row of rowsOf(ctx, 'runs', 'run', deletedBefore)) {
    const { workspace, experimentId, id, type, lifecycle } = row;
    const within = `${workspace}/${experimentId}`;
    if (experiments.has(within)) continue;
    if (type === 'run' && lifecycle) {
      // A restored experiment has restored its runs, though their own documents do not say so.
      let stage = stages.get(within);
      if (!stage) stages.set(within, (stage = stageOf({ ...ctx, workspace }, experimentId)));
      const of = await stage;
      if (of && of.at > lifecycle.at && !isDue(of, deletedBefore)) continue;
    }
    yield { workspace, target: { kind: 'run', experimentId, runId: id } };
  }
  for await (const { workspace, experimentId, id } of rowsOf(
    ctx,
    'logged-models',
    'logged-model',
    deletedBefore,
  ))
    if (!experiments.has(`${workspace}/${experimentId}`))
      yield { workspace, target: { kind: 'logged-model', experimentId, modelId: id } };
}

/** How many runs and logged models go with an experiment. */
export async function contentsOf(
  ctx: Context,
  experimentId: string,
): Promise<{ readonly runs: number; readonly loggedModels: number }> {
  const count = async (container: ContainerName, type: string) => {
    const [found] = await ctx.stores.documents(container).query<number>(
      {
        text: 'SELECT VALUE COUNT(1) FROM c WHERE c.experimentId = @experimentId AND c.type = @type AND c.workspace = @workspace',
        values: { experimentId, type, workspace: ctx.workspace },
      },
      { key: [experimentId] },
    );
    return found ?? 0;
  };
  const [runs, loggedModels] = await Promise.all([
    count('runs', 'run'),
    count('logged-models', 'logged-model'),
  ]);
  return { runs, loggedModels };
}

async function stageOf(ctx: Context, experimentId: string): Promise<Lifecycle | undefined> {
  const stored = await readExperimentRoot(ctx, experimentId);
  return stored && stored.doc.type !== 'purged-experiment' ? stored.doc.lifecycle : undefined;
}

async function* rowsOf(
  ctx: Context,
  container: ContainerName,
  type: 'experiment' | 'run' | 'logged-model',
  deletedBefore: number,
): AsyncGenerator<Row> {
  const documents = ctx.stores.documents(container);
  const one = ctx.workspace === '*' ? '' : 'c.workspace = @workspace AND ';
  const id = type === 'experiment' ? 'experimentId' : type === 'run' ? 'runId' : 'modelId';
  const select = `SELECT c.workspace, c.experimentId, c.${id} AS id, c.type, c.lifecycle FROM c WHERE ${one}`;
  const workspace: Record<string, string> = one ? { workspace: ctx.workspace } : {};
  // Experiments lie by workspace; runs and models of one are all over their containers.
  const options = one && type === 'experiment' ? { key: [ctx.workspace] } : {};
  const unfinished = {
    text: `${select} c.type IN (@purging, @purged)`,
    values: { ...workspace, purging: `purging-${type}`, purged: `purged-${type}` },
  };
  const deleted = {
    text: `${select} c.type = @type AND c.lifecycle.stage = 'deleted' AND c.lifecycle.at <= @deletedBefore`,
    values: { ...workspace, type, deletedBefore },
  };
  yield* documents.stream<Row>(unfinished, options);
  yield* documents.stream<Row>(deleted, options);
}
