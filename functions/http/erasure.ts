import * as z from 'zod';
import {
  type ErasureJob,
  getErasure,
  type Hold,
  listErasures,
  listHolds,
  placeHold,
  releaseHold,
  requestErasure,
} from '../../shared/erasure/index.ts';
import { fields, json, problem, route, type Surface } from '../../shared/http/index.ts';
import { dataPolicyRoutes } from './endpoints/data-policies.ts';
import { snakeCase } from './snake-case.ts';

const valueCharsMax = 1000;
const subject = z.strictObject({
  column: fields.requiredText.max(250, 'must be at most 250 characters'),
  value: z.union(
    [
      z
        .string()
        .min(1, 'must not be empty')
        .max(valueCharsMax, `must be at most ${valueCharsMax} characters`),
      z.number(),
    ],
    { error: 'must be text or a number' },
  ),
});
const reason = fields.requiredText.max(2000, 'must be at most 2000 characters');
const endpoint = fields.requiredText.optional();

/** What is personal data, how long it is kept, its erasure, and what holds that back. */
export const erasures: Surface = {
  name: 'erasure',
  part: 'control',
  errors: problem,
  routes: [
    ...dataPolicyRoutes,
    route('POST', '/api/v1/erasure', {
      operation: 'requestErasure',
      role: 'admin',
      scope: 'workspace',
      input: z.strictObject({
        subject,
        endpoint,
        reason,
        dry_run: z.boolean({ error: 'must be true or false' }).default(false),
      }),
      handle: async (ctx, { dry_run, ...asked }) =>
        json(present(await requestErasure(ctx, { ...asked, dryRun: dry_run })), 202),
    }),
    route('GET', '/api/v1/erasure', {
      operation: 'listErasures',
      role: 'admin',
      scope: 'workspace',
      input: z.strictObject({ max_results: fields.limit(200, 50), page_token: fields.text.optional() }),
      async handle(ctx, { max_results, page_token }) {
        const page = await listErasures(ctx, { limit: max_results, pageToken: page_token });
        return {
          erasures: page.items.map(present),
          ...(page.nextToken === undefined ? {} : { next_page_token: page.nextToken }),
        };
      },
    }),
    route('GET', '/api/v1/erasure/{id}', {
      operation: 'getErasure',
      role: 'admin',
      scope: 'workspace',
      input: z.strictObject({ id: fields.requiredText }),
      handle: async (ctx, { id }) => present(await getErasure(ctx, id)),
    }),
    route('POST', '/api/v1/holds', {
      operation: 'placeHold',
      role: 'admin',
      scope: 'workspace',
      input: z.strictObject({ endpoint, subject: subject.optional(), reason }),
      handle: async (ctx, input) => json(presentHold(await placeHold(ctx, input)), 201),
    }),
    route('GET', '/api/v1/holds', {
      operation: 'listHolds',
      role: 'admin',
      scope: 'workspace',
      input: z.strictObject({}),
      handle: async (ctx) => ({ holds: (await listHolds(ctx)).map(presentHold) }),
    }),
    route('DELETE', '/api/v1/holds/{id}', {
      operation: 'releaseHold',
      role: 'admin',
      scope: 'workspace',
      input: z.strictObject({ id: fields.requiredText, reason: reason.optional() }),
      async handle(ctx, { id, reason: why }) {
        await releaseHold(ctx, id, why);
        return { id };
      },
    }),
  ],
};

/** An erasure without anything that tells whose it is. */
function present(job: ErasureJob) {
  const { jobId, column, dryRun, reason: why, requestedBy, createdAt, startsAt, found, elsewhere } = job;
  const sum = (of: (counts: ErasureJob['found'][number]) => number) =>
    found.reduce((total, counts) => total + of(counts), 0);
  return {
    id: jobId,
    status: job.status,
    endpoint: job.endpoint ?? null,
    column,
    dry_run: dryRun,
    reason: why,
    requested_by: requestedBy,
    requested_at: createdAt,
    covers_until: createdAt,
    starts_at: startsAt,
    finished_at: job.status === 'finished' ? job.finishedAt : null,
    blocked_by: job.status === 'blocked' ? job.holdId : null,
    endpoints_left: job.status === 'finished' ? 0 : job.at.endpoints.length,
    counts: {
      parts_read: sum((each) => each.partsRead),
      parts_found: sum((each) => each.partsRewritten),
      parts_rewritten: dryRun ? 0 : sum((each) => each.partsRewritten),
      rows: sum((each) => each.rows),
      labels: sum((each) => each.labels),
      references: sum((each) => each.references),
      windows: sum((each) => each.windows),
    },
    endpoints: found.map(({ hours: _, hourCount, partsRewritten, ...counts }) =>
      snakeCase({
        ...counts,
        partsFound: partsRewritten,
        partsRewritten: dryRun ? 0 : partsRewritten,
        hours: hourCount,
      }),
    ),
    not_covered: elsewhere,
  };
}

function presentHold({ holdId, endpoint: name, subject: held, reason: why, placedAt, placedBy }: Hold) {
  return {
    id: holdId,
    endpoint: name ?? null,
    subject: held ? { column: held.column } : null,
    reason: why,
    placed_at: placedAt,
    placed_by: placedBy,
  };
}
