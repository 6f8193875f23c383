import type { Identity } from './identity.ts';
import { emptyState, type AccessState, type HeldDocument, stateWith } from './held.ts';
import type { GrantDocument, PrincipalDocument, Subject, TokenDocument } from './model.ts';
import type { Role } from './role.ts';

/** Builders of documents for tests of rules. */

let made = 0;

const common = { v: 1, workspace: '*', seq: 1 } as const;

/** A rule in workspace `w`: a role, or `deny`. */
export function grant(
  subject: Subject,
  rule: Role | 'deny',
  more: Partial<Pick<GrantDocument, 'inWorkspace' | 'resource' | 'expiresAt'>> = {},
): GrantDocument {
  const grantId = `g${++made}`;
  return {
    ...common,
    id: `grant:${grantId}`,
    type: 'grant',
    grantId,
    subject,
    inWorkspace: 'w',
    rule: rule === 'deny' ? { effect: 'deny' } : { effect: 'allow', role: rule },
    grantedBy: 'root',
    grantedAt: 0,
    ...more,
  };
}

export function group(name: string, ...members: string[]): HeldDocument {
  return { ...common, id: `group:${name}`, type: 'group', name, members };
}

export function principal(id: string, more: Partial<PrincipalDocument> = {}): PrincipalDocument {
  return {
    ...common,
    id: `principal:${id}`,
    type: 'principal',
    principalId: id,
    name: id,
    kind: 'user',
    createdAt: 0,
    createdBy: 'root',
    ...more,
  };
}

export function stateOf(...docs: HeldDocument[]): AccessState {
  return stateWith(emptyState, 1, docs);
}

export function identityOf(id: string, more: Partial<Identity> = {}): Identity {
  return {
    principal: { id, name: id },
    kind: 'user',
    via: 'token',
    subjects: [`principal:${id}`],
    ...more,
  };
}

/** A token with these scopes. */
export function tokenOf(scopes: TokenDocument['scopes']): TokenDocument {
  return {
    ...common,
    id: 'token:t',
    type: 'token',
    tokenId: 't',
    name: 't',
    principalId: 'ann',
    hash: '',
    createdAt: 0,
    createdBy: 'ann',
    expiresAt: Infinity,
    scopes,
  };
}
