import type { Context } from '../context.ts';
import { scheduleOnce, unschedule } from '../events/index.ts';

const everySeconds = 60;

/** Has the timer look after the rollouts of an endpoint each minute; where it does already, nothing changes. */
export async function watchRollouts(ctx: Context, endpoint: string): Promise<void> {
  await scheduleOnce(ctx, entryName(ctx, endpoint), {
    dueAt: ctx.clock.now() + everySeconds * 1000,
    everySeconds,
    workspace: ctx.workspace,
    message: { kind: 'rollout', endpoint },
  });
}

export async function unwatchRollouts(ctx: Context, endpoint: string): Promise<void> {
  await unschedule(ctx, entryName(ctx, endpoint));
}

function entryName({ workspace }: Context, endpoint: string): string {
  return `rollout:${workspace}:${endpoint}`;
}
