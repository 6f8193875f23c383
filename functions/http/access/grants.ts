import * as z from 'zod';
import {
  type Access,
  accessState,
  type AccessState,
  createGrant,
  deleteGrant,
  fullAccess,
  type GrantDocument,
  listGrants,
  mayManage,
  type Resource,
  resourceTypes,
  roles,
} from '../../../shared/access/index.ts';
import type { Context } from '../../../shared/context.ts';
import { CairnError, json, type Route, route } from '../../../shared/http/index.ts';
import { accessElsewhere } from '../workspace.ts';
import { findResource, type NamedResource, namedResource, resourceKey, resourceNames } from './resources.ts';
import { asked, inputs, instant, listed, nothing } from './shapes.ts';

/** Whoever is admin of the workspace, or of anything in it; the verbs see to it that they are of what a rule is about. */
const scope = { among: [...resourceTypes] };

/** Rules: which role over what, or none at all. */
export const grants: readonly Route[] = [
  route('GET', '/api/v1/access/grants', {
    operation: 'listGrants',
    role: 'admin',
    scope,
    input: z.strictObject({
      subject: inputs.name.optional(),
      workspace: inputs.name.optional(),
      resource_type: z.enum(resourceTypes).optional(),
      resource_id: inputs.name.optional(),
      ...asked,
    }),
    handle: async (ctx, input, { identity }) => {
      const there = await accessElsewhere(ctx, identity, input.workspace ?? ctx.workspace);
      const filter = {
        subject: input.subject,
        workspace: input.workspace,
        resourceType: input.resource_type,
        resourceId: input.resource_id,
      };
      const isShown = (grant: GrantDocument) => maySee(there, grant, input.workspace ?? ctx.workspace);
      const { max_results: limit, page_token: pageToken } = input;
      const page = await listGrants(ctx, filter, isShown, { limit, pageToken });
      return listed('grants', page, await shown(ctx, page.items));
    },
  }),
  route('POST', '/api/v1/access/grants', {
    operation: 'createGrant',
    role: 'admin',
    scope,
    input: z.strictObject({
      subject: inputs.name,
      workspace: inputs.name,
      resource: z
        .strictObject({
          type: z.enum(resourceTypes),
          id: inputs.name.optional(),
          name: inputs.name.optional(),
        })
        .optional(),
      effect: z.enum(['allow', 'deny']),
      role: z.enum(roles).optional(),
      expires_at: instant.optional(),
      reason: inputs.reason,
    }),
    handle: async (ctx, { resource, expires_at: expiresAt, ...input }, { identity }) => {
      const there = await accessElsewhere(ctx, identity, input.workspace);
      const about = resource && (await resourceIn(ctx, there, input.workspace, namedResource(resource)));
      const made = await createGrant(ctx, there, { ...input, resource: about, expiresAt });
      return json((await shown(ctx, [made]))[0], 201);
    },
  }),
  route('DELETE', '/api/v1/access/grants/{id}', {
    operation: 'deleteGrant',
    role: 'admin',
    scope,
    input: z.strictObject({ id: inputs.name, reason: inputs.reason }),
    handle: async (ctx, { id, reason }, { identity }) => {
      await deleteGrant(ctx, (workspace) => accessElsewhere(ctx, identity, workspace, 'id'), id, reason);
      return nothing();
    },
  }),
];

/** Whoever may manage a rule sees it, and who is admin of a workspace those that reach into it from outside. */
function maySee(there: Access, grant: GrantDocument, workspace: string): boolean {
  if (there.inDeployment === 'admin') return true;
  if (grant.inWorkspace === '*') return there.may('admin');
  return grant.inWorkspace === workspace && mayManage(there, grant);
}

/** What a rule is to be about. Whoever is no admin there gets the same answer whether it exists or not. */
async function resourceIn(
  ctx: Context,
  there: Access,
  workspace: string,
  named: NamedResource,
): Promise<Resource> {
  // The answer must not depend on what the caller may see of it, but on whether they are admin of it.
  const found = await findResource({ ...ctx, workspace, access: fullAccess }, named);
  const asGiven = { type: named.type, id: named.id ?? named.name };
  if (!mayManage(there, { inWorkspace: workspace, resource: found })) there.require('admin', asGiven);
  if (found) return found;
  throw new CairnError(
    'not-found',
    `There is no ${named.type} '${asGiven.id}' in workspace '${workspace}'.`,
    {
      field: 'resource',
    },
  );
}

async function shown(ctx: Context, docs: readonly GrantDocument[]) {
  const state = await accessState(ctx);
  const names = await resourceNames(
    ctx,
    docs.flatMap(({ inWorkspace, resource }) => (resource ? [{ workspace: inWorkspace, resource }] : [])),
  );
  return docs.map((grant) => ({
    id: grant.grantId,
    subject: grant.subject,
    subject_name: subjectName(state, grant.subject),
    workspace: grant.inWorkspace,
    resource: grant.resource
      ? { ...grant.resource, name: names.get(resourceKey(grant.inWorkspace, grant.resource)) ?? null }
      : null,
    effect: grant.rule.effect,
    role: grant.rule.effect === 'allow' ? grant.rule.role : null,
    granted_by: grant.grantedBy,
    granted_at: grant.grantedAt,
    expires_at: grant.expiresAt ?? null,
    reason: grant.reason ?? null,
  }));
}

/** What people call a subject. */
function subjectName({ principals }: AccessState, subject: string): string {
  const name = subject.slice(subject.indexOf(':') + 1);
  return subject.startsWith('principal:') ? (principals.get(name)?.name ?? name) : name;
}
