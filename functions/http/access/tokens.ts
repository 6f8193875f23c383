import * as z from 'zod';
import {
  createToken,
  listTokens,
  requireDeploymentAdmin,
  resourceTypes,
  revokeToken,
  roles,
  type TokenUse,
} from '../../../shared/access/index.ts';
import { fields, json, type Route, route } from '../../../shared/http/index.ts';

const text = (max: number) => fields.text.max(max, `must have at most ${max} characters`);
const resource = z.strictObject({ type: z.enum(resourceTypes), id: fields.requiredText.pipe(text(500)) });
const workspace = text(63).regex(/^(\*|[a-z0-9][a-z0-9-]*)$/, "must be the name of a workspace, or '*'");

const scopes = z.strictObject({
  role: z.enum(roles).optional(),
  workspaces: z
    .array(workspace)
    .min(1, 'must name one at least')
    .max(100, 'must name at most 100')
    .optional(),
  resources: z.array(resource).min(1, 'must name one at least').max(100, 'must name at most 100').optional(),
});

const creation = z.strictObject({
  name: text(100).regex(/^[^\p{C}]*\S[^\p{C}]*$/u, 'must be printable, and not blank'),
  expires_in_seconds: fields.int64.optional(),
  scopes: scopes.optional(),
  principal: fields.requiredText.pipe(text(200)).optional(),
});

/** Cairn tokens. Everyone has tokens of their own; those of others are for admins of the deployment. */
export const tokens: readonly Route[] = [
  route('GET', '/api/v1/tokens', {
    role: 'signed-in',
    operation: 'list-tokens',
    input: z.strictObject({
      principal: fields.requiredText.optional(),
      all: z.enum(['true', 'false']).default('false'),
      max_results: fields.limit(1000, 100),
      page_token: fields.text.optional(),
    }),
    handle: async (ctx, { principal, all, max_results: limit, page_token: pageToken }) => {
      const own = ctx.principal.id;
      if (all === 'true' || (principal !== undefined && principal.toLowerCase() !== own))
        requireDeploymentAdmin(ctx);
      const principalId = all === 'true' ? undefined : (principal?.toLowerCase() ?? own);
      const { items, nextToken } = await listTokens(ctx, { principalId, limit, pageToken });
      return { tokens: items.map(shown), ...(nextToken === undefined ? {} : { next_page_token: nextToken }) };
    },
  }),
  route('POST', '/api/v1/tokens', {
    role: 'signed-in',
    operation: 'create-token',
    input: creation,
    handle: async (ctx, input, { identity }) => {
      const { text: token, token: made } = await createToken(ctx, identity, {
        name: input.name,
        expiresInSeconds: input.expires_in_seconds,
        scopes: input.scopes,
        principalId: input.principal,
      });
      const body = { token, ...shown({ token: made, lastUsedAt: undefined }) };
      return json(body, 201, { 'cache-control': 'no-store' });
    },
  }),
  route('DELETE', '/api/v1/tokens/{id}', {
    role: 'signed-in',
    operation: 'revoke-token',
    input: z.strictObject({ id: fields.requiredText, reason: text(1000).optional() }),
    handle: async (ctx, { id, reason }, { identity }) => shown(await revokeToken(ctx, identity, id, reason)),
  }),
];

/** A token without what proves it. */
function shown({ token, lastUsedAt }: TokenUse) {
  return {
    id: token.tokenId,
    name: token.name,
    principal_id: token.principalId,
    created_at: token.createdAt,
    created_by: token.createdBy,
    expires_at: token.expiresAt,
    revoked: token.revoked ? { ...token.revoked, reason: token.revoked.reason || null } : null,
    last_used_at: lastUsedAt ?? null,
    scopes: token.scopes,
  };
}
