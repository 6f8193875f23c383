import * as z from 'zod';
import { type AuditFilter, auditState, checkAudit, listAudit } from '../../../shared/audit/index.ts';
import type { Context } from '../../../shared/context.ts';
import { CairnError, decodedPath, fields, problem, route, type Surface } from '../../../shared/http/index.ts';
import { fileResponse } from '../files.ts';
import { snakeCase } from '../snake-case.ts';
import { exported } from './export.ts';
import { segmentFile, segmentPage } from './segments.ts';

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
      input: z.strictObject({
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
      input: z.strictObject({ ...filter, format: z.enum(['jsonl', 'csv']).default('jsonl') }),
      handle: (ctx, { format, ...given }) => Promise.resolve(exported(ctx, filterOf(ctx, given), format)),
    }),
    route('GET', '/api/v1/audit/state', {
      operation: 'getAuditState',
      role: 'admin',
      scope: 'workspace',
      input: z.strictObject({}),
      handle: async (ctx) => snakeCase(await auditState(ctx)),
    }),
    route('GET', '/api/v1/audit/segments', {
      operation: 'listAuditSegments',
      role: 'admin',
      scope: 'deployment',
      input: z.strictObject({
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
      // A client that goes by the description encodes the slashes.
      input: z.strictObject({ name: z.string().transform(decodedPath) }),
      handle: (ctx, { name }, { request }) => fileResponse(ctx, request, () => segmentFile(ctx, name)),
    }),
    route('POST', '/api/v1/audit/verify', {
      operation: 'verifyAudit',
      role: 'admin',
      scope: 'deployment',
      input: z.strictObject({
        from: fields.int64.optional(),
        to: fields.int64.optional(),
        expected_head: z.strictObject({ seq: fields.int64, hash: digest }).optional(),
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
