import * as z from 'zod';
import {
  type BatchJob,
  type BatchProgress,
  cancelJob,
  findOutput,
  getJob,
  listJobs,
  submitJob,
  uploadInput,
} from '../../shared/batch/index.ts';
import {
  decodedPath,
  fields,
  json,
  problem,
  route,
  type Scope,
  type Surface,
  uploadOf,
} from '../../shared/http/index.ts';
import { fileResponse } from './files.ts';

const byId = z.object({ id: fields.requiredText });
const newJob = z.strictObject({
  endpoint: z.string({ error: 'must be the name of an endpoint' }).min(1),
  input: z.string({ error: 'must be the name of a blob in batch-input' }).min(1),
});
const listing = z.object({
  endpoint: fields.text.optional(),
  limit: fields.limit(200, 50),
});

const onEndpoint: Scope = { on: [{ field: 'endpoint', names: 'endpoint' }] };
const onJob: Scope = { on: [{ field: 'id', names: 'batch-job' }] };

/** Batch scoring: files in, jobs, files out. */
export const batch: Surface = {
  name: 'batch',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/batch-jobs', {
      operation: 'listBatchJobs',
      role: 'viewer',
      scope: { among: ['endpoint'] },
      input: listing,
      handle: async (ctx, input) => ({ jobs: (await listJobs(ctx, input)).map((job) => present(job)) }),
    }),
    route('POST', '/api/v1/batch-jobs', {
      operation: 'createBatchJob',
      role: 'contributor',
      scope: onEndpoint,
      input: newJob,
      handle: async (ctx, input) => json(present(await submitJob(ctx, input)), 202),
    }),
    route('GET', '/api/v1/batch-jobs/{id}', {
      operation: 'getBatchJob',
      role: 'viewer',
      scope: onJob,
      input: byId,
      async handle(ctx, { id }) {
        const { job, progress } = await getJob(ctx, id);
        return present(job, progress);
      },
    }),
    route('POST', '/api/v1/batch-jobs/{id}/cancel', {
      operation: 'cancelBatchJob',
      role: 'contributor',
      scope: onJob,
      input: byId,
      handle: async (ctx, { id }) => present(await cancelJob(ctx, id)),
    }),
    {
      method: 'PUT',
      path: '/api/v1/batch-inputs/{endpoint}/{path*}',
      operation: 'uploadBatchInput',
      role: 'contributor',
      scope: onEndpoint,
      async handle(ctx, { request, params }) {
        const target = { endpoint: params['endpoint'] ?? '', path: decodedPath(params['path'] ?? '') };
        return json(await uploadInput(ctx, target, uploadOf(request)), 201);
      },
    },
    {
      method: 'GET',
      path: '/api/v1/batch-outputs/{path*}',
      operation: 'getBatchOutput',
      role: 'viewer',
      scope: { on: [{ field: 'path', names: 'batch-file' }] },
      handle: async (ctx, { request, params }) =>
        fileResponse(ctx, request, () => findOutput(ctx, decodedPath(params['path'] ?? ''))),
    },
  ],
};

function present(job: BatchJob, progress?: BatchProgress) {
  const { jobId, endpoint, status, model, input, output, createdAt, updatedAt } = job;
  return {
    id: jobId,
    endpoint,
    status,
    model: model ? { model_id: model.modelId, version: model.version, digest: model.digest } : null,
    input: { name: input.name, etag: input.etag, bytes: input.bytes },
    output: job.status === 'succeeded' ? { name: output.name, rows: job.rows, bytes: job.bytes } : null,
    error: job.status === 'failed' ? job.failure : null,
    ...(progress ? { progress: { ...progress, complete: job.plan.complete } } : {}),
    created_at: createdAt,
    started_at: 'startedAt' in job ? job.startedAt : null,
    updated_at: updatedAt,
    finished_at: 'finishedAt' in job ? job.finishedAt : null,
  };
}
