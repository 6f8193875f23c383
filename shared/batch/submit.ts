import type { BlobProperties } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { relay, schedule } from '../events/index.ts';
import { CairnError, checkedPath, isCode, unlessCode } from '../http/index.ts';
import { checkBatchRows, checkStorage } from '../limits/index.ts';
import { type Endpoint, getEndpoint, mainOf } from '../endpoints/index.ts';
import { type BatchFailure, type BatchJob, type BatchMessage, type BatchModel, jobIdOf } from './job.ts';
import { folderOf, parseName } from './names.ts';
import { agendaName, askForPlan, jobEvent, readJob } from './store.ts';

const recoverEverySeconds = 60;

/**
 * Starts the job that scores a blob of `batch-input` by an endpoint, or finds the one that does already.
 * Throws `not-found` for the endpoint or the blob, also one in the folder of an endpoint that the caller may not
 * see, `unavailable` while the endpoint has no version.
 */
export async function submitJob(
  ctx: Context,
  request: { endpoint: string; input: string },
): Promise<BatchJob> {
  const endpoint = await getEndpoint(ctx, request.endpoint);
  const name = checkedPath(request.input);
  const place = parseName(name);
  const may =
    place?.workspace === ctx.workspace && ctx.access.may('viewer', { type: 'endpoint', id: place.endpoint });
  const blob = may ? await ctx.stores.blobs('batch-input').stat(name) : undefined;
  if (!blob)
    throw new CairnError('not-found', `There is no blob '${name}' in batch-input.`, { field: 'input' });
  const job = newJob(ctx, endpoint.name, name, blob);
  const known = await readJob(ctx, job.jobId);
  if (known) return start(ctx, known.doc);
  await checkRoom(ctx);
  const model = modelOf(endpoint);
  if (model) return start(ctx, { ...job, status: 'planned', model });
  throw new CairnError(
    'unavailable',
    `Endpoint '${endpoint.name}' has no version that is ready; try again later.`,
    {
      retryAfterSeconds: 5,
    },
  );
}

/**
 * Starts the job for a blob that has appeared in `batch-input`. What lies there now counts, not what an
 * event says lay there: events come twice, late, and in any order. A blob that cannot be scored leaves a
 * failed job that says why; one in no endpoint's folder is nobody's, and is passed over.
 */
export async function submitBlob(ctx: Context, name: string): Promise<BatchJob | undefined> {
  const place = parseName(name);
  if (!place) {
    ctx.log.warn('blob is in no endpoint folder', { name });
    return undefined;
  }
  const here: Context = { ...ctx, workspace: place.workspace };
  const blob = await ctx.stores.blobs('batch-input').stat(name);
  if (!blob) return undefined;
  const job = newJob(here, place.endpoint, name, blob);
  const known = await readJob(here, job.jobId);
  if (known) return start(here, known.doc);
  const endpoint = await unlessCode(getEndpoint(here, place.endpoint), 'not-found');
  const model = endpoint && modelOf(endpoint);
  if (!endpoint) return refuse(here, job, `There is no endpoint '${place.endpoint}'.`);
  if (!model) return refuse(here, job, `Endpoint '${place.endpoint}' had no version that was ready.`);
  if (!name.toLowerCase().endsWith('.csv'))
    return refuse(here, job, `'${name}' is not a .csv file.`, 'bad-input');
  const full = await whyFull(here);
  if (full !== undefined) return refuse(here, job, full);
  return start(here, { ...job, status: 'planned', model });
}

/** Refuses another job with `too-many` where the workspace has scored or holds as much as it may. */
async function checkRoom(ctx: Context): Promise<void> {
  await checkBatchRows(ctx);
  await checkStorage(ctx);
}

/** The same for a file that nobody waits with: why it is not scored. */
async function whyFull(ctx: Context): Promise<string | undefined> {
  try {
    await checkRoom(ctx);
    return undefined;
  } catch (error) {
    if (isCode(error, 'too-many')) return error.message;
    throw error;
  }
}

type NewJob = Omit<BatchJob, 'status' | 'model'>;

function newJob(ctx: Context, endpoint: string, name: string, blob: BlobProperties): NewJob {
  const etag = blob.etag.replaceAll('"', '');
  const jobId = jobIdOf(ctx.workspace, endpoint, { name, etag });
  const now = ctx.clock.now();
  return {
    id: 'job',
    type: 'batch-job',
    v: 1,
    workspace: ctx.workspace,
    kind: 'batch',
    jobId,
    endpoint,
    input: { container: 'batch-input', name, etag, bytes: blob.bytes },
    output: {
      container: 'batch-output',
      name: `${folderOf(ctx.workspace, endpoint)}/${jobId}/${name.slice(name.lastIndexOf('/') + 1)}`,
    },
    plan: { position: 0, chunks: 0, rows: 0, complete: false },
    createdAt: now,
    updatedAt: now,
  };
}

/** Records a job if it is new, and asks for its plan. Done again by a repeated event, it completes what a crash left. */
async function start(ctx: Context, job: BatchJob): Promise<BatchJob> {
  if (job.status !== 'planned') return job;
  const { jobId } = job;
  // On the agenda first: whatever dies behind this line, the timer finds it.
  await schedule(ctx, agendaName(jobId), {
    dueAt: ctx.clock.now() + recoverEverySeconds * 1000,
    everySeconds: recoverEverySeconds,
    workspace: ctx.workspace,
    message: { kind: 'batch-recover', jobId } satisfies BatchMessage,
  });
  const doc: BatchJob = { ...job, seq: 1 };
  const event = jobEvent(ctx, 'batch.requested', doc);
  const { outcome } = await ctx.stores.documents('jobs').batch([jobId], [{ op: 'create', doc }, event]);
  if (outcome === 'applied') relay(ctx, 'jobs', [jobId], event);
  await askForPlan(ctx, jobId);
  return (await readJob(ctx, jobId))?.doc ?? job;
}

async function refuse(
  ctx: Context,
  job: NewJob,
  reason: string,
  code: BatchFailure['code'] = 'endpoint',
): Promise<BatchJob> {
  const failed: BatchJob = {
    ...job,
    status: 'failed',
    failure: { code, reason },
    finishedAt: ctx.clock.now(),
    seq: 1,
  };
  const event = jobEvent(ctx, 'batch.finished', failed);
  const { outcome } = await ctx.stores
    .documents('jobs')
    .batch([job.jobId], [{ op: 'create', doc: failed }, event]);
  if (outcome === 'applied') relay(ctx, 'jobs', [job.jobId], event);
  return failed;
}

function modelOf(endpoint: Endpoint): BatchModel | undefined {
  const main = mainOf(endpoint);
  return main?.stable && { modelId: main.modelId, ...main.stable };
}
