import * as z from 'zod';
import {
  accessState,
  changePrincipal,
  createPrincipal,
  deletePrincipal,
  getPrincipal,
  lastSeen,
  listPrincipals,
  type PrincipalDocument,
} from '../../../shared/access/index.ts';
import type { Context } from '../../../shared/context.ts';
import { decodedPath, json, type Route, route } from '../../../shared/http/index.ts';
import { asked, inputs, listed, nothing } from './shapes.ts';

/** An id may hold a slash, as those of Entra ID do, encoded or not. */
const id = z.string().transform(decodedPath).pipe(inputs.name);

/** People and services that are known here. */
export const principals: readonly Route[] = [
  route('GET', '/api/v1/access/principals', {
    operation: 'listPrincipals',
    role: 'admin',
    scope: 'workspace',
    input: z.strictObject(asked),
    handle: async (ctx, { max_results: limit, page_token: pageToken }) => {
      const page = await listPrincipals(ctx, { limit, pageToken });
      return listed('principals', page, await shown(ctx, page.items));
    },
  }),
  route('POST', '/api/v1/access/principals', {
    operation: 'createPrincipal',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({
      name: inputs.name,
      kind: z.enum(['user', 'service', 'entra']).optional(),
      id: inputs.name.optional(),
    }),
    handle: async (ctx, input) => json((await shown(ctx, [await createPrincipal(ctx, input)]))[0], 201),
  }),
  route('GET', '/api/v1/access/principals/{id*}', {
    operation: 'getPrincipal',
    role: 'admin',
    scope: 'workspace',
    input: z.strictObject({ id }),
    handle: async (ctx, input) => (await shown(ctx, [await getPrincipal(ctx, input.id)]))[0],
  }),
  route('PATCH', '/api/v1/access/principals/{id*}', {
    operation: 'changePrincipal',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({
      id,
      name: inputs.name.optional(),
      disabled: z.boolean().optional(),
      reason: inputs.reason,
    }),
    handle: async (ctx, { id: principalId, ...change }) =>
      (await shown(ctx, [await changePrincipal(ctx, principalId, change)]))[0],
  }),
  route('DELETE', '/api/v1/access/principals/{id*}', {
    operation: 'deletePrincipal',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ id, reason: inputs.reason }),
    handle: async (ctx, { id: principalId, reason }) => {
      await deletePrincipal(ctx, principalId, reason);
      return nothing();
    },
  }),
];

async function shown(ctx: Context, docs: readonly PrincipalDocument[]) {
  const { groupsOf } = await accessState(ctx);
  const seen = await lastSeen(
    ctx,
    docs.map(({ principalId }) => principalId),
  );
  return docs.map(({ principalId, name, kind, disabled, createdAt, createdBy }) => ({
    id: principalId,
    name,
    kind,
    disabled: disabled ?? null,
    created_at: createdAt,
    created_by: createdBy,
    last_used_at: seen.get(principalId)?.at ?? null,
    groups: (groupsOf.get(principalId) ?? []).toSorted(),
  }));
}
