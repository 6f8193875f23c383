import { createHash } from 'node:crypto';
import type { BlobContainer } from '../../shared/azure/index.ts';
import type { BatchFile } from '../../shared/batch/file.ts';
import type { BatchJob } from '../../shared/batch/job.ts';
import type { Context } from '../../shared/context.ts';
import { listFiles } from '../../shared/registry/inspection/artifact-files.ts';
import { readManifest } from '../../shared/registry/inspection/manifest.ts';
import { Refusal } from '../../shared/registry/inspection/refusal.ts';
import type { ModelVersion } from '../../shared/registry/model.ts';
import { readTexts } from '../../shared/tracking/runs/overflow.ts';
import type { Run } from '../../shared/tracking/model.ts';
import type { BlobContainerName, ContainerName } from '../../shared/resources.ts';

/** Something that a document says is in storage, and is not, or is not as it says. */
export type Missing = {
  readonly workspace: string;
  /** The document, as people call it: `version iris/3`. */
  readonly document: string;
  readonly container: BlobContainerName;
  readonly blob: string;
  readonly problem: string;
};

export type CheckOptions = {
  /** Reads what is served, and compares it with its digest; else its size is compared. */
  readonly withDigests: boolean;
};

/** What the documents miss in storage, and how many of them were looked at. */
export async function* missing(
  ctx: Context,
  options: CheckOptions,
  counted: { documents: number },
): AsyncGenerator<Missing> {
  for await (const version of all<ModelVersion>(ctx, 'models', 'version')) {
    counted.documents++;
    yield* missingOfVersion({ ...ctx, workspace: version.workspace }, version, options);
  }
  for await (const run of all<Run>(ctx, 'runs', 'run')) {
    counted.documents++;
    yield* missingOfRun({ ...ctx, workspace: run.workspace }, run);
  }
  for await (const job of all<BatchJob>(ctx, 'jobs', 'batch-job')) {
    counted.documents++;
    if (job.deletedAt === undefined) yield* missingOfJob(ctx, job);
  }
}

function all<T>(ctx: Context, container: ContainerName, type: string): AsyncGenerator<T> {
  return ctx.stores
    .documents(container)
    .stream<T>({ text: 'SELECT * FROM c WHERE c.type = @type', values: { type } }, { consistency: 'strong' });
}

async function* missingOfVersion(
  ctx: Context,
  version: ModelVersion,
  { withDigests }: CheckOptions,
): AsyncGenerator<Missing> {
  const { workspace, modelId, name, inspection, signing } = version;
  const document = `version ${name}/${version.version}`;
  const models = ctx.stores.blobs('models');
  const found = (container: BlobContainerName, blob: string, problem: string): Missing => ({
    workspace,
    document,
    container,
    blob,
    problem,
  });
  if (inspection.state === 'ready') {
    const { served } = inspection.ready;
    for (const file of [served, ...served.external]) {
      const stat = await models.stat(file.blob);
      if (!stat) yield found('models', file.blob, 'what is served is gone: it cannot answer');
      else if (stat.bytes !== file.bytes)
        yield found('models', file.blob, `what is served has ${stat.bytes} bytes, not ${file.bytes}`);
      else if (withDigests && (await digestOf(models, file.blob)) !== file.digest)
        yield found('models', file.blob, 'what is served is not what was inspected');
    }
  }
  const signature = `${workspace}/${modelId}/${version.version}/model.sig`;
  if (signing && !(await models.stat(signature))) yield found('models', signature, 'its signature is gone');
  if (!version.artifact) return;
  const place = version.storageLocation ?? version.source;
  const manifest = await readManifest(ctx, version).catch((error: Error) => error);
  if (manifest instanceof Error) {
    yield found('models', `${workspace}/${modelId}/${version.version}/`, manifest.message);
    return;
  }
  const files = await listFiles(ctx, version).catch((error: unknown) => {
    if (error instanceof Refusal) return [];
    throw error;
  });
  const bytesOf = new Map(files.map(({ path, bytes }) => [path, bytes]));
  for (const { path, bytes } of manifest.files)
    if (bytesOf.get(path) !== bytes)
      yield found(
        'artifacts',
        `${place}/${path}`,
        bytesOf.has(path)
          ? 'a file of it is not the one that was registered'
          : 'a file of it is gone (as after a purge of its run)',
      );
}

async function* missingOfRun(ctx: Context, run: Run): AsyncGenerator<Missing> {
  const { workspace, experimentId, runId, long, datasets } = run;
  const digests = [
    ...Object.values(long?.params ?? {}),
    ...Object.values(long?.tags ?? {}),
    ...(datasets ?? []).map(({ detail }) => detail),
  ];
  if (digests.length === 0) return;
  const texts = await readTexts(ctx, [{ experimentId, runId, digests }]);
  for (const digest of new Set(digests))
    if (!texts.has(digest))
      yield {
        workspace,
        document: `run ${runId}`,
        container: 'overflow',
        blob: `${workspace}/${experimentId}/${runId}/${digest}`,
        problem: 'a long param, tag or dataset of it is gone: its beginning is left',
      };
}

async function* missingOfJob(ctx: Context, job: BatchJob): AsyncGenerator<Missing> {
  const { workspace, jobId, status } = job;
  const files = await ctx.stores
    .documents('jobs')
    .query<BatchFile>(
      { text: "SELECT * FROM c WHERE c.type = 'batch-file'" },
      { key: [jobId], consistency: 'strong' },
    );
  const found = (container: BlobContainerName, blob: string, problem: string): Missing => ({
    workspace,
    document: `batch job ${jobId} (${status})`,
    container,
    blob,
    problem,
  });
  if (status === 'planned' || status === 'running')
    for (const { input } of files) {
      const stat = await ctx.stores.blobs(job.input.container).stat(input.name);
      if (!stat) yield found(job.input.container, input.name, 'its input is gone: it will fail');
      else if (bare(stat.etag) !== bare(input.etag))
        yield found(job.input.container, input.name, 'its input is another blob by now: it will fail');
    }
  if (status !== 'succeeded') return;
  const outputs = ctx.stores.blobs('batch-output');
  for (const { output } of files)
    if (!(await outputs.stat(output))) yield found('batch-output', output, 'its output is gone');
  if (job.report !== undefined && !(await outputs.stat(job.report)))
    yield found('batch-output', job.report, 'its report is gone');
}

/** An etag without the quotes that HTTP puts around it, and Event Grid does not. */
function bare(etag: string): string {
  return etag.replaceAll('"', '');
}

async function digestOf(container: BlobContainer, name: string): Promise<string> {
  const hash = createHash('sha256');
  const opened = await container.open(name);
  for await (const chunk of opened?.body ?? []) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
