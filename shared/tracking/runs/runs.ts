import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { type EventType, eventWrite, relay } from '../../events/index.ts';
import { CairnError } from '../../http/index.ts';
import { textWithoutSecrets, withoutSecrets } from '../../secrets/index.ts';
import { belowLocation } from '../experiments/artifact-location.ts';
import { checkExperimentActive, findExperiment, getExperiment } from '../experiments/experiments.ts';
import { defaultExperimentId, experimentOfRun, newRunId, runPartition, unknownRun } from '../ids.ts';
import { charsMax, checkedRunTags, cut } from '../limits.ts';
import type { Experiment, Lifecycle, Pair, Run, WholeRun } from '../model.ts';
import { randomRunName, runNameTag } from '../names.ts';
import { longTexts, textMap } from '../texts.ts';
import { keepTexts } from './overflow.ts';
import { completeRun, withTexts } from './texts.ts';

export type NewRun = {
  readonly experimentId?: string | undefined;
  readonly name?: string | undefined;
  readonly userId?: string | undefined;
  readonly startTime?: number | undefined;
  readonly tags?: readonly Pair[] | undefined;
};

/** Creates a run in an active experiment (the default one when none is named). */
export async function createRun(ctx: Context, input: NewRun): Promise<WholeRun> {
  // Before the experiment is read, so that a deletion behind that reading is dated behind the run.
  const now = ctx.clock.now();
  const experiment = await getExperiment(ctx, input.experimentId || defaultExperimentId);
  const { experimentId } = experiment;
  checkExperimentActive(experiment);
  const given = checkedRunTags(withoutSecrets(ctx, 'tags', input.tags ?? []));
  const tags = textMap(given);
  const asked = input.name && cut(textWithoutSecrets(ctx, 'run_name', input.name), charsMax.tag);
  const tagName = tags[runNameTag];
  if (asked && tagName && tagName !== asked)
    throw new CairnError(
      'invalid',
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${asked}', mlflow.runName='${tagName}').`,
      { field: 'run_name' },
    );
  const name = asked || tagName || randomRunName(ctx.ids);
  const runId = newRunId(experimentId, ctx.ids);
  const untagged: WholeRun = {
    id: runId,
    type: 'run',
    v: 1,
    workspace: ctx.workspace,
    experimentId,
    runId,
    name,
    userId: input.userId ?? '',
    status: 'RUNNING',
    startTime: input.startTime ?? now,
    artifactUri: belowLocation(experiment.artifactLocation, runId, 'artifacts'),
    lifecycle: { stage: 'active', at: Math.max(now, experiment.lifecycle.at) },
    params: {},
    tags: {},
    m: {},
    mm: {},
    mn: {},
    seq: 1,
  };
  const pairs = [...given, { key: runNameTag, value: name }];
  const run = withTexts(untagged, 'tags', pairs);
  const event = runEvent(ctx, 'run.created', run);
  const key = runPartition(run);
  await keepTexts(ctx, run, longTexts(pairs));
  const { outcome } = await ctx.stores.documents('runs').batch(key, [{ op: 'create', doc: run }, event]);
  if (outcome !== 'applied') throw new Error(`There is a run ${runId} already.`);
  relay(ctx, 'runs', key, event);
  return { ...untagged, tags: textMap(pairs) };
}

/** A run by id, deleted ones included, whole, its stage as it stands with its experiment's. */
export async function getRun(ctx: Context, runId: string): Promise<WholeRun> {
  const [{ doc }, experiment] = await Promise.all([readRun(ctx, runId), experimentOf(ctx, runId)]);
  return completeRun(ctx, { ...doc, lifecycle: lifecycleOf(doc, experiment) });
}

/**
 * A run that may be written to, as its document stands, with the etag for that. Throws `not-found`, and
 * `invalid` where the run or its experiment is deleted.
 */
export async function readActiveRun(ctx: Context, runId: string): Promise<Stored<Run>> {
  const [stored, experiment] = await Promise.all([readRun(ctx, runId), experimentOf(ctx, runId)]);
  refuseDeleted(stored.doc, experiment);
  return stored;
}

/** Refuses what is to be written to a run that is known already, where its experiment has been deleted since. */
export async function checkActive(ctx: Context, run: Run): Promise<void> {
  refuseDeleted(run, await experimentOf(ctx, run.runId));
}

/**
 * A run's stage is whichever of its own and its experiment's changed last; of one instant, its own. A run
 * whose experiment is being purged is `not-found`.
 */
export function lifecycleOf(run: Run, experiment: Experiment | undefined): Lifecycle {
  if (!experiment) throw unknownRun(run.runId);
  return experiment.lifecycle.at > run.lifecycle.at ? experiment.lifecycle : run.lifecycle;
}

/** The experiment a run belongs to, read beside the run: its id is part of the run's. */
export async function experimentOf(ctx: Context, runId: string): Promise<Experiment | undefined> {
  const experimentId = experimentOfRun(runId);
  return experimentId === undefined ? undefined : findExperiment(ctx, experimentId);
}

/** A run's document as it stands, with the etag that a conditional write needs; its `lifecycle` is its own alone. */
export async function readRun(ctx: Context, runId: string): Promise<Stored<Run>> {
  const experimentId = experimentOfRun(runId);
  const stored =
    experimentId === undefined
      ? undefined
      : await ctx.stores.documents('runs').read<Run>([experimentId, runId], runId);
  // One that is being purged has another type, and is nobody's to see.
  if (stored && stored.doc.type === 'run' && stored.doc.workspace === ctx.workspace) return stored;
  throw unknownRun(runId);
}

export type RunEvent = Extract<
  EventType,
  'run.created' | 'run.inputs-logged' | 'run.finished' | 'run.deleted' | 'run.restored'
>;

/** The write that records what happened to a run, for the batch that makes it so. */
export function runEvent(ctx: Context, type: RunEvent, run: Run) {
  const { experimentId, runId, seq } = run;
  return eventWrite(
    ctx,
    {
      type,
      aggregate: `run/${runId}`,
      seq,
      subject: { experimentId, runId },
      after: { status: run.status, name: run.name, stage: run.lifecycle.stage },
    },
    { experimentId, runId },
  );
}

function refuseDeleted(run: Run, experiment: Experiment | undefined): void {
  if (lifecycleOf(run, experiment).stage === 'deleted')
    throw new CairnError(
      'invalid',
      `The run ${run.runId} must be in the 'active' state. Current state is deleted.`,
      { field: 'run_id' },
    );
}
