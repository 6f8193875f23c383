import type { Context } from '../../context.ts';
import { isCode } from '../../http/index.ts';
import { inTurns } from '../../turns.ts';
import { findExperiment } from '../experiments/experiments.ts';
import { experimentOfRun } from '../ids.ts';
import type { Run } from '../model.ts';
import { lifecycleOf, readRun } from './runs.ts';

const readsAtOnceMax = 8;

/**
 * Runs by id as their documents stand, long params and tags cut, deleted ones included: a point read for
 * each, and one for each of their experiments. Those that are unknown or purged are left out.
 */
export async function glanceAtRuns(ctx: Context, runIds: readonly string[]): Promise<Map<string, Run>> {
  const experimentIds = new Set(runIds.flatMap((runId) => experimentOfRun(runId) ?? []));
  const experiments = new Map(
    await inTurns(
      [...experimentIds],
      readsAtOnceMax,
      async (id) => [id, await findExperiment(ctx, id)] as const,
    ),
  );
  const runs = new Map<string, Run>();
  await inTurns(runIds, readsAtOnceMax, async (runId) => {
    try {
      const { doc } = await readRun(ctx, runId);
      runs.set(runId, { ...doc, lifecycle: lifecycleOf(doc, experiments.get(doc.experimentId)) });
    } catch (error) {
      if (!isCode(error, 'not-found')) throw error;
    }
  });
  return runs;
}
