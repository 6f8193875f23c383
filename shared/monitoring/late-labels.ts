import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { labelStates } from '../outcomes/index.ts';
import { wholeHours } from '../profiles/index.ts';
import { findMonitor, readResults } from './store.ts';
import type { Window } from './windows.ts';

/** Results that late labels are looked for behind, in one go. */
const windowsMax = 1000;

/** The labels of a window as a text, which is another one when some have come or changed; `''` for none. */
export async function labelsOf(ctx: Context, endpoint: string, window: Window): Promise<string> {
  return textOf(await labelStates(ctx, endpoint, window));
}

/**
 * Asks for the windows of a monitor to be checked again whose labels have changed since, as far back as its settings
 * say; says how many. The windows of now are left to the grid.
 */
export async function reopenLate(ctx: Context, monitorId: string): Promise<number> {
  const monitor = (await findMonitor(ctx, monitorId))?.doc;
  if (!monitor) return 0;
  const { performance, 'concept-drift': concept } = monitor.signals;
  if (!performance.enabled && !concept.enabled) return 0;
  const now = ctx.clock.now();
  const from = now - monitor.maxLabelDelaySeconds * 1000;
  const results = await readResults(ctx, monitorId, { from, to: now }, windowsMax);
  const oldest = Math.min(...results.map(({ windowStart }) => windowStart));
  if (results.length === 0) return 0;
  const states = await labelStates(ctx, monitor.endpoint, { from: oldest, to: now });
  let opened = 0;
  for (const { windowStart, windowEnd, settled, labels } of results) {
    if (!settled || labels === undefined) continue;
    if (labels === textOf(states, { from: windowStart, to: windowEnd })) continue;
    await ctx.stores.queues.send(ctx, 'work', { kind: 'check-window', monitorId, windowEnd });
    opened++;
  }
  return opened;
}

function textOf(states: ReadonlyMap<string, string>, window?: Window): string {
  const { from, to } = window ? wholeHours(window) : { from: -Infinity, to: Infinity };
  const found = [...states].filter(([hour]) => {
    const at = Date.UTC(
      Number(hour.slice(0, 4)),
      Number(hour.slice(4, 6)) - 1,
      Number(hour.slice(6, 8)),
      Number(hour.slice(8)),
    );
    return at >= from && at < to;
  });
  if (found.length === 0) return '';
  return createHash('sha256').update(JSON.stringify(found)).digest('hex').slice(0, 16);
}
