import type { Context } from '../context.ts';
import { inTurns } from '../turns.ts';
import { day, dayFolder, type Owner, summariesFolder } from './names.ts';
import { carryTotals } from './totals.ts';

const removesAtOnce = 8;

/**
 * Removes what was counted of an endpoint in days (UTC) that were over at a time, in milliseconds since 1970. Its
 * totals keep the sums.
 */
export async function removeSummaries(ctx: Context, endpoint: string, before: number): Promise<void> {
  const owner: Owner = { workspace: ctx.workspace, endpoint };
  const blobs = ctx.stores.blobs('profiles');
  // The folders of days sort as time does, and so do the files beside them.
  const kept = dayFolder(owner, before).slice(0, -1);
  const names: string[] = [];
  for await (const { name } of blobs.walk(summariesFolder(owner))) {
    if (name >= kept) break;
    names.push(name);
  }
  if (names.length === 0) return;
  await carryTotals(ctx, endpoint, Math.floor(before / day) * day);
  await inTurns(names, removesAtOnce, (name) => blobs.remove(name));
}
