import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { inTurns } from '../../turns.ts';
import { readExperiment } from '../experiments/experiments.ts';
import { defaultExperimentId } from '../ids.ts';
import { getLoggedModel } from '../logged-models/logged-models.ts';
import type { Lifecycle } from '../model.ts';
import { contentsOf, dueTargets, type PurgeTarget } from './due.ts';
import { activeRunOf, purgeExperiment } from './experiment.ts';
import { purgeLoggedModel } from './logged-model.ts';
import { isDue } from './parts.ts';
import { purgeRun } from './run.ts';
import { experimentOf, lifecycleOf, readRun } from '../runs/runs.ts';

/** The work messages of purges. What they do is done in the name of `by`, who asked for it. */
export type PurgeMessage = {
  readonly kind: 'purge';
  readonly by: string;
  readonly deletedBefore: number;
  readonly targets: readonly PurgeTarget[];
};
export type SweepMessage = {
  readonly kind: 'sweep-deleted';
  readonly by?: string;
  readonly deletedBefore?: number;
};

export type PurgeRequest = {
  readonly experimentIds: readonly string[];
  readonly runIds: readonly string[];
  readonly modelIds: readonly string[];
  /** How long ago it must have been deleted. */
  readonly olderThanDays: number;
  readonly dryRun: boolean;
};

export type PurgeCounts = {
  readonly experiments: number;
  readonly runs: number;
  readonly loggedModels: number;
};

const dayMilliseconds = 86_400_000;
/** What was deleted a moment ago may be dated by a clock ahead of this one. */
const clocksApartMillisecondsMax = 5000;
const targetsPerMessageMax = 20;
const readsAtOnceMax = 8;

/**
 * Asks for a purge of what is named, or of all that is deleted in the workspace where nothing is, and says
 * how much that is. Throws `not-found` for what there is none of, and `conflict` for what is not deleted, or
 * not for that long; nothing is purged then. The work is done by messages.
 */
export async function requestPurge(ctx: Context, request: PurgeRequest): Promise<PurgeCounts> {
  const { olderThanDays, dryRun } = request;
  const age = olderThanDays > 0 ? olderThanDays * dayMilliseconds : -clocksApartMillisecondsMax;
  const deletedBefore = ctx.clock.now() - age;
  const named = [request.experimentIds, request.runIds, request.modelIds].some((ids) => ids.length > 0);
  if (!named) {
    checkAdminOfAll(ctx);
    const targets: PurgeTarget[] = [];
    for await (const { target } of dueTargets(ctx, deletedBefore)) targets.push(target);
    const counts = await countsOf(ctx, targets);
    const message: SweepMessage = { kind: 'sweep-deleted', by: ctx.principal.id, deletedBefore };
    if (!dryRun) await ctx.stores.queues.send(ctx, 'work', message);
    return counts;
  }
  const check = (ids: readonly string[], each: (id: string) => Promise<PurgeTarget>) =>
    inTurns([...new Set(ids)], readsAtOnceMax, each);
  const targets = [
    ...(await check(request.experimentIds, (id) => deletedExperiment(ctx, id, deletedBefore))),
    ...(await check(request.runIds, (id) => deletedRun(ctx, id, deletedBefore))),
    ...(await check(request.modelIds, (id) => deletedModel(ctx, id, deletedBefore))),
  ];
  const counts = await countsOf(ctx, targets);
  if (!dryRun) await send(ctx, targets, deletedBefore);
  return counts;
}

/**
 * Sends a purge of all that has been deleted for longer than it is kept, or by the time of the message; of
 * every workspace where that of the context is `*`.
 */
export async function sweepDeleted(work: Context, message: SweepMessage): Promise<void> {
  const ctx = inName(work, message.by);
  const kept = ctx.settings.deletedRetentionDays * dayMilliseconds;
  const deletedBefore = message.deletedBefore ?? ctx.clock.now() - kept;
  const gathered = new Map<string, PurgeTarget[]>();
  for await (const { workspace, target } of dueTargets(ctx, deletedBefore)) {
    const targets = gathered.get(workspace) ?? [];
    gathered.set(workspace, targets);
    if (targets.push(target) === targetsPerMessageMax)
      await send({ ...ctx, workspace }, targets.splice(0), deletedBefore);
  }
  for (const [workspace, targets] of gathered) await send({ ...ctx, workspace }, targets, deletedBefore);
}

/** Does what a message asks for. What fails does not hold up the rest, and the message comes back for it. */
export async function purge(work: Context, { targets, deletedBefore, by }: PurgeMessage): Promise<void> {
  const ctx = inName(work, by);
  const failures: unknown[] = [];
  for (const target of targets)
    try {
      const rest = await purgeOne(ctx, target, deletedBefore);
      if (rest) await send(ctx, [rest], deletedBefore);
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
}

function inName(ctx: Context, by: string = ctx.principal.id): Context {
  return { ...ctx, principal: { id: by, name: by } };
}

/** Refuses to purge whatever is deleted for a caller who is not admin of all that it could be. */
function checkAdminOfAll({ access }: Context): void {
  const purged = access.visible('experiment', 'admin');
  if (purged.all && purged.except.length === 0) return;
  throw new CairnError(
    'forbidden',
    'You are not admin of every experiment here: name what you want purged by experiment_ids, run_ids or logged_model_ids.',
    { field: 'experiment_ids' },
  );
}

async function purgeOne(
  ctx: Context,
  target: PurgeTarget,
  deletedBefore: number,
): Promise<PurgeTarget | undefined> {
  switch (target.kind) {
    case 'run':
      await purgeRun(ctx, target, deletedBefore);
      return undefined;
    case 'logged-model':
      await purgeLoggedModel(ctx, target, deletedBefore);
      return undefined;
    case 'experiment': {
      const result = await purgeExperiment(ctx, target.experimentId, deletedBefore, target.after);
      return typeof result === 'string' ? undefined : { ...target, ...result };
    }
  }
}

async function send(ctx: Context, targets: readonly PurgeTarget[], deletedBefore: number): Promise<void> {
  for (let i = 0; i < targets.length; i += targetsPerMessageMax)
    await ctx.stores.queues.send(ctx, 'work', {
      kind: 'purge',
      by: ctx.principal.id,
      deletedBefore,
      targets: targets.slice(i, i + targetsPerMessageMax),
    } satisfies PurgeMessage);
}

async function countsOf(ctx: Context, targets: readonly PurgeTarget[]): Promise<PurgeCounts> {
  const experiments = targets.filter((target) => target.kind === 'experiment');
  const contents = await inTurns(experiments, readsAtOnceMax, ({ experimentId }) =>
    contentsOf(ctx, experimentId),
  );
  const whole = new Set(experiments.map(({ experimentId }) => experimentId));
  const alone = (kind: PurgeTarget['kind']) =>
    targets.filter((target) => target.kind === kind && !whole.has(target.experimentId)).length;
  return {
    experiments: experiments.filter(({ experimentId }) => experimentId !== defaultExperimentId).length,
    runs: alone('run') + contents.reduce((sum, { runs }) => sum + runs, 0),
    loggedModels: alone('logged-model') + contents.reduce((sum, { loggedModels }) => sum + loggedModels, 0),
  };
}

async function deletedExperiment(ctx: Context, id: string, deletedBefore: number): Promise<PurgeTarget> {
  const { doc } = await readExperiment(ctx, id);
  const { experimentId, lifecycle } = doc;
  if (experimentId === defaultExperimentId)
    throw new CairnError(
      'conflict',
      'The default experiment cannot be purged, since every workspace has one; purge the runs in it.',
      { field: 'experiment_ids' },
    );
  checkDue(lifecycle, deletedBefore, `Experiment ${experimentId}`, 'experiment_ids');
  const active = await activeRunOf(ctx, doc);
  if (active !== undefined)
    throw new CairnError(
      'conflict',
      `Experiment ${experimentId} holds run ${active}, which has been restored. Delete that run, or restore the experiment.`,
      { field: 'experiment_ids' },
    );
  return { kind: 'experiment', experimentId };
}

async function deletedRun(ctx: Context, runId: string, deletedBefore: number): Promise<PurgeTarget> {
  const [{ doc }, experiment] = await Promise.all([readRun(ctx, runId), experimentOf(ctx, runId)]);
  checkDue(lifecycleOf(doc, experiment), deletedBefore, `Run ${runId}`, 'run_ids');
  return { kind: 'run', experimentId: doc.experimentId, runId };
}

async function deletedModel(ctx: Context, modelId: string, deletedBefore: number): Promise<PurgeTarget> {
  const { experimentId, lifecycle } = await getLoggedModel(ctx, modelId, { deleted: true });
  checkDue(lifecycle, deletedBefore, `Logged model ${modelId}`, 'logged_model_ids');
  return { kind: 'logged-model', experimentId, modelId };
}

function checkDue(lifecycle: Lifecycle, deletedBefore: number, what: string, field: string): void {
  if (isDue(lifecycle, deletedBefore)) return;
  throw new CairnError(
    'conflict',
    lifecycle.stage === 'active'
      ? `${what} is active, and only what is deleted can be purged. Delete it first.`
      : `${what} was deleted at ${new Date(lifecycle.at).toISOString()}, which is later than older_than_days allows. Ask for fewer days.`,
    { field },
  );
}
