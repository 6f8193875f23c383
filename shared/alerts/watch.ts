import type { Context } from '../context.ts';
import { getEndpoint } from '../endpoints/index.ts';
import type { CairnEvent } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { defaultSettings, findMonitor, type Monitor } from '../monitoring/index.ts';
import { type Change, changeAlerts, type Decision } from './change.ts';
import { changedAlerts } from './derive.ts';
import { lateAlert, lateness, skewSeconds } from './late.ts';
import { lookAfterAlerts } from './look-after.ts';
import type { Alert } from './model.ts';
import { lookBack } from './results.ts';
import { ended, isWatched, unwatched } from './watched.ts';

/**
 * Brings the alerts of a monitor and its incident to what its last results say. The message only says that there is
 * something to look at, and how far back: alerts are a function of the results. Subscriber of `monitor.checked`.
 */
export async function watchAlerts(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { monitorId = '', windowEnd } = subject;
  await look(ctx, { monitorId, ...(windowEnd === undefined ? {} : { changedEnd: Number(windowEnd) }) });
}

/**
 * Resolves what is not watched any more since the settings of a monitor changed, or since its endpoint was deleted, and
 * has monitors looked after from the first one on. Subscriber of `monitor.changed`.
 */
export async function followMonitor(ctx: Context, { subject }: CairnEvent): Promise<void> {
  await lookAfterAlerts(ctx);
  await look(ctx, { monitorId: subject['monitorId'] ?? '' });
}

/** Work of kind `look-at-alerts`: the same, since a silence has ended, a reminder is due or a check is late. */
export async function lookAtAlerts(ctx: Context, { monitorId }: { monitorId: string }): Promise<void> {
  await look(ctx, { monitorId });
}

/**
 * Brings the figures of alerts to those of results that were made again without rows that are erased. That is no
 * news: an alert whose state would be another is left to the next check.
 */
export async function renewFigures(ctx: Context, monitorId: string, windowEnd: number): Promise<void> {
  await look(ctx, { monitorId, changedEnd: windowEnd }, 'quietly');
}

type Look = { readonly monitorId: string; readonly changedEnd?: number };

function look(ctx: Context, { monitorId, changedEnd = Infinity }: Look, manner?: 'quietly'): Promise<void> {
  return changeAlerts(ctx, monitorId, async (before) => {
    const cooldownSeconds = defaultSettings.alerting.cooldownSeconds;
    const monitor = (await findMonitor(ctx, monitorId))?.doc;
    const decision = monitor
      ? await decide(ctx, monitor, before, changedEnd)
      : { changes: endedAll(before, ctx.clock.now()), cooldownSeconds };
    if (!manner) return decision;
    const isSame = ({ alert }: Change) => before.get(alert.fingerprint)?.state === alert.state;
    return { ...decision, changes: decision.changes.filter(isSame) };
  });
}

/** What the results of a monitor say, its settings, and the clock. */
async function decide(
  ctx: Context,
  monitor: Monitor,
  before: ReadonlyMap<string, Alert>,
  changedEnd: number,
): Promise<Decision> {
  const now = ctx.clock.now();
  const { results, isCut } = await lookBack(ctx, monitor, changedEnd);
  const said = changedAlerts(monitor, results, before, isCut).filter((alert) => isWatched(monitor, alert));
  const lastEnd = results.find(({ windowEnd }) => windowEnd <= now + skewSeconds * 1000)?.windowEnd;
  const { seconds, bound } = lateness(monitor, lastEnd, now);
  const isGone = seconds > bound && !(await unlessCode(getEndpoint(ctx, monitor.endpoint), 'not-found'));
  const late = isGone ? undefined : lateAlert(monitor, lastEnd, before, now);
  return {
    changes: [
      ...said.map((alert): Change => ({ alert })),
      ...unwatched(monitor, before.values()),
      ...(late ? [late] : []),
    ],
    endpoint: monitor.endpoint,
    cooldownSeconds: monitor.alerting.cooldownSeconds,
  };
}

function endedAll(before: ReadonlyMap<string, Alert>, now: number): Change[] {
  return [...before.values()].flatMap((alert) => ended(alert, now, 'Its endpoint was deleted.'));
}
