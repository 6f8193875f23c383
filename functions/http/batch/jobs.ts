import * as z from 'zod';
import {
  askedInput,
  cancelJob,
  deleteJob,
  filesOf,
  findJob,
  findReport,
  getJob,
  jobOptions,
  type JobRequest,
  listJobs,
  retryJob,
  submitJob,
} from '../../../shared/batch/index.ts';
import type { Context } from '../../../shared/context.ts';
import { checkOutputsFree } from '../../../shared/erasure/index.ts';
import {
  type Call,
  CairnError,
  fields,
  json,
  type Page,
  type Route,
  route,
  type Scope,
} from '../../../shared/http/index.ts';
import { fileResponse } from '../files.ts';
import { eventsOf } from './events.ts';
import { ofNamed, ofOwner, onOwner, requireOneOwner } from './owner.ts';
import { filesShown, present, presentFile, statuses } from './present.ts';

const byId = z.object({ id: fields.requiredText });
const keyCharsMax = 200;

const newJob = z.strictObject({
  ...ofOwner,
  version: z
    .int({ error: 'must be the number of a version' })
    .positive({ error: 'must be the number of a version' })
    .optional(),
  alias: z.string({ error: 'must be an alias of the model' }).min(1).optional(),
  input: z
    .string({ error: 'must be the name of a blob, a URI, or a prefix of names' })
    .min(1)
    .max(2000, 'must be at most 2000 characters'),
  prefix: z.boolean({ error: 'must be true or false' }).optional(),
  key: keyOf(z.string({ error: 'must be text' })).optional(),
  ...jobOptions.shape,
});

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

/** What a body asks for: what scores, what it scores, and the options beside these, in the words of the file of options. */
async function requestOf(
  ctx: Context,
  body: z.output<typeof newJob>,
  { request }: Call,
): Promise<JobRequest> {
  const { endpoint, model, version, alias, input, prefix, key, ...options } = body;
  requireOneOwner(body);
  if (model === undefined && (version !== undefined || alias !== undefined))
    throw new CairnError(
      'invalid',
      'An endpoint scores by the version that it answers with; name a model instead.',
      {
        field: version === undefined ? 'alias' : 'version',
      },
    );
  if (version !== undefined && alias !== undefined)
    throw new CairnError('invalid', 'Both version and alias are given; leave one out.', { field: 'alias' });
  const hasOptions = Object.values(options).some((option) => option !== undefined);
  return {
    endpoint,
    model,
    version,
    alias,
    input: await askedInput(ctx, input, prefix),
    options: hasOptions ? options : undefined,
    key: keyIn(key, request.headers.get('idempotency-key')),
  };
}

/** The key that makes a job of its own, which is in the body or in a header. */
function keyIn(inBody: string | undefined, header: string | null): string | undefined {
  if (header === null) return inBody;
  const given = keyOf(z.string()).safeParse(header);
  if (!given.success)
    throw new CairnError('invalid', `The key ${given.error.issues[0]?.message}.`, {
      field: 'Idempotency-Key',
    });
  if (inBody === undefined || inBody === given.data) return given.data;
  throw new CairnError('invalid', 'key and the header Idempotency-Key differ; leave one out.', {
    field: 'key',
  });
}

function keyOf(text: z.ZodString) {
  return text.min(1, 'must not be empty').max(keyCharsMax, `must be at most ${keyCharsMax} characters`);
}

function isStatus(text: string): text is (typeof statuses)[number] {
  return (statuses as readonly string[]).includes(text);
}

function pageAs<T>(name: string, { items, nextToken }: Page<T>, show: (item: T) => unknown) {
  return { [name]: items.map(show), ...(nextToken === undefined ? {} : { next_page_token: nextToken }) };
}
