import type { Context } from '../context.ts';
import type { Access, Resource } from './access.ts';
import type { Edit } from './change.ts';
import { checkNumber } from './checks.ts';
import type { AccessState } from './held.ts';
import { accessId, type GrantDocument } from './model.ts';
import { toldOfGrant } from './told.ts';

const grantsMax = 50_000;
/** Of all these, whoever is admin of one thing, or of one workspace, can use up no more. */
const grantsOnResourceMax = 500;
const grantsInWorkspaceMax = 20_000;

/** What a rule is about: a workspace, every one (`*`), or one resource of a workspace. */
export type About = {
  readonly inWorkspace: string;
  readonly resource?: Resource | undefined;
};

/** Whether two rules are about the very same; one about a workspace is not about what is in it. */
export function isSameAbout(a: About, b: About): boolean {
  return (
    a.inWorkspace === b.inWorkspace &&
    a.resource?.type === b.resource?.type &&
    a.resource?.id === b.resource?.id
  );
}

/** Whether a caller with these rights may make and delete rules about this. */
export function mayManage(there: Access, { inWorkspace, resource }: About): boolean {
  if (there.inDeployment === 'admin') return true;
  if (inWorkspace === '*') return false;
  return there.may('admin') || (resource !== undefined && there.may('admin', resource));
}

/** Refuses one more rule where there are enough: in all, in its workspace, about its resource. */
export function checkRoom(state: AccessState, about: About): void {
  const { inWorkspace, resource } = about;
  const count = { all: 0, here: 0, about: 0 };
  for (const grants of state.grants.values())
    for (const other of grants.values()) {
      count.all++;
      if (other.inWorkspace !== inWorkspace) continue;
      count.here++;
      if (isSameAbout(other, about)) count.about++;
    }
  checkNumber('grants', count.all, grantsMax);
  if (inWorkspace !== '*')
    checkNumber(`grants in workspace '${inWorkspace}'`, count.here, grantsInWorkspaceMax);
  if (resource) checkNumber(`grants on this ${resource.type}`, count.about, grantsOnResourceMax);
}

/** The edit that makes a rule, in the name of who asks. */
export function granting(
  ctx: Context,
  {
    grantId,
    subject,
    inWorkspace,
    resource,
    rule,
    expiresAt,
    reason,
  }: About &
    Pick<GrantDocument, 'grantId' | 'subject' | 'rule'> & {
      readonly expiresAt?: number | undefined;
      readonly reason?: string | undefined;
    },
): Edit & { readonly after: GrantDocument } {
  const after: GrantDocument = {
    id: accessId('grant', grantId),
    type: 'grant',
    v: 1,
    workspace: '*',
    seq: 1,
    grantId,
    subject,
    inWorkspace,
    ...(resource ? { resource } : {}),
    rule,
    grantedBy: ctx.principal.id,
    grantedAt: ctx.clock.now(),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(reason === undefined ? {} : { reason }),
  };
  return { after, told: { type: 'grant.created', reason, subject: toldOfGrant(after) } };
}
