import * as z from 'zod';
import {
  type Access,
  accessState,
  type ResourceType,
  resourceTypes,
  type Role,
  roles,
} from '../../../shared/access/index.ts';
import type { Context } from '../../../shared/context.ts';
import { type Call, type Route, route } from '../../../shared/http/index.ts';
import { accessIn, enterableWorkspaces } from '../workspace.ts';

/** More than there can be. */
const workspacesMax = 10_000;

/** Who is signed in, and how a page signs in. */
export const session: readonly Route[] = [
  route('GET', '/api/v1/sign-in', {
    role: 'public',
    operation: 'ways-to-sign-in',
    input: z.strictObject({}),
    handle: ({ settings }) => {
      const { auth, entra } = settings;
      return Promise.resolve({
        auth,
        entra:
          (entra && {
            authority: entra.authority,
            tenant: entra.tenant,
            client_id: entra.clientId,
            // A page asks for a token of its own app, which the directory gives by the id alone (AADSTS90009).
            scope: `${entra.clientId}/.default`,
          }) ||
          null,
      });
    },
  }),
  route('GET', '/api/v1/session', {
    role: 'signed-in',
    operation: 'get-session',
    input: z.strictObject({}),
    handle: async (ctx, _input, { identity }) => ({
      principal: { ...ctx.principal, kind: identity.kind },
      via: identity.via,
      workspace: ctx.workspace,
      role: ctx.access.role ?? null,
      is_deployment_admin: ctx.access.inDeployment === 'admin',
      workspaces: await workspacesOf(ctx, identity),
      resources: resourceTypes.flatMap((type) => otherwise(ctx.access, type)),
      ...(identity.expiresAt === undefined ? {} : { expires_at: identity.expiresAt }),
      auth: ctx.settings.auth,
      inference_url: inferenceUrlOf(ctx),
    }),
  }),
];

/** Where endpoints are called, in a deployment of two apps; `null` where it is here. */
function inferenceUrlOf({ settings }: Context): string | null {
  return settings.inferenceUrl === settings.publicUrl ? null : settings.inferenceUrl.replace(/\/+$/, '');
}

/** Resources of a type on which the caller holds another role than in the workspace; `null` is none at all. */
function otherwise(access: Access, type: ResourceType) {
  if (access.isPlain) return [];
  const named = roles.flatMap((role) => {
    const visible = access.visible(type, role);
    return visible.all ? visible.except : visible.only;
  });
  return [...new Set(named)].map((id) => ({
    type,
    id,
    role: roles.findLast((role) => access.may(role, { type, id })) ?? null,
  }));
}

/** The workspaces the caller may enter, by name; `role` is `null` where they may see single things only. */
async function workspacesOf(
  ctx: Context,
  identity: Call['identity'],
): Promise<{ name: string; description: string; role: Role | null }[]> {
  const state = await accessState(ctx);
  const { items } = await enterableWorkspaces(ctx, identity, { limit: workspacesMax, pageToken: undefined });
  return items.map(({ name, description }) => ({
    name,
    description,
    role: accessIn(ctx, identity, state, name).role ?? null,
  }));
}
