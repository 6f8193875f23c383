import type { Context } from '../context.ts';
import { schedule, unschedule } from '../events/index.ts';
import type { Promotion } from './model.ts';

type Numbered = Pick<Promotion, 'workspace' | 'modelId' | 'number'>;

/** While something is to be done: the message for it may be lost, or whoever took it may die. */
const soonSeconds = 60;
/** While it waits for people only, who make it go on themselves. */
const idleSeconds = 3600;

/** Has the timer take a promotion further within a minute, and every minute. */
export function scheduleSoon(ctx: Context, promotion: Numbered): Promise<void> {
  return put(ctx, promotion, ctx.clock.now() + soonSeconds * 1000, soonSeconds);
}

/** Has the timer look at a promotion that waits: when `until` has come, or once in a while. */
export function scheduleLater(ctx: Context, promotion: Numbered, until: number | undefined): Promise<void> {
  const dueAt = Math.min(until ?? Number.POSITIVE_INFINITY, ctx.clock.now() + idleSeconds * 1000);
  return put(ctx, promotion, dueAt, idleSeconds);
}

export function unscheduled(ctx: Context, promotion: Numbered): Promise<void> {
  return unschedule(ctx, nameOf(promotion));
}

function put(
  ctx: Context,
  { workspace, modelId, number }: Numbered,
  dueAt: number,
  everySeconds: number,
): Promise<void> {
  return schedule(ctx, nameOf({ workspace, modelId, number }), {
    dueAt,
    everySeconds,
    workspace,
    message: { kind: 'promotion', modelId, number },
  });
}

function nameOf({ workspace, modelId, number }: Numbered): string {
  return `promotion:${workspace}:${modelId}:${number}`;
}
