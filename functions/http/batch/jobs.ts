import * as z from 'zod';
import {
  cancelJob,
  deleteJob,
  filesOf,
  findJob,
  findReport,
  getJob,
  listJobs,
  retryJob,
  submitJob,
} from '../../../shared/batch/index.ts';
import { checkOutputsFree } from '../../../shared/erasure/index.ts';
import { fields, json, type Page, type Route, route, type Scope } from '../../../shared/http/index.ts';
import { fileResponse } from '../files.ts';
import { eventsOf } from './events.ts';
import { ofNamed, onOwner } from './owner.ts';
import { filesShown, present, presentFile, statuses } from './present.ts';
import { newJob, requestOf } from './request.ts';

const byId = z.object({ id: fields.requiredText });

const listing = z.strictObject({
  endpoint: fields.requiredText.optional(),
  model: fields.requiredText.optional(),
  status: z
    .union([fields.text, z.array(fields.text)])
    .transform((given) => [given].flat().flatMap((text) => text.split(',')))
    .refine((all) => all.every(isStatus), `must be of ${statuses.join(', ')}`)
    .transform((all) => all.filter(isStatus))
    .optional(),
  limit: fields.limit(200, 50),
  page_token: fields.text.optional(),
});

const filesListing = z.strictObject({
  id: fields.requiredText,
  limit: fields.limit(200, 50),
  page_token: z
    .string()
    .regex(/^\d{1,6}$/, 'must be the next_page_token of the answer before')
    .optional(),
});

const onJob: Scope = { on: [{ field: 'id', names: 'batch-job' }] };

/** Jobs: asked for, watched, stopped, taken up again and deleted. */
export const jobs: readonly Route[] = [
  route('GET', '/api/v1/batch-jobs', {
    operation: 'listBatchJobs',
    role: 'viewer',
    scope: { among: ['endpoint', 'model'] },
    input: listing,
    async handle(ctx, { status, page_token: pageToken, ...filter }) {
      const page = await listJobs(ctx, { ...filter, statuses: status, pageToken });
      return pageAs('jobs', page, (job) => present(job));
    },
  }),
  route('POST', '/api/v1/batch-jobs', {
    operation: 'createBatchJob',
    role: 'contributor',
    scope: onOwner,
    input: newJob,
    async handle(ctx, input, call) {
      const { job, isNew } = await ofNamed(input, submitJob(ctx, await requestOf(ctx, input, call)));
      return json(present(job), isNew ? 202 : 200, { location: `/api/v1/batch-jobs/${job.jobId}` });
    },
  }),
  route('GET', '/api/v1/batch-jobs/{id}', {
    operation: 'getBatchJob',
    role: 'viewer',
    scope: onJob,
    input: byId,
    async handle(ctx, { id }) {
      const { job, progress } = await getJob(ctx, id);
      const files = job.input.isPrefix ? await filesOf(ctx, job, { from: 0, limit: filesShown }) : undefined;
      return present(job, progress, files);
    },
  }),
  route('GET', '/api/v1/batch-jobs/{id}/files', {
    operation: 'listBatchJobFiles',
    role: 'viewer',
    scope: onJob,
    input: filesListing,
    async handle(ctx, { id, limit, page_token }) {
      const job = await findJob(ctx, id);
      const from = Number(page_token ?? 0);
      const items = await filesOf(ctx, job, { from, limit });
      const hasMore = items.length === limit && from + limit < job.input.files;
      return {
        files: items.map((file) => presentFile(job, file)),
        ...(hasMore ? { next_page_token: String(from + limit) } : {}),
      };
    },
  }),
  route('GET', '/api/v1/batch-jobs/{id}/report', {
    operation: 'getBatchJobReport',
    role: 'viewer',
    scope: onJob,
    input: byId,
    handle: (ctx, { id }, { request }) => fileResponse(ctx, request, () => findReport(ctx, id)),
  }),
  route('GET', '/api/v1/batch-jobs/{id}/events', {
    operation: 'watchBatchJob',
    role: 'viewer',
    scope: onJob,
    input: byId,
    handle: (ctx, { id }, { request }) => eventsOf(ctx, id, request),
  }),
  route('POST', '/api/v1/batch-jobs/{id}/cancel', {
    operation: 'cancelBatchJob',
    role: 'contributor',
    scope: onJob,
    input: byId,
    handle: async (ctx, { id }) => present(await cancelJob(ctx, id)),
  }),
  route('POST', '/api/v1/batch-jobs/{id}/retry', {
    operation: 'retryBatchJob',
    role: 'contributor',
    scope: onJob,
    input: byId,
    handle: async (ctx, { id }) => present(await retryJob(ctx, id)),
  }),
  route('DELETE', '/api/v1/batch-jobs/{id}', {
    operation: 'deleteBatchJob',
    role: 'contributor',
    scope: onJob,
    input: byId,
    async handle(ctx, { id }) {
      await checkOutputsFree(ctx, id);
      await deleteJob(ctx, id);
      return new Response(null, { status: 204 });
    },
  }),
];

function isStatus(text: string): text is (typeof statuses)[number] {
  return (statuses as readonly string[]).includes(text);
}

function pageAs<T>(name: string, { items, nextToken }: Page<T>, show: (item: T) => unknown) {
  return { [name]: items.map(show), ...(nextToken === undefined ? {} : { next_page_token: nextToken }) };
}
