import type { Context } from '../context.ts';
import { isCode } from '../http/index.ts';
import { lost, swap } from '../swap.ts';
import type { TimelineEntry } from './model.ts';
import { storedIncident } from './read.ts';

const entriesMax = 300;

/**
 * Adds what was done about an incident to its timeline, now, in the order given. What it says already, of the same thing
 * in the same words, is not said again; where the incident is gone nothing is.
 */
export async function addToTimeline(
  ctx: Context,
  ref: string,
  entries: readonly Omit<TimelineEntry, 'at'>[],
): Promise<void> {
  try {
    await swap(ctx, `Incident '${ref}'`, async () => {
      const { doc: before, etag } = await storedIncident(ctx, ref);
      const fresh = entries.filter(
        ({ kind, ref: about, text }) =>
          !before.timeline.some((each) => each.kind === kind && each.ref === about && each.text === text),
      );
      if (fresh.length === 0) return undefined;
      const at = ctx.clock.now();
      const timeline = shortened([...before.timeline, ...fresh.map((entry) => ({ at, ...entry }))]);
      const { outcome } = await ctx.stores.documents('monitors').write([ctx.workspace, before.monitorId], {
        op: 'replace',
        doc: { ...before, timeline },
        etag,
      });
      return outcome === 'applied' ? undefined : lost;
    });
  } catch (error) {
    if (!isCode(error, 'not-found')) throw error;
  }
}

/** The first entry says how it began; of many, those in the middle go, but for what people said. */
export function shortened(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
  let surplus = entries.length - entriesMax;
  return entries.filter(
    ({ by }, i) => i === 0 || i >= entries.length - entriesMax / 2 || by !== undefined || surplus-- <= 0,
  );
}
