import type { Context } from '../context.ts';
import { schedule } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { type ModelVersion, versionByName } from '../registry/index.ts';
import { artifactPathOf } from '../tracking/index.ts';
import { agendaName, linkJob, orderOf } from './convert.ts';
import type { ConversionJob } from './job.ts';
import { createJob, isFinished, readJob } from './store.ts';
import { converterOf } from './task.ts';

/** Flavours that the converter reads. */
const convertible = ['sklearn', 'xgboost', 'lightgbm'];
const recoverEverySeconds = 60;

/**
 * Asks for a version to be converted to ONNX; while a conversion of it runs, that one is the answer.
 * Throws `conflict` with the reason where there is nothing to convert or nothing that converts, and
 * `unavailable` while the version is still being read.
 */
export async function requestConversion(ctx: Context, name: string, number: number): Promise<ConversionJob> {
  const version = await versionByName(ctx, name, number);
  const last = version.conversion && (await readJob(ctx, version.conversion.jobId))?.doc;
  if (last && !isFinished(last)) return last;
  checkConvertible(ctx, version);
  const job = await newJob(ctx, version, last ? orderOf(last.jobId) + 1 : 1);
  // Before the job, so that a job that is there is always carried on.
  await schedule(ctx, agendaName(job.jobId), {
    dueAt: ctx.clock.now() + recoverEverySeconds * 1000,
    everySeconds: recoverEverySeconds,
    workspace: ctx.workspace,
    message: { kind: 'convert', jobId: job.jobId },
  });
  const made = await createJob(ctx, job);
  await linkJob(ctx, job);
  if (made) await ctx.stores.queues.send(ctx, 'work', { kind: 'convert', jobId: job.jobId });
  // Of two who ask at once, one makes the job, and both are given it.
  return made ? job : ((await readJob(ctx, job.jobId))?.doc ?? job);
}

/** The last conversion that was asked for; `undefined` where none was. */
export async function conversionOf(ctx: Context, version: ModelVersion): Promise<ConversionJob | undefined> {
  return version.conversion && (await readJob(ctx, version.conversion.jobId))?.doc;
}

function checkConvertible(ctx: Context, version: ModelVersion): void {
  const { inspection, artifact, name } = version;
  const which = `Version ${version.version} of '${name}'`;
  const refuse = (why: string) => {
    throw new CairnError('conflict', `${which} ${why}`, { field: 'version' });
  };
  if (inspection.state === 'pending')
    throw new CairnError('unavailable', `${which} is still being read; try again in a moment.`, {
      retryAfterSeconds: 1,
    });
  if (inspection.state === 'ready') refuse('is ready to be served as it is; there is nothing to convert.');
  const flavours = artifact?.flavours ?? [];
  if (!flavours.some((flavour) => convertible.includes(flavour)))
    refuse(
      `cannot be converted: ${flavours.length === 0 ? 'it has no MLmodel file that names its flavour' : `its flavours are ${flavours.join(', ')}`}. ` +
        `What was logged as ${convertible.join(', ')} can; export anything else to ONNX and log it with mlflow.onnx.`,
    );
  if (!converterOf(ctx))
    refuse(
      'cannot be converted here: nothing that converts is set up. On a machine of your own run `make converter` and start again, ' +
        'or set CAIRN_CONVERTER to a command; in Azure set CAIRN_CONVERTER_JOB to a Container Apps job.',
    );
}

async function newJob(ctx: Context, version: ModelVersion, order: number): Promise<ConversionJob> {
  const artifact = await artifactPathOf(ctx, version.storageLocation ?? version.source);
  if (artifact === undefined)
    throw new CairnError(
      'conflict',
      `The files of version ${version.version} of '${version.name}' are not among this server's artifacts.`,
      { field: 'version' },
    );
  const now = ctx.clock.now();
  return {
    id: 'job',
    type: 'conversion-job',
    kind: 'conversion',
    v: 1,
    workspace: ctx.workspace,
    jobId: `convert-${version.modelId}-${version.version}-${order}`,
    modelId: version.modelId,
    model: version.name,
    version: version.version,
    artifact,
    ticket: ctx.ids.hex(32),
    requestedBy: ctx.principal.id,
    createdAt: now,
    updatedAt: now,
    status: 'requested',
  };
}
