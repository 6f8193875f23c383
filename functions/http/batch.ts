import { Readable } from 'node:stream';
import * as z from 'zod';
import {
  type BatchJob,
  type BatchProgress,
  cancelJob,
  getJob,
  listJobs,
  openOutput,
  outputUrl,
  pathOf,
  statOutput,
  submitJob,
  uploadInput,
} from '../../shared/batch/index.ts';
import type { Context } from '../../shared/context.ts';
import { type Call, json, problem, route, type Surface } from '../../shared/http/index.ts';

/** Larger files are fetched from storage itself, by a redirect to a signed URL. */
const proxiedBytesMax = 8 * 1024 * 1024;

const byId = z.object({ id: z.string() });
const newJob = z.strictObject({
  endpoint: z.string({ error: 'must be the name of an endpoint' }).min(1),
  input: z.string({ error: 'must be the name of a blob in batch-input' }).min(1),
});
const listing = z.object({
  endpoint: z.string().optional(),
  limit: z.coerce
    .number()
    .int('must be a whole number')
    .min(1, 'must be 1 to 200')
    .max(200, 'must be 1 to 200')
    .default(50),
});

/** Batch scoring: files in, jobs, files out. */
export const batch: Surface = {
  name: 'batch',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/batch-jobs', {
      operation: 'listBatchJobs',
      role: 'viewer',
      input: listing,
      handle: async (ctx, input) => ({ jobs: (await listJobs(ctx, input)).map((job) => present(job)) }),
    }),
    route('POST', '/api/v1/batch-jobs', {
      operation: 'createBatchJob',
      role: 'contributor',
      input: newJob,
      handle: async (ctx, input) => json(present(await submitJob(ctx, input)), 202),
    }),
    route('GET', '/api/v1/batch-jobs/{id}', {
      operation: 'getBatchJob',
      role: 'viewer',
      input: byId,
      async handle(ctx, { id }) {
        const { job, progress } = await getJob(ctx, id);
        return present(job, progress);
      },
    }),
    route('POST', '/api/v1/batch-jobs/{id}/cancel', {
      operation: 'cancelBatchJob',
      role: 'contributor',
      input: byId,
      handle: async (ctx, { id }) => present(await cancelJob(ctx, id)),
    }),
    {
      method: 'PUT',
      path: '/api/v1/batch-inputs/{endpoint}/{path*}',
      operation: 'uploadBatchInput',
      role: 'contributor',
      async handle(ctx, { request, params }) {
        const length = request.headers.get('content-length');
        const target = { endpoint: params['endpoint'] ?? '', path: pathOf(params['path'] ?? '') };
        const stored = await uploadInput(ctx, target, request.body, {
          bytes: length === null ? undefined : Number(length),
          signal: request.signal,
        });
        return json(stored, 201);
      },
    },
    {
      method: 'GET',
      path: '/api/v1/batch-outputs/{path*}',
      operation: 'getBatchOutput',
      role: 'viewer',
      handle: (ctx, call) => download(ctx, call),
    },
  ],
};

async function download(ctx: Context, { request, params }: Call): Promise<Response> {
  const path = pathOf(params['path'] ?? '');
  const { name, bytes, etag, contentType } = await statOutput(ctx, path);
  if (bytes > proxiedBytesMax) return Response.redirect(await outputUrl(ctx, path), 302);
  const headers = {
    'content-type': contentType ?? 'text/csv; charset=utf-8',
    'content-length': String(bytes),
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name.slice(name.lastIndexOf('/') + 1))}`,
    'x-content-type-options': 'nosniff',
    etag,
  };
  if (request.method === 'HEAD') return new Response(null, { headers });
  return new Response(Readable.toWeb(await openOutput(ctx, path, request.signal)) as ReadableStream, {
    headers,
  });
}

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
