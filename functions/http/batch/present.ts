import {
  type BatchJob,
  type BatchProgress,
  errorsNameOf,
  type FileProgress,
  presentOptions,
} from '../../../shared/batch/index.ts';

export const statuses = ['planned', 'running', 'committing', 'succeeded', 'failed', 'cancelled'] as const;

/** Files that are shown with their job; `…/files` has the others. */
export const filesShown = 50;

/** A job as the API tells of it; with `progress` how far it is, and with `files` its first files. */
export function present(job: BatchJob, progress?: BatchProgress, files?: readonly FileProgress[]) {
  const { jobId, owner, status, model, input, createdAt, updatedAt } = job;
  const link = `/api/v1/batch-jobs/${jobId}`;
  return {
    id: jobId,
    status,
    owner: owner.type === 'endpoint' ? { type: owner.type, name: owner.id } : { ...owner },
    endpoint: owner.type === 'endpoint' ? owner.id : null,
    model: model ? { model_id: model.modelId, version: model.version, digest: model.digest } : null,
    input: {
      uri: `${input.container}/${input.name}`,
      container: input.container,
      name: input.name,
      prefix: input.isPrefix,
      files: input.files,
      etag: input.etag,
      bytes: input.bytes,
    },
    options: job.options && presentOptions(job.options),
    output: presentOutput(job),
    error: job.status === 'failed' ? job.failure : null,
    ...(progress ? { progress: presentProgress(job, progress) } : {}),
    ...(files ? { files: files.map((file) => presentFile(job, file)) } : {}),
    retries: job.retries ?? 0,
    requested_by: job.requestedBy ?? null,
    created_at: createdAt,
    started_at: 'startedAt' in job ? job.startedAt : null,
    updated_at: updatedAt,
    finished_at: 'finishedAt' in job ? job.finishedAt : null,
    report: job.status === 'succeeded' && job.report !== undefined ? `${link}/report` : null,
    links: { self: link, events: `${link}/events`, files: `${link}/files` },
  };
}

/** What came out; nothing before all of it is there. */
function presentOutput(job: BatchJob) {
  if (job.status !== 'succeeded') return null;
  const { totals, output, input } = job;
  if (input.isPrefix) return { name: output.name, ...totals, url: null, errors: null };
  return {
    ...presentBlob(output.name),
    ...totals,
    errors: totals.bad > 0 ? presentBlob(errorsNameOf(output.name)) : null,
  };
}

export function presentFile(job: BatchJob, { file, status, chunks, rows, bad }: FileProgress) {
  const isThere = job.status === 'succeeded';
  return {
    index: file.index,
    input: file.input,
    status: isThere ? 'succeeded' : status,
    chunks,
    rows,
    bad,
    output: isThere ? presentBlob(file.output) : null,
    errors: isThere && bad > 0 ? presentBlob(file.errors) : null,
  };
}

function presentBlob(name: string) {
  return { name, url: `/api/v1/batch-outputs/${name.split('/').map(encodeURIComponent).join('/')}` };
}

function presentProgress(job: BatchJob, progress: BatchProgress) {
  const { chunks, rows, rate, secondsLeft, workers, failures } = progress;
  return {
    chunks,
    rows,
    rows_per_second: rate,
    eta_seconds: secondsLeft,
    workers,
    failures,
    complete: job.plan.complete,
  };
}
