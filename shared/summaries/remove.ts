import type { Context } from '../context.ts';
import { inTurns } from '../turns.ts';
import { dayFolder, type Owner, summariesFolder } from './names.ts';

const removesAtOnce = 8;

/** Removes what was counted of an endpoint in days (UTC) that were over at a time, in milliseconds since 1970. */
export async function removeSummaries(
  { stores, workspace }: Pick<Context, 'stores' | 'workspace'>,
  endpoint: string,
  before: number,
): Promise<void> {
  const owner: Owner = { workspace, endpoint };
  const blobs = stores.blobs('profiles');
  // The folders of days sort as time does, and so do the files beside them.
  const kept = dayFolder(owner, before).slice(0, -1);
  const names: string[] = [];
  for await (const { name } of blobs.walk(summariesFolder(owner))) {
    if (name >= kept) break;
    names.push(name);
  }
  await inTurns(names, removesAtOnce, (name) => blobs.remove(name));
}
