import { excerpt } from '../redaction/index.ts';
import type { GrantDocument, TokenDocument } from './model.ts';

/*
 * What the audit log says of rules and tokens: enough to tell who was given what from the log alone. It is kept for
 * years and cannot be changed, so texts that people write are without secrets in them, and short.
 */

type Subject = Readonly<Record<string, string>>;

const charsMax = 1000;

/** Of a rule: whom it is about, where, and what it gives. */
export function toldOfGrant(grant: GrantDocument): Subject {
  const { grantId, subject, inWorkspace, resource, rule, expiresAt } = grant;
  return {
    grantId,
    subject,
    inWorkspace,
    effect: rule.effect,
    ...(rule.effect === 'allow' ? { role: rule.role } : {}),
    ...(resource ? { resource: `${resource.type}/${resource.id}` } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt: timeOf(expiresAt) }),
  };
}

/** Of a new token: whose it is, what it is confined to, and when it ends. */
export function toldOfToken({ tokenId, principalId, name, scopes, expiresAt }: TokenDocument): Subject {
  const { role, workspaces, resources } = scopes;
  const list = (names: readonly string[]) => excerpt(names.join(', '), charsMax);
  return {
    tokenId,
    principalId,
    name: excerpt(name, charsMax),
    ...(role === undefined ? {} : { role }),
    ...(workspaces === undefined ? {} : { workspaces: list(workspaces) }),
    ...(resources === undefined ? {} : { resources: list(resources.map(({ type, id }) => `${type}/${id}`)) }),
    expiresAt: timeOf(expiresAt),
  };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
