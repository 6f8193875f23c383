import type { Context } from '../../shared/context.ts';
import type { BlobContainerName, ContainerName } from '../../shared/resources.ts';

/** A folder of blobs whose document is not there. */
export type Orphan = {
  readonly container: BlobContainerName;
  readonly folder: string;
  readonly blobs: number;
  readonly bytes: number;
  /** When the last of them was written. */
  readonly modifiedAt: number;
};

/** As shared/batch names jobs. */
const jobIdPattern = /^batch-[0-9a-f]{32}$/;

/** Files that were dropped and that no job has: their event may have been served before the restore. */
export async function* unscored(ctx: Context): AsyncGenerator<Orphan> {
  const scored = new Set<string>();
  for await (const name of ctx.stores
    .documents('jobs')
    .stream<string>({ text: "SELECT VALUE c.input.name FROM c WHERE c.type IN ('batch-file', 'batch-job')" }))
    scored.add(name);
  for await (const { name, bytes, modifiedAt } of ctx.stores.blobs('batch-input').walk(''))
    if (!scored.has(name) && !name.endsWith('.job.json'))
      yield { container: 'batch-input', folder: name, blobs: 1, bytes, modifiedAt };
}

/** Folders of runs, logged models, registered models and batch jobs that have no document. */
export async function* orphans(ctx: Context): AsyncGenerator<Orphan> {
  for (const container of ['artifacts', 'overflow'] as const)
    for await (const { experiment, folder, id } of foldersOfRuns(ctx, container))
      if (!(await hasAny(ctx, 'runs', [experiment, id]))) yield summed(ctx, container, folder);
  for await (const workspace of namesIn(ctx, 'models', ''))
    for await (const modelId of namesIn(ctx, 'models', `${workspace}/`)) {
      if (modelId === 'served') continue;
      if (await hasAny(ctx, 'models', [workspace, modelId])) continue;
      yield summed(ctx, 'models', `${workspace}/${modelId}/`);
    }
  for await (const owner of namesIn(ctx, 'batch-output', ''))
    for await (const jobId of namesIn(ctx, 'batch-output', `${owner}/`))
      if (jobIdPattern.test(jobId) && !(await hasAny(ctx, 'jobs', [jobId])))
        yield summed(ctx, 'batch-output', `${owner}/${jobId}/`);
}

async function* foldersOfRuns(ctx: Context, container: BlobContainerName) {
  for await (const workspace of namesIn(ctx, container, ''))
    for await (const experiment of namesIn(ctx, container, `${workspace}/`)) {
      if (!/^\d+$/.test(experiment)) continue;
      for await (const id of namesIn(ctx, container, `${workspace}/${experiment}/`))
        if (/^[0-9a-f]{32}$/.test(id)) yield { experiment, id, folder: `${workspace}/${experiment}/${id}/` };
    }
}

/** The folders right below a prefix, by the last part of their names. */
async function* namesIn(ctx: Context, container: BlobContainerName, prefix: string): AsyncGenerator<string> {
  for await (const { kind, name } of ctx.stores.blobs(container).list(prefix))
    if (kind === 'prefix') yield name.slice(prefix.length, -1);
}

async function hasAny(ctx: Context, container: ContainerName, key: readonly string[]): Promise<boolean> {
  const found = await ctx.stores
    .documents(container)
    .query<string>({ text: 'SELECT VALUE c.id FROM c' }, { key, limit: 1, consistency: 'strong' });
  return found.length > 0;
}

async function summed(ctx: Context, container: BlobContainerName, folder: string): Promise<Orphan> {
  let blobs = 0;
  let bytes = 0;
  let modifiedAt = 0;
  for await (const blob of ctx.stores.blobs(container).walk(folder)) {
    blobs++;
    bytes += blob.bytes;
    modifiedAt = Math.max(modifiedAt, blob.modifiedAt);
  }
  return { container, folder, blobs, bytes, modifiedAt };
}
