import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError, isCode, type Page, pageOf, positionIn } from '../http/index.ts';
import { defaultExperimentId, newExperimentId } from './ids.ts';
import { checkedTags } from './limits.ts';
import type { Experiment, ExperimentName, LifecycleStage } from './model.ts';

const nameCharsMax = 500;
/** Leaves room for the run and the file below it in the name of a blob. */
const locationBytesMax = 500;
const defaultName = 'Default';

export type NewExperiment = {
  readonly name: string;
  readonly artifactLocation?: string | undefined;
  readonly tags?: readonly { key: string; value: string }[] | undefined;
};

/** Creates an experiment. A name stays taken for ever, also by a deleted experiment. */
export async function createExperiment(ctx: Context, input: NewExperiment): Promise<Experiment> {
  const { name } = input;
  if (name.length > nameCharsMax)
    throw new CairnError(
      'invalid',
      `Invalid value for parameter 'name' supplied: 'name' exceeds the maximum length of ${nameCharsMax} characters`,
      { field: 'name' },
    );
  const location = input.artifactLocation ?? '';
  if (Buffer.byteLength(location) > locationBytesMax || /\p{Cc}/u.test(location))
    throw new CairnError(
      'invalid',
      `Invalid value for parameter 'artifact_location' supplied: it must have at most ${locationBytesMax} bytes and no control characters`,
      { field: 'artifact_location' },
    );
  await ensureDefault(ctx);
  return create(ctx, newExperimentId(ctx.clock.now(), ctx.ids), input);
}

/** An experiment by id, deleted ones included. */
export async function getExperiment(ctx: Context, experimentId: string): Promise<Experiment> {
  const found = await findExperiment(ctx, experimentId);
  if (found) return found;
  if (experimentId === defaultExperimentId) return ensureDefault(ctx);
  throw new CairnError('not-found', `No Experiment with id=${experimentId} exists`, {
    field: 'experiment_id',
  });
}

/** An experiment that was made already, by id, deleted ones included. */
export async function findExperiment(ctx: Context, experimentId: string): Promise<Experiment | undefined> {
  return (await read(ctx, experimentId))?.doc;
}

/** An experiment by name, deleted ones included. */
export async function getExperimentByName(ctx: Context, name: string): Promise<Experiment> {
  if (name === defaultName) await ensureDefault(ctx);
  const stored = await ctx.stores
    .documents('experiments')
    .read<ExperimentName>([ctx.workspace], nameId(name));
  if (stored) return getExperiment(ctx, stored.doc.experimentId);
  throw new CairnError('not-found', `Could not find experiment with name '${name}'`, {
    field: 'experiment_name',
  });
}

export type ExperimentSearch = {
  readonly stages: readonly LifecycleStage[];
  readonly limit: number;
  readonly pageToken?: string | undefined;
};

/** Experiments, newest first, ties by id. */
export async function searchExperiments(ctx: Context, search: ExperimentSearch): Promise<Page<Experiment>> {
  await ensureDefault(ctx);
  const after = positionIn(search.pageToken, { time: 0, id: '' });
  const rows = await ctx.stores.documents('experiments').query<Experiment>(
    {
      text: `SELECT * FROM c WHERE c.workspace = @workspace AND c.type = 'experiment' AND ARRAY_CONTAINS(@stages, c.lifecycle.stage)
        ${after ? 'AND (c.createdAt < @time OR (c.createdAt = @time AND c.experimentId > @id))' : ''}
        ORDER BY c.createdAt DESC, c.experimentId ASC`,
      values: { workspace: ctx.workspace, stages: [...search.stages], ...after },
    },
    { key: [ctx.workspace], limit: search.limit + 1 },
  );
  return pageOf(rows, search.limit, ({ createdAt, experimentId }) => ({ time: createdAt, id: experimentId }));
}

async function create(ctx: Context, experimentId: string, input: NewExperiment): Promise<Experiment> {
  const { workspace } = ctx;
  const now = ctx.clock.now();
  const experiment: Experiment = {
    id: documentId(experimentId),
    type: 'experiment',
    v: 1,
    workspace,
    experimentId,
    name: input.name,
    artifactLocation: input.artifactLocation || `mlflow-artifacts:/${experimentId}`,
    tags: Object.fromEntries(checkedTags(input.tags ?? []).map(({ key, value }) => [key, value])),
    lifecycle: { stage: 'active', at: now },
    createdAt: now,
    updatedAt: now,
    seq: 1,
  };
  const name: ExperimentName = {
    id: nameId(input.name),
    type: 'experiment-name',
    v: 1,
    workspace,
    name: input.name,
    experimentId,
  };
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
  if (outcome !== 'applied')
    throw new CairnError('already-exists', `Experiment(name=${input.name}) already exists.`, {
      field: 'name',
    });
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

function read(ctx: Context, experimentId: string): Promise<Stored<Experiment> | undefined> {
  return ctx.stores.documents('experiments').read<Experiment>([ctx.workspace], documentId(experimentId));
}

function documentId(experimentId: string): string {
  return `experiment:${experimentId}`;
}

/** Names may hold any character and 500 of them; document ids may not. */
function nameId(name: string): string {
  return `name:${createHash('sha256').update(name).digest('hex')}`;
}
