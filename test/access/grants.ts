import { granting } from '../../shared/access/granting.ts';
import { changeAccess, type Resource, type Role, type WorkspaceDocument } from '../../shared/access/index.ts';
import type { TestServer } from '../support/server.ts';

/** Writes a rule about a principal as it is kept: a role, or `deny`, over a workspace or one resource of it. */
export async function rule(
  { ctx }: TestServer,
  principalId: string,
  effect: Role | 'deny',
  { resource, inWorkspace = 'default' }: { resource?: Resource; inWorkspace?: string } = {},
): Promise<void> {
  const edit = granting(ctx, {
    grantId: ctx.ids.hex(8),
    subject: `principal:${principalId}`,
    inWorkspace,
    resource,
    rule: effect === 'deny' ? { effect } : { effect: 'allow', role: effect },
  });
  await changeAccess(ctx, () => ({ edits: [edit], result: undefined }));
}

/** Makes a workspace, as it is kept. */
export function workspace({ ctx }: TestServer, name: string): Promise<void> {
  const after: WorkspaceDocument = {
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
  return changeAccess(ctx, () => ({
    edits: [{ after, told: { type: 'workspace.created' } }],
    result: undefined,
  }));
}
