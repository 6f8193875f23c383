import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Access, GrantDocument, Resource } from '../../../shared/access/index.ts';
import { CairnError } from '../../../shared/http/index.ts';

/**
 * MLflow's permissions, which are roles over single resources here. `USE` and `READ` are one; `EDIT` is shown for
 * approvers and operators, too. https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth/#permissions
 */
export const permission = z.enum(['READ', 'USE', 'EDIT', 'MANAGE', 'NO_PERMISSIONS', 'DENY'], {
  error: 'must be one of READ, USE, EDIT, MANAGE, NO_PERMISSIONS, DENY',
});
export type Permission = z.output<typeof permission>;

const rules: Readonly<Record<Permission, GrantDocument['rule']>> = {
  READ: { effect: 'allow', role: 'viewer' },
  USE: { effect: 'allow', role: 'viewer' },
  EDIT: { effect: 'allow', role: 'contributor' },
  MANAGE: { effect: 'allow', role: 'admin' },
  NO_PERMISSIONS: { effect: 'deny' },
  DENY: { effect: 'deny' },
};

/** The rule that a permission over a resource is. */
export function ruleOf(given: Permission): GrantDocument['rule'] {
  return rules[given];
}

/** The permission that a rule is. */
export function permissionOf(rule: GrantDocument['rule']): Permission {
  if (rule.effect === 'deny') return 'NO_PERMISSIONS';
  return rule.role === 'admin' ? 'MANAGE' : rule.role === 'viewer' ? 'READ' : 'EDIT';
}

/**
 * In a workspace MLflow's `USE` lets somebody make things and change them, which contributors may here, and `MANAGE`
 * rule. Throws `invalid` for `EDIT`, which MLflow does not know of workspaces.
 */
export function workspaceRuleOf(given: Permission): GrantDocument['rule'] {
  if (given === 'USE') return rules.EDIT;
  if (given !== 'EDIT') return rules[given];
  throw new CairnError('invalid', 'permission over a workspace must be READ, USE, MANAGE or DENY.', {
    field: 'permission',
  });
}

/** The permission over a workspace that a rule is. */
export function workspacePermissionOf(rule: GrantDocument['rule']): Permission {
  const over = permissionOf(rule);
  return over === 'EDIT' ? 'USE' : over;
}

/** The permission that somebody holds over a resource, or the workspace, all rules together. */
export function heldPermission(access: Access, resource?: Resource): Permission {
  if (access.may('admin', resource)) return 'MANAGE';
  if (access.may('contributor', resource)) return 'EDIT';
  return access.may('viewer', resource) ? 'READ' : 'NO_PERMISSIONS';
}

/** MLflow numbers its users; a principal's number follows from its id. */
export function userNumber(principalId: string): number {
  return createHash('sha256').update(principalId).digest().readUIntBE(0, 6);
}
