import * as z from 'zod';
import {
  type AuditFilter,
  auditState,
  checkAudit,
  listAudit,
  type SegmentFile,
  segmentFiles,
  segmentOf,
} from '../../shared/audit/index.ts';
import type { Context } from '../../shared/context.ts';
import { CairnError, fields, problem, route, type Surface } from '../../shared/http/index.ts';
import { exported } from './audit-export.ts';
import { fileResponse } from './files.ts';
import { snakeCase } from './snake-case.ts';

const filter = {
  workspace: fields.text.optional(),
  actor: fields.text.optional(),
  action: fields.text.optional(),
  aggregate: fields.text.optional(),
  outcome: z.enum(['done', 'denied']).optional(),
  request_id: fields.text.optional(),
  from: fields.int64.optional(),
  to: fields.int64.optional(),
};
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits');

/** The audit log: its entries, and the segments that prove it. */
export const audit: Surface = {
  name: 'audit',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/audit', {
      operation: 'listAuditEntries',
      role: 'admin',
      scope: 'workspace',
      input: z.object({
        ...filter,
        max_results: fields.limit(1000, 100),
        page_token: fields.text.optional(),
      }),
      async handle(ctx, { max_results: limit, page_token: pageToken, ...given }) {
        const { items, nextToken } = await listAudit(ctx, filterOf(ctx, given), { limit, pageToken });
        return { entries: items, ...(nextToken === undefined ? {} : { next_page_token: nextToken }) };
      },
    }),
    route('GET', '/api/v1/audit/export', {
      operation: 'exportAuditEntries',
      role: 'admin',
      scope: 'workspace',
      input: z.object({ ...filter, format: z.enum(['jsonl', 'csv']).default('jsonl') }),
      handle: (ctx, { format, ...given }) => Promise.resolve(exported(ctx, filterOf(ctx, given), format)),
    }),
    route('GET', '/api/v1/audit/state', {
      operation: 'getAuditState',
      role: 'admin',
      scope: 'workspace',
      input: z.object({}),
      handle: async (ctx) => snakeCase(await auditState(ctx)),
    }),
    route('GET', '/api/v1/audit/segments', {
      operation: 'listAuditSegments',
      role: 'admin',
      scope: 'deployment',
      input: z.object({
        order: z.enum(['newest', 'oldest']).default('newest'),
        max_results: fields.limit(1000, 100),
        page_token: fields.text.optional(),
      }),
      handle: (ctx, { order, max_results: limit, page_token: token }) =>
        segmentPage(ctx, order, limit, token),
    }),
    route('GET', '/api/v1/audit/segments/{name*}', {
      operation: 'downloadAuditSegment',
      role: 'admin',
      scope: 'deployment',
      input: z.object({ name: z.string() }),
      handle: (ctx, { name }, { request }) => fileResponse(ctx, request, () => segmentFile(ctx, name)),
    }),
    route('POST', '/api/v1/audit/verify', {
      operation: 'verifyAudit',
      role: 'admin',
      scope: 'deployment',
      input: z.object({
        from: fields.int64.optional(),
        to: fields.int64.optional(),
        expected_head: z.object({ seq: fields.int64, hash: digest }).optional(),
      }),
      async handle(ctx, { expected_head: expectedHead, from, to }) {
        inTime({ from, to });
        return snakeCase(await checkAudit(ctx, { from, to, expectedHead }));
      },
    }),
  ],
};

type Given = { readonly [name in keyof typeof filter]?: z.output<(typeof filter)[name]> };

/** Who is admin of one workspace sees what happened there; of all of them, everything. */
function filterOf(ctx: Context, { request_id: requestId, workspace, ...given }: Given): AuditFilter {
  inTime(given);
  const all = { ...given, requestId };
  if (ctx.access.inDeployment === 'admin') return { ...all, workspace };
  if (workspace === undefined || workspace === ctx.workspace) return { ...all, workspace: ctx.workspace };
  throw new CairnError(
    'forbidden',
    'This needs the role admin in the whole deployment; leave workspace out to see that of X-MLFLOW-WORKSPACE.',
    { field: 'workspace' },
  );
}

/** The farthest time that a date can say. */
const timeMax = 8.64e15;

function inTime(times: { readonly from?: number | undefined; readonly to?: number | undefined }): void {
  for (const field of ['from', 'to'] as const)
    if (Math.abs(times[field] ?? 0) > timeMax)
      throw new CairnError('invalid', `${field} must be a time in milliseconds since 1970.`, { field });
}

type Hour = { readonly name: string; readonly files: readonly string[]; readonly bytes: number };

/** Hours with their files. A page ends with a whole hour, whose name is the token. */
async function segmentPage(ctx: Context, order: 'newest' | 'oldest', limit: number, token?: string) {
  if (token !== undefined && !/^\d{4}-\d\d-\d\dT\d\d$/.test(token))
    throw new CairnError(
      'invalid',
      `Invalid page token '${token.slice(0, 100)}'; pass the next_page_token of the answer before.`,
      { field: 'page_token' },
    );
  const hours = order === 'newest' ? { to: token } : { from: token };
  const segments: Hour[] = [];
  for await (const hour of byHour(segmentFiles(ctx, hours, order))) {
    if (hour.name === token) continue;
    if (segments.length === limit) return { segments, next_page_token: segments.at(-1)?.name };
    segments.push(hour);
  }
  return { segments };
}

async function* byHour(files: AsyncIterable<SegmentFile>): AsyncGenerator<Hour> {
  let hour: Hour | undefined;
  for await (const { segment, name, bytes } of files) {
    if (hour && hour.name !== segment) {
      yield hour;
      hour = undefined;
    }
    hour = { name: segment, files: [...(hour?.files ?? []), name], bytes: (hour?.bytes ?? 0) + bytes };
  }
  if (hour) yield hour;
}

async function segmentFile(ctx: Context, name: string) {
  const file = segmentOf(name) === undefined ? undefined : await ctx.stores.blobs('audit').file(name);
  if (file) return file;
  throw new CairnError(
    'not-found',
    'There is no such segment; GET /api/v1/audit/segments lists the files of each hour.',
    { field: 'name' },
  );
}
