import type { Context } from '../context.ts';
import { boundsOf } from './spans.ts';
import { profileFolder, spanFolder } from './store.ts';

/** Removes what was counted in an hour, and what was made of it. */
export async function removeProfiles(ctx: Context, endpoint: string, hour: string): Promise<void> {
  const folders = (['parts', 'hours'] as const).map((kind) => profileFolder(ctx, endpoint, kind, hour));
  await Promise.all(folders.map((folder) => ctx.stores.blobs('profiles').removeBelow(folder)));
  await removeMadeOf(ctx, endpoint, hour);
}

/**
 * Removes what was made of an hour that has changed: its outcomes, its day and its month. They are made again when they
 * are asked for. Who makes one looks at the hours once more behind the write, so none stays that was made before.
 */
export async function removeMadeOf(ctx: Context, endpoint: string, hour: string): Promise<void> {
  const container = ctx.stores.blobs('profiles');
  for (const folder of [
    profileFolder(ctx, endpoint, 'outcomes', hour),
    spanFolder(ctx, endpoint, hour.slice(0, 8)),
    spanFolder(ctx, endpoint, hour.slice(0, 6)),
  ])
    await container.removeBelow(folder);
}

/**
 * Removes what was counted in hours that were over before `before`, in milliseconds since 1970: of jobs, whose rows are
 * in no log that would be removed with it. Days and months that have such an hour are made again of what is left.
 */
export async function removeProfilesBefore(ctx: Context, endpoint: string, before: number): Promise<void> {
  const container = ctx.stores.blobs('profiles');
  for (const kind of ['parts', 'hours', 'outcomes', 'days', 'months']) {
    const root = `${ctx.workspace}/${endpoint}/${kind}/`;
    for await (const { name } of container.walk(root)) {
      const span = name.slice(root.length).split('/').slice(0, 2).join('').replaceAll('-', '');
      const { from, to } = boundsOf(span);
      if (span.length === 10 ? to <= before : from < before) await container.remove(name);
    }
  }
}
