import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { eventWrite, relay } from '../../events/index.ts';
import { contended, swapTries } from '../../swap.ts';
import { inTurns } from '../../turns.ts';
import { readName } from '../experiments/experiments.ts';
import { defaultExperimentId } from '../ids.ts';
import type { Experiment } from '../model.ts';
import { type PurgedExperiment, type PurgingExperiment, readExperimentRoot } from './experiment-root.ts';
import { purgeLoggedModel } from './logged-model.ts';
import { isDue, removeArtifacts } from './parts.ts';
import { purgeRun } from './run.ts';

/** Runs and models that one call removes, and how many of them at once. */
const contentsMax = 100;
const contentsAtOnceMax = 4;

/**
 * Removes an experiment for good, with its runs and logged models, if it was deleted by `deletedBefore`;
 * `kept` where it was not, has been restored, or holds a run that has. A call removes a bounded part of
 * it: `{ after }` says that the next is to go on behind that id. Its name is free from the moment that it
 * is given up; its root goes last.
 *
 * The default experiment, which each workspace has, stays: only what was deleted in it goes.
 */
export async function purgeExperiment(
  ctx: Context,
  experimentId: string,
  deletedBefore: number,
  after = '',
): Promise<'gone' | 'kept' | { readonly after: string }> {
  const experiments = ctx.stores.documents('experiments');
  for (let steps = 0; steps < 2 * swapTries; steps++) {
    const stored = await readExperimentRoot(ctx, experimentId);
    if (!stored) return 'gone';
    const { doc, etag } = stored;
    switch (doc.type) {
      case 'experiment': {
        if (!isDue(doc.lifecycle, deletedBefore)) return 'kept';
        if (experimentId === defaultExperimentId) {
          const last = await purgeContents(ctx, experimentId, deletedBefore, after);
          return last === undefined ? 'kept' : { after: last };
        }
        if (await activeRunOf(ctx, doc)) return 'kept';
        const hidden: PurgingExperiment = { ...doc, type: 'purging-experiment', deletedBefore };
        await experiments.write([ctx.workspace], { op: 'replace', doc: hidden, etag });
        break;
      }
      case 'purging-experiment': {
        const experiment = shown(doc);
        // Whoever restores a run looks at its experiment afterwards: one of the two sees the other.
        if (!(await activeRunOf(ctx, experiment))) await giveUp(ctx, experiment, etag);
        else {
          const back = await experiments.write([ctx.workspace], { op: 'replace', doc: experiment, etag });
          if (back.outcome === 'applied') return 'kept';
        }
        break;
      }
      case 'purged-experiment': {
        const last = await purgeContents(ctx, experimentId, deletedBefore, after);
        if (last !== undefined) return { after: last };
        // What was made on the way, behind the place where this call began.
        if (after !== '') return { after: '' };
        await removeOwnArtifacts(ctx, doc);
        await experiments.write([ctx.workspace], { op: 'delete', id: doc.id, etag });
      }
    }
  }
  throw contended(`Experiment ${experimentId}`);
}

/** A run that is active although its experiment is deleted: it was restored alone. */
export async function activeRunOf(
  ctx: Context,
  { experimentId, lifecycle }: Experiment,
): Promise<string | undefined> {
  const [active] = await ctx.stores.documents('runs').query<string>(
    {
      text: `SELECT VALUE c.runId FROM c WHERE c.experimentId = @experimentId AND c.type = 'run'
        AND c.workspace = @workspace AND c.lifecycle.stage = 'active' AND c.lifecycle.at >= @at`,
      values: { experimentId, workspace: ctx.workspace, at: lifecycle.at },
    },
    { key: [experimentId], limit: 1, consistency: 'strong' },
  );
  return active;
}

/** Removes some runs and models of an experiment, by id behind `after`; gives the last id, nothing where there was none. */
async function purgeContents(
  ctx: Context,
  experimentId: string,
  deletedBefore: number,
  after: string,
): Promise<string | undefined> {
  const [runs, models] = await Promise.all([
    idsOf(ctx, 'runs', 'runId', experimentId, after),
    idsOf(ctx, 'logged-models', 'modelId', experimentId, after),
  ]);
  const ids = [...runs, ...models].toSorted().slice(0, contentsMax);
  await inTurns(ids, contentsAtOnceMax, async (id) => {
    if (runs.includes(id)) await purgeRun(ctx, { experimentId, runId: id }, deletedBefore);
    else await purgeLoggedModel(ctx, { experimentId, modelId: id }, deletedBefore);
  });
  return ids.at(-1);
}

function idsOf(
  ctx: Context,
  container: 'runs' | 'logged-models',
  property: 'runId' | 'modelId',
  experimentId: string,
  after: string,
): Promise<string[]> {
  return ctx.stores.documents(container).query<string>(
    {
      text: `SELECT VALUE c.${property} FROM c WHERE c.experimentId = @experimentId AND c.${property} > @after
        AND c.type IN ('run', 'purging-run', 'purged-run', 'logged-model', 'purged-logged-model')
        AND c.workspace = @workspace ORDER BY c.${property}`,
      values: { experimentId, after, workspace: ctx.workspace },
    },
    { key: [experimentId], limit: contentsMax, consistency: 'strong' },
  );
}

function shown({ deletedBefore: _, ...doc }: PurgingExperiment): Experiment {
  return { ...doc, type: 'experiment' };
}

async function giveUp(ctx: Context, experiment: Experiment, etag: string): Promise<void> {
  const { id, workspace, experimentId, artifactLocation, name, seq } = experiment;
  const doc: PurgedExperiment = {
    id,
    type: 'purged-experiment',
    v: 1,
    workspace,
    experimentId,
    artifactLocation,
  };
  const event = eventWrite(
    ctx,
    {
      type: 'experiment.purged',
      aggregate: `experiment/${experimentId}`,
      seq: seq + 1,
      subject: { experimentId },
      before: experiment,
    },
    { workspace },
  );
  const held = await readName(ctx, name);
  const freed: Write[] =
    held?.doc.experimentId === experimentId ? [{ op: 'delete', id: held.doc.id, etag: held.etag }] : [];
  const { outcome } = await ctx.stores
    .documents('experiments')
    .batch([workspace], [{ op: 'replace', doc, etag }, ...freed, event]);
  if (outcome === 'applied') relay(ctx, 'experiments', [workspace], event);
}

/**
 * Removes what else lies in the folder that an experiment got by default. One that was chosen may be
 * another's as well, and so may this one, where somebody chose it, however it is spelled there.
 */
async function removeOwnArtifacts(
  ctx: Context,
  { experimentId, artifactLocation }: PurgedExperiment,
): Promise<void> {
  if (artifactLocation !== `mlflow-artifacts:/${experimentId}`) return;
  const [shared] = await ctx.stores.documents('experiments').query<string>(
    {
      text: `SELECT VALUE c.experimentId FROM c WHERE c.workspace = @workspace
        AND c.type IN ('experiment', 'purging-experiment') AND CONTAINS(c.artifactLocation, @experimentId)`,
      values: { workspace: ctx.workspace, experimentId },
    },
    { key: [ctx.workspace], limit: 1, consistency: 'strong' },
  );
  if (shared === undefined) await removeArtifacts(ctx, artifactLocation, `experiment ${experimentId}`);
}
