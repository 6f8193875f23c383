import * as z from 'zod';
import { type Call, CairnError, fields, json, type Route, route } from '../../../shared/http/index.ts';
import {
  approvePromotion,
  cancelPromotion,
  endPolicy,
  getPolicy,
  getPromotion,
  listPolicies,
  listPromotions,
  overridePromotion,
  type Policy,
  type Promotion,
  promotionStatuses,
  putPolicy,
  rejectPromotion,
  requestPromotion,
} from '../../../shared/promotion/index.ts';
import { type AliasMove, aliasHistory, rollbackAlias } from '../../../shared/registry/index.ts';
import { nextPage } from '../mlflow.ts';
import { withNames } from '../names.ts';
import { snakeCase } from '../snake-case.ts';
import { comment, gateOf, policyFields, reason, stage } from './policy-fields.ts';
import { modelRef, onModel } from './refs.ts';

const number = fields.int64.refine((n) => n >= 1, 'must be a number from 1');
const promotionRef = { ...modelRef, n: number };
const aliasRef = { ...modelRef, alias: fields.requiredText };
const page = { max_results: fields.limit(1000, 100), page_token: fields.text.optional() };

/** Policies, promotions with their gates, and the way back. */
export const promotionRoutes: readonly Route[] = [
  route('GET', '/api/v1/models/{m}/policy', {
    operation: 'getPolicy',
    role: 'viewer',
    scope: onModel,
    input: z.object(modelRef),
    handle: async (ctx, { m }) => policyResponse(await getPolicy(ctx, m)),
  }),
  route('PUT', '/api/v1/models/{m}/policy', {
    operation: 'putPolicy',
    role: 'admin',
    scope: onModel,
    input: z.strictObject({ ...modelRef, ...policyFields, expected_version: fields.int64.optional() }),
    async handle(ctx, { m, aliases, stages, gates, expected_version }, call) {
      const terms = { aliases, stages, gates: gates.map(gateOf) };
      return policyResponse(await putPolicy(ctx, m, terms, expectedIn(call) ?? expected_version));
    },
  }),
  route('DELETE', '/api/v1/models/{m}/policy', {
    operation: 'endPolicy',
    role: 'admin',
    scope: onModel,
    input: z.strictObject({ ...modelRef, expected_version: fields.int64.optional() }),
    async handle(ctx, { m, expected_version }, call) {
      await endPolicy(ctx, m, expectedIn(call) ?? expected_version);
      return new Response(null, { status: 204 });
    },
  }),
  route('GET', '/api/v1/models/{m}/policies', {
    operation: 'listPolicies',
    role: 'viewer',
    scope: onModel,
    input: z.object({ ...modelRef, ...page }),
    async handle(ctx, { m, max_results, page_token }) {
      const found = await listPolicies(ctx, { name: m, limit: max_results, pageToken: page_token });
      return withNames(ctx, { policies: found.items.map(presentPolicy), ...nextPage(found) });
    },
  }),
  route('POST', '/api/v1/models/{m}/promotions', {
    operation: 'createPromotion',
    role: 'contributor',
    scope: onModel,
    input: z
      .strictObject({
        ...modelRef,
        version: number,
        alias: fields.requiredText.optional(),
        stage: stage.optional(),
        archive_existing: z.boolean({ error: 'must be true or false' }).default(false),
        comment,
      })
      .refine(({ alias, stage: to }) => (alias === undefined) !== (to === undefined), {
        path: ['alias'],
        error: 'give an alias or a stage, and not both',
      }),
    async handle(ctx, { m, version, alias = '', stage: to, archive_existing, comment: said }, call) {
      const target = to === undefined ? { alias } : { stage: to };
      const archiveExisting = to !== undefined && archive_existing;
      const wish = { name: m, version, target, archiveExisting, comment: said, key: keyIn(call) };
      const { promotion, created } = await requestPromotion(ctx, wish);
      return promotionResponse(promotion, created ? 201 : 200);
    },
  }),
  route('GET', '/api/v1/models/{m}/promotions', {
    operation: 'listPromotions',
    role: 'viewer',
    scope: onModel,
    input: z.object({
      ...modelRef,
      ...page,
      alias: fields.text.optional(),
      version: number.optional(),
      status: z.enum(promotionStatuses, `must be one of ${promotionStatuses.join(', ')}`).optional(),
    }),
    async handle(ctx, { m, alias, version, status, max_results, page_token }) {
      const asked = { name: m, alias, version, status, limit: max_results, pageToken: page_token };
      const found = await listPromotions(ctx, asked);
      return withNames(ctx, { promotions: found.items.map(presentPromotion), ...nextPage(found) });
    },
  }),
  route('GET', '/api/v1/models/{m}/promotions/{n}', {
    operation: 'getPromotion',
    role: 'viewer',
    scope: onModel,
    input: z.object(promotionRef),
    handle: async (ctx, { m, n }) => withNames(ctx, presentPromotion(await getPromotion(ctx, m, n))),
  }),
  route('POST', '/api/v1/models/{m}/promotions/{n}/approve', {
    operation: 'approvePromotion',
    role: 'approver',
    scope: onModel,
    input: z.strictObject({ ...promotionRef, comment }),
    handle: async (ctx, { m, n, comment: said }) =>
      presentPromotion(await approvePromotion(ctx, { name: m, number: n, comment: said })),
  }),
  route('POST', '/api/v1/models/{m}/promotions/{n}/reject', {
    operation: 'rejectPromotion',
    role: 'approver',
    scope: onModel,
    input: z.strictObject({ ...promotionRef, reason }),
    handle: async (ctx, { m, n, reason: why }) =>
      presentPromotion(await rejectPromotion(ctx, { name: m, number: n, reason: why })),
  }),
  route('POST', '/api/v1/models/{m}/promotions/{n}/override', {
    operation: 'overridePromotion',
    role: 'admin',
    scope: onModel,
    input: z.strictObject({ ...promotionRef, reason }),
    handle: async (ctx, { m, n, reason: why }) =>
      presentPromotion(await overridePromotion(ctx, { name: m, number: n, reason: why })),
  }),
  route('POST', '/api/v1/models/{m}/promotions/{n}/cancel', {
    operation: 'cancelPromotion',
    role: 'contributor',
    scope: onModel,
    input: z.strictObject(promotionRef),
    handle: async (ctx, { m, n }) => presentPromotion(await cancelPromotion(ctx, { name: m, number: n })),
  }),
  route('GET', '/api/v1/models/{m}/aliases/{alias}/history', {
    operation: 'listAliasMoves',
    role: 'viewer',
    scope: onModel,
    input: z.object({ ...aliasRef, ...page }),
    async handle(ctx, { m, alias, max_results, page_token }) {
      const found = await aliasHistory(ctx, { name: m, alias, limit: max_results, pageToken: page_token });
      return withNames(ctx, { moves: found.items.map(presentMove), ...nextPage(found) });
    },
  }),
  route('POST', '/api/v1/models/{m}/aliases/{alias}/rollback', {
    operation: 'rollbackAlias',
    role: 'operator',
    scope: onModel,
    input: z.strictObject({ ...aliasRef, reason, expected: number.optional() }),
    async handle(ctx, { m, alias, reason: why, expected }, call) {
      const key = keyIn(call);
      const { from, to, seq } = await rollbackAlias(ctx, { name: m, alias, reason: why, expected, key });
      return { alias, from: from ?? null, to, seq };
    },
  }),
];

const keyCharsMax = 255;

/** https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07 */
function keyIn({ request }: Call): string | undefined {
  const key = request.headers.get('idempotency-key');
  if (key === null) return undefined;
  if (key !== '' && key.length <= keyCharsMax) return key;
  throw new CairnError('invalid', `Idempotency-Key must have 1 to ${keyCharsMax} characters.`, {
    field: 'idempotency-key',
  });
}

/** The version of the policy that a caller's precondition names; 0 where there must be none. */
function expectedIn({ request }: Call): number | undefined {
  if (request.headers.get('if-none-match')?.trim() === '*') return 0;
  const tag = request.headers.get('if-match');
  if (tag === null) return undefined;
  const version = /^(?:W\/)?"?(\d{1,15})"?$/.exec(tag.trim())?.[1];
  if (version !== undefined) return Number(version);
  throw new CairnError('invalid', 'If-Match must be the ETag of the policy that is to be changed.', {
    field: 'if-match',
  });
}

function policyResponse(policy: Policy): Response {
  return json(presentPolicy(policy), 200, { etag: `"${policy.version}"` });
}

function presentPolicy({ version, author, at, aliases, stages, gates, ended }: Policy) {
  return {
    version,
    author,
    at,
    aliases,
    stages,
    gates: gates.map((gate) => snakeCase(gate)),
    ...(ended ? { ended } : {}),
  };
}

function promotionResponse(promotion: Promotion, status: number): Response {
  const { model, number: n } = promotion;
  const location = `/api/v1/models/${encodeURIComponent(model)}/promotions/${n}`;
  return json(presentPromotion(promotion), status, { location });
}

function presentPromotion(promotion: Promotion) {
  const { number: n, model, version, target, status, judged, approvals, override } = promotion;
  const champion = judged?.champion ?? null;
  return {
    number: n,
    model,
    version,
    target,
    status,
    policy_version: judged?.policyVersion ?? null,
    champion: champion === null ? null : { version: champion },
    gates: judged?.gates ?? [],
    approvals,
    ...(override ? { override } : {}),
    ...('rejected' in promotion ? { rejected: promotion.rejected } : {}),
    ...('cancelledBy' in promotion ? { cancelled_by: promotion.cancelledBy } : {}),
    ...('supersededBy' in promotion ? { superseded_by: promotion.supersededBy } : {}),
    ...('reason' in promotion ? { reason: promotion.reason } : {}),
    requested_by: promotion.requestedBy,
    author: promotion.author,
    comment: promotion.comment,
    created_at: promotion.createdAt,
    updated_at: promotion.updatedAt,
    ...('finishedAt' in promotion ? { finished_at: promotion.finishedAt } : {}),
  };
}

function presentMove({ seq, from, to, cause, actor, at }: AliasMove) {
  return { seq, from: from ?? null, to: to ?? null, cause, actor, at };
}
