import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import { type EventType, eventWrite, relay } from '../../events/index.ts';
import { CairnError } from '../../http/index.ts';
import { withoutSecrets } from '../../secrets/index.ts';
import { lost, swap } from '../../swap.ts';
import { checkExperimentTag } from '../limits.ts';
import type { Experiment, LifecycleStage, Pair } from '../model.ts';
import { textMap } from '../texts.ts';
import {
  checkExperimentActive,
  checkName,
  nameOf,
  nameTaken,
  noExperiment,
  readExperiment,
  readName,
} from './experiments.ts';

/**
 * Deletes an experiment, and with it all its runs, by this one write. Throws `not-found` where it is
 * deleted already, as MLflow does.
 */
export function deleteExperiment(ctx: Context, experimentId: string): Promise<void> {
  return change(ctx, experimentId, 'experiment.deleted', (experiment) => {
    if (experiment.lifecycle.stage === 'deleted') throw noExperiment(experiment.experimentId);
    return inStage(ctx, experiment, 'deleted');
  });
}

/** Restores a deleted experiment with all its runs, also those that had been deleted one by one. */
export function restoreExperiment(ctx: Context, experimentId: string): Promise<void> {
  return change(ctx, experimentId, 'experiment.restored', (experiment) => {
    if (experiment.lifecycle.stage === 'active') throw noExperiment(experiment.experimentId);
    return inStage(ctx, experiment, 'active');
  });
}

/** Renames an active experiment; its old name is free from then on. */
export async function renameExperiment(ctx: Context, experimentId: string, name: string): Promise<void> {
  checkName(name, 'new_name');
  await swap(ctx, `Experiment ${experimentId}`, async () => {
    const { doc, etag } = await readExperiment(ctx, experimentId);
    if (doc.lifecycle.stage === 'deleted')
      throw new CairnError('invalid-state', 'Cannot rename a non-active experiment.', {
        field: 'experiment_id',
      });
    if (name === doc.name) return;
    const held = await readName(ctx, doc.name);
    if (held?.doc.experimentId !== doc.experimentId) return lost;
    const next = { ...doc, name, updatedAt: ctx.clock.now() };
    const names: Write[] = [
      { op: 'create', doc: nameOf(ctx, name, doc.experimentId) },
      { op: 'delete', id: held.doc.id, etag: held.etag },
    ];
    const outcome = await commit(ctx, { doc, etag }, next, 'experiment.updated', names);
    if (outcome === 'exists') throw nameTaken(name, 'new_name');
    return outcome === 'applied' ? undefined : lost;
  });
}

/** Sets a tag of an active experiment. */
export async function setExperimentTag(ctx: Context, experimentId: string, given: Pair): Promise<void> {
  const [tag = given] = withoutSecrets(ctx, 'tags', [given]);
  checkExperimentTag(tag);
  await change(ctx, experimentId, 'experiment.updated', (experiment) => {
    checkExperimentActive(experiment);
    const { tags } = experiment;
    if (Object.hasOwn(tags, tag.key) && tags[tag.key] === tag.value) return experiment;
    return { ...experiment, tags: Object.assign(textMap([]), tags, textMap([tag])) };
  });
}

/** Removes a tag from an active experiment. Throws `not-found` where it has none of that key. */
export function deleteExperimentTag(ctx: Context, experimentId: string, key: string): Promise<void> {
  return change(ctx, experimentId, 'experiment.updated', (experiment) => {
    checkExperimentActive(experiment);
    if (!Object.hasOwn(experiment.tags, key))
      throw new CairnError(
        'not-found',
        `No tag with name: ${key} in experiment with id ${experiment.experimentId}`,
        { field: 'key' },
      );
    const tags = Object.assign(textMap([]), experiment.tags);
    delete tags[key];
    return { ...experiment, tags };
  });
}

/** Replaces an experiment by what `decide` makes of it; the same object again changes nothing. */
async function change(
  ctx: Context,
  experimentId: string,
  type: EventType,
  decide: (experiment: Experiment) => Experiment,
): Promise<void> {
  await swap(ctx, `Experiment ${experimentId}`, async () => {
    const stored = await readExperiment(ctx, experimentId);
    const next = decide(stored.doc);
    if (next === stored.doc) return;
    return (await commit(ctx, stored, next, type)) === 'applied' ? undefined : lost;
  });
}

async function commit(
  ctx: Context,
  { doc, etag }: { doc: Experiment; etag: string },
  changed: Experiment,
  type: EventType,
  others: readonly Write[] = [],
) {
  const next = { ...changed, seq: doc.seq + 1 };
  const { workspace, experimentId } = doc;
  const event = eventWrite(
    ctx,
    {
      type,
      aggregate: `experiment/${experimentId}`,
      seq: next.seq,
      subject: { experimentId },
      before: doc,
      after: next,
    },
    { workspace },
  );
  const { outcome } = await ctx.stores
    .documents('experiments')
    .batch([workspace], [...others, { op: 'replace', doc: next, etag }, event]);
  if (outcome === 'applied') relay(ctx, 'experiments', [workspace], event);
  return outcome;
}

/**
 * A run's own stage holds where it changed at the same instant as its experiment's, since it was changed
 * knowing of that one: an experiment's is therefore dated behind all there can be so far.
 */
function inStage(ctx: Context, experiment: Experiment, stage: LifecycleStage): Experiment {
  const now = ctx.clock.now();
  return {
    ...experiment,
    lifecycle: { stage, at: Math.max(now, experiment.lifecycle.at) + 1 },
    updatedAt: now,
  };
}
