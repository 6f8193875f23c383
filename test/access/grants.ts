import {
  type AccessDocument,
  changeAccess,
  type GrantDocument,
  type Resource,
  type Role,
} from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import type { TestServer } from '../support/server.ts';

/** Writes a rule about a principal as it is kept: a role, or `deny`, over a workspace or one resource of it. */
export async function rule(
  { ctx }: TestServer,
  principalId: string,
  effect: Role | 'deny',
  { resource, inWorkspace = 'default' }: { resource?: Resource; inWorkspace?: string } = {},
): Promise<void> {
  const grantId = ctx.ids.hex(8);
  const after: GrantDocument = {
    id: `grant:${grantId}`,
    type: 'grant',
    v: 1,
    workspace: '*',
    seq: 0,
    grantId,
    subject: `principal:${principalId}`,
    inWorkspace,
    ...(resource ? { resource } : {}),
    rule: effect === 'deny' ? { effect } : { effect: 'allow', role: effect },
    grantedBy: 'tester',
    grantedAt: ctx.clock.now(),
  };
  await made(ctx, after, 'grant.created');
}

/** Makes a workspace, as it is kept. */
export function workspace({ ctx }: TestServer, name: string): Promise<void> {
  const after: AccessDocument = {
    id: `workspace:${name}`,
    type: 'workspace',
    v: 1,
    workspace: '*',
    seq: 0,
    name,
    description: '',
    createdAt: ctx.clock.now(),
    createdBy: 'tester',
  };
  return made(ctx, after, 'workspace.created');
}

function made(
  ctx: Context,
  after: AccessDocument,
  type: 'grant.created' | 'workspace.created',
): Promise<void> {
  return changeAccess(ctx, () => ({ edits: [{ after, told: { type } }], result: undefined }));
}
