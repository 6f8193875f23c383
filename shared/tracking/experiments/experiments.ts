import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { eventWrite, relay } from '../../events/index.ts';
import { CairnError, hides, isCode } from '../../http/index.ts';
import { withoutSecrets } from '../../secrets/index.ts';
import { checkedExperimentId, defaultExperimentId, newExperimentId } from '../ids.ts';
import { charsMax, checkExperimentTags, checkLength } from '../limits.ts';
import type { Experiment, ExperimentName, Pair } from '../model.ts';
import { textMap } from '../texts.ts';
import { checkLocation } from './artifact-location.ts';

const defaultName = 'Default';

export type NewExperiment = {
  readonly name: string;
  readonly artifactLocation?: string | undefined;
  readonly tags?: readonly Pair[] | undefined;
};

/** Creates an experiment. Its name stays taken until it is renamed or purged, also while it is deleted. */
export async function createExperiment(ctx: Context, input: NewExperiment): Promise<Experiment> {
  checkName(input.name);
  if (input.artifactLocation) checkLocation(input.artifactLocation);
  const tags = withoutSecrets(ctx, 'tags', input.tags ?? []);
  checkExperimentTags(tags);
  await ensureDefault(ctx);
  return create(ctx, newExperimentId(ctx.clock.now(), ctx.ids), { ...input, tags });
}

/** An experiment by id, deleted ones included. Throws `not-found`, and `invalid` for what is no id. */
export async function getExperiment(ctx: Context, experimentId: string): Promise<Experiment> {
  return (await readExperiment(ctx, experimentId)).doc;
}

/** An experiment with the etag that a conditional write needs. */
export async function readExperiment(ctx: Context, experimentId: string): Promise<Stored<Experiment>> {
  const id = checkedExperimentId(experimentId);
  let stored = await read(ctx, id);
  if (!stored && id === defaultExperimentId) {
    await ensureDefault(ctx);
    stored = await read(ctx, id);
  }
  if (stored) return stored;
  throw noExperiment(id);
}

export function noExperiment(experimentId: string): CairnError {
  return new CairnError('not-found', `No Experiment with id=${experimentId} exists`, {
    field: 'experiment_id',
  });
}

/** Refuses a name that is too long; `name` as MLflow calls it. */
export function checkName(name: string, field = 'name'): void {
  checkLength('name', name, charsMax.experimentName, field);
}

/** An experiment that was made already, by id, deleted ones included. */
export async function findExperiment(ctx: Context, experimentId: string): Promise<Experiment | undefined> {
  return (await read(ctx, experimentId))?.doc;
}

/** Refuses a change of, or in, a deleted experiment. */
export function checkExperimentActive({ experimentId, lifecycle }: Experiment): void {
  if (lifecycle.stage === 'deleted')
    throw new CairnError(
      'invalid',
      `The experiment ${experimentId} must be in the 'active' state. Current state is deleted.`,
      { field: 'experiment_id' },
    );
}

/** An experiment by name, deleted ones included. One that the caller may not see is as one that is not there. */
export async function getExperimentByName(ctx: Context, name: string): Promise<Experiment> {
  if (name === defaultName) await ensureDefault(ctx);
  const stored = await readName(ctx, name);
  if (stored && maySee(ctx, stored.doc.experimentId)) return getExperiment(ctx, stored.doc.experimentId);
  const unknown = new CairnError('not-found', `Could not find experiment with name '${name}'`, {
    field: 'experiment_name',
  });
  throw stored ? hides(unknown) : unknown;
}

/** Whether the caller may see an experiment, and what belongs to it. */
export function maySee({ access }: Context, experimentId: string): boolean {
  return access.may('viewer', { type: 'experiment', id: experimentId });
}

async function create(ctx: Context, experimentId: string, input: NewExperiment): Promise<Experiment> {
  const { workspace } = ctx;
  const now = ctx.clock.now();
  const experiment: Experiment = {
    id: experimentDocumentId(experimentId),
    type: 'experiment',
    v: 1,
    workspace,
    experimentId,
    name: input.name,
    artifactLocation: input.artifactLocation || `mlflow-artifacts:/${experimentId}`,
    tags: textMap(input.tags ?? []),
    lifecycle: { stage: 'active', at: now },
    createdAt: now,
    updatedAt: now,
    seq: 1,
  };
  const name = nameOf(ctx, input.name, experimentId);
  const event = eventWrite(
    ctx,
    {
      type: 'experiment.created',
      aggregate: `experiment/${experimentId}`,
      seq: 1,
      subject: { experimentId },
      after: experiment,
    },
    { workspace },
  );
  const { outcome } = await ctx.stores
    .documents('experiments')
    .batch([workspace], [{ op: 'create', doc: name }, { op: 'create', doc: experiment }, event]);
  if (outcome !== 'applied') throw nameTaken(input.name, 'name');
  relay(ctx, 'experiments', [workspace], event);
  return experiment;
}

/** The default experiment comes into being with the first use of a workspace. */
async function ensureDefault(ctx: Context): Promise<Experiment> {
  const stored = await read(ctx, defaultExperimentId);
  if (stored) return stored.doc;
  try {
    return await create(ctx, defaultExperimentId, { name: defaultName });
  } catch (error) {
    // Somebody else's first use was quicker.
    if (isCode(error, 'already-exists')) return getExperiment(ctx, defaultExperimentId);
    throw error;
  }
}

/** The document that holds a name for an experiment. */
export function nameOf(ctx: Context, name: string, experimentId: string): ExperimentName {
  return {
    id: nameId(name),
    type: 'experiment-name',
    v: 1,
    workspace: ctx.workspace,
    name,
    experimentId,
  };
}

export function readName(ctx: Context, name: string): Promise<Stored<ExperimentName> | undefined> {
  return ctx.stores.documents('experiments').read<ExperimentName>([ctx.workspace], nameId(name));
}

export function nameTaken(name: string, field: string): CairnError {
  return new CairnError('already-exists', `Experiment(name=${name}) already exists.`, { field });
}

async function read(ctx: Context, experimentId: string): Promise<Stored<Experiment> | undefined> {
  const stored = await ctx.stores
    .documents('experiments')
    .read<Experiment>([ctx.workspace], experimentDocumentId(experimentId));
  // One that is being purged has another type, and is nobody's to see.
  return stored?.doc.type === 'experiment' ? stored : undefined;
}

export function experimentDocumentId(experimentId: string): string {
  return `experiment:${experimentId}`;
}

/** Names may hold any character and 500 of them; document ids may not. */
function nameId(name: string): string {
  return `name:${createHash('sha256').update(name).digest('hex')}`;
}
