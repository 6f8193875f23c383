import { fullAccess } from '../access/index.ts';
import { scoredFiles } from '../batch/index.ts';
import type { Context } from '../context.ts';
import { allLogged, endKeeping, type Logged, pinnedOf } from '../endpoints/index.ts';
import { loggedHours } from '../predictions/index.ts';

/** Instances answer for a deleted endpoint for 10 seconds yet, and write what they have logged some seconds later. */
const underWayMilliseconds = 60_000;

/**
 * Ends the time for which the logs of deleted endpoints are kept where these have left nothing: one that never logged
 * anything does not keep its workspace from being deleted.
 */
export async function endEmptyLogs(ctx: Context, workspace: string): Promise<void> {
  const here: Context = { ...ctx, workspace, access: fullAccess };
  for (const endpoint of await allLogged(here))
    if (isOver(endpoint, here.clock.now()) && !(await hasLeftAnything(here, endpoint.name)))
      await endKeeping(here, endpoint.name);
}

/** Whether no row of a deleted endpoint can be on its way any more. */
function isOver(endpoint: Logged, now: number): boolean {
  if (endpoint.type !== 'gone-endpoint' || endpoint.keepsUntil <= now) return false;
  return pinnedOf(endpoint).length === 0 || endpoint.deletedAt + underWayMilliseconds <= now;
}

async function hasLeftAnything(ctx: Context, endpoint: string): Promise<boolean> {
  const hours = loggedHours(ctx, endpoint, ['parts', 'labels', 'tombstones', 'queued', 'set-aside']);
  for (const left of [hours, scoredFiles(ctx, endpoint)]) if (!(await left.next()).done) return true;
  return false;
}
