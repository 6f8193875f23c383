import type { Context } from '../context.ts';
import { boundsOf, isSettled, segmentsOf, spanAt } from '../profiles/index.ts';
import { countHour } from './counted.ts';
import { hoursOf, spansOfLog } from './window-profile.ts';

const dayMilliseconds = 86_400_000;
/** Days at the beginning of a month in which the month before is looked at. */
const monthDays = 2;

export type RollUpMessage = { readonly kind: 'roll-up-profiles'; readonly endpoint: string };

/** Asks for {@link rollUpProfiles} of every endpoint of which anything has been counted, in all workspaces. */
export async function sweepProfiles(ctx: Context): Promise<void> {
  const blobs = ctx.stores.blobs('profiles');
  for await (const { kind, name: workspace } of blobs.list(''))
    for await (const { kind: below, name } of kind === 'prefix' ? blobs.list(workspace) : []) {
      const endpoint = name.slice(workspace.length, -1);
      if (below !== 'prefix' || endpoint.startsWith('_')) continue;
      const message: RollUpMessage = { kind: 'roll-up-profiles', endpoint };
      await ctx.stores.queues.send({ ...ctx, workspace: workspace.slice(0, -1) }, 'work', message);
    }
}

/**
 * Makes what was counted of an endpoint in the hours of yesterday and today that are over, in yesterday, and in the last
 * month. What came late is taken in so; what comes later still is when its hour is erased of, or counted anew.
 */
export async function rollUpProfiles(
  ctx: Context,
  { endpoint }: Pick<RollUpMessage, 'endpoint'>,
): Promise<void> {
  const now = ctx.clock.now();
  const [yesterday, today] = [spanAt(now - dayMilliseconds, 'day'), spanAt(now, 'day')];
  const split = await segmentsOf(ctx, endpoint);
  for (const segmentation of [undefined, ...(split ? [split] : [])]) {
    for (const day of [yesterday, today])
      for (const hour of await hoursOf(ctx, endpoint, day))
        if (boundsOf(hour).to <= now) await countHour(ctx, endpoint, hour, segmentation);
    const spans = spansOfLog(ctx, endpoint, segmentation);
    if (isSettled(yesterday, now)) await spans.make(yesterday);
    const month = spanAt(now - monthDays * dayMilliseconds, 'month');
    if (isSettled(month, now)) await spans.make(month);
  }
}
