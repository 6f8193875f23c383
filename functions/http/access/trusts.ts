import * as z from 'zod';
import {
  deleteTrust,
  getTrust,
  listTrusts,
  putTrust,
  type TrustDocument,
} from '../../../shared/access/index.ts';
import { json, type Route, route } from '../../../shared/http/index.ts';
import { asked, expectedIn, inputs, listed, nothing } from './shapes.ts';

const conditions = z.strictObject({
  repository: inputs.name,
  repository_id: inputs.name.optional(),
  ref: inputs.name.optional(),
  environment: inputs.name.optional(),
  workflow: inputs.name.optional(),
});

/** Workloads of outside issuers that are principals here. */
export const trusts: readonly Route[] = [
  route('GET', '/api/v1/access/trusts', {
    operation: 'listTrusts',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject(asked),
    handle: async (ctx, { max_results: limit, page_token: pageToken }) => {
      const page = await listTrusts(ctx, { limit, pageToken });
      return listed('trusts', page, page.items.map(shown));
    },
  }),
  route('GET', '/api/v1/access/trusts/{name}', {
    operation: 'getTrust',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name }),
    handle: async (ctx, { name }) => response(await getTrust(ctx, name)),
  }),
  route('PUT', '/api/v1/access/trusts/{name}', {
    operation: 'putTrust',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name, issuer: z.literal('github').default('github'), conditions }),
    handle: async (ctx, { name, conditions: { repository_id: repositoryId, ...asGiven } }, { request }) => {
      const given = { ...asGiven, ...(repositoryId === undefined ? {} : { repositoryId }) };
      return response(await putTrust(ctx, name, given, expectedIn(request)));
    },
  }),
  route('DELETE', '/api/v1/access/trusts/{name}', {
    operation: 'deleteTrust',
    role: 'admin',
    scope: 'deployment',
    input: z.strictObject({ name: inputs.name, reason: inputs.reason }),
    handle: async (ctx, { name, reason }) => {
      await deleteTrust(ctx, name, reason);
      return nothing();
    },
  }),
];

function response(trust: TrustDocument): Response {
  return json(shown(trust), 200, { etag: `"${trust.seq}"` });
}

function shown({ name, issuer, principalId, conditions: { repositoryId, ...rest } }: TrustDocument) {
  return {
    name,
    issuer,
    principal_id: principalId,
    conditions: { ...rest, ...(repositoryId === undefined ? {} : { repository_id: repositoryId }) },
  };
}
