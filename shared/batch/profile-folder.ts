import type { Context } from '../context.ts';

/** Where, in container `profiles`, what is counted of a job lies while it runs. */
export function countedFolder({ workspace }: Context, jobId: string): string {
  return `${workspace}/_batch/${jobId}/`;
}

/** The jobs that have such a folder, in all workspaces. */
export async function* countedFolders({
  stores,
}: Pick<Context, 'stores'>): AsyncGenerator<{ readonly workspace: string; readonly jobId: string }> {
  const blobs = stores.blobs('profiles');
  for await (const { name: workspace } of blobs.list(''))
    for await (const { name } of blobs.list(`${workspace}_batch/`))
      yield { workspace: workspace.slice(0, -1), jobId: name.split('/')[2] ?? '' };
}

/** When the last of what was counted of a job was written, in milliseconds since 1970; 0 where there is nothing. */
export async function countedAt(ctx: Context, jobId: string): Promise<number> {
  let at = 0;
  for await (const { modifiedAt } of ctx.stores.blobs('profiles').walk(countedFolder(ctx, jobId)))
    at = Math.max(at, modifiedAt);
  return at;
}

/** Removes what was counted chunk by chunk. */
export async function removeCounted(ctx: Context, jobId: string): Promise<void> {
  await ctx.stores.blobs('profiles').removeBelow(countedFolder(ctx, jobId));
}
