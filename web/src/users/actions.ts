import { cairn } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import type { Role } from '../session/roles.ts';
import { type Grant, type Group, pathOf, type Principal, type ResourceType, type Trust } from './users.ts';

export type PrincipalDraft = {
  readonly kind: 'user' | 'service' | 'entra';
  readonly name: string;
  /** Of a directory's principal: `entra:<tenant>/<object id>`. */
  readonly id?: string;
};

export type GrantDraft = {
  readonly subject: string;
  readonly workspace: string;
  readonly resource?: { readonly type: ResourceType; readonly id?: string; readonly name?: string };
  readonly effect: 'allow' | 'deny';
  readonly role?: Role;
  readonly expires_at?: number;
  readonly reason?: string;
};

export const changePrincipal = {
  add: ({ kind, ...draft }: PrincipalDraft) =>
    then(cairn.post<Principal>('access/principals', { body: kind === 'entra' ? draft : { kind, ...draft } })),
  rename: (id: string, name: string) => patch(id, { name }),
  disable: (id: string, reason: string) => patch(id, { disabled: true, reason }),
  enable: (id: string, reason: string) => patch(id, { disabled: false, reason }),
  /** The page that shows them is left for the list, which reads anew. */
  async remove(id: string): Promise<void> {
    await cairn.delete(`access/principals/${pathOf(id)}`);
    await queryClient.invalidateQueries({ queryKey: ['access'], refetchType: 'none' });
  },
};

export const changeGrant = {
  add: (draft: GrantDraft) => then(cairn.post<Grant>('access/grants', { body: draft })),
  remove: (id: string, reason: string) =>
    then(cairn.delete(`access/grants/${encodeURIComponent(id)}`, { body: reason === '' ? {} : { reason } })),
};

export const changeGroup = {
  /** `version`: the one that the reader saw; null where the group is new. */
  set: (name: string, members: readonly string[], version: string | null | undefined) =>
    then(cairn.put<Group>(`access/groups/${encodeURIComponent(name)}`, { version, body: { members } })),
  remove: (name: string) => then(cairn.delete(`access/groups/${encodeURIComponent(name)}`)),
};

export const changeTrust = {
  set: (name: string, conditions: Trust['conditions'], isNew: boolean) =>
    then(
      cairn.put<Trust>(`access/trusts/${encodeURIComponent(name)}`, {
        version: isNew ? null : undefined,
        body: { issuer: 'github', conditions },
      }),
    ),
  remove: (name: string) => then(cairn.delete(`access/trusts/${encodeURIComponent(name)}`)),
};

function patch(id: string, body: unknown): Promise<Principal> {
  return then(cairn.patch<Principal>(`access/principals/${pathOf(id)}`, { body }));
}

/** After an answer of either kind whatever shows rules, principals or tokens is read again. */
async function then<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } finally {
    await queryClient.invalidateQueries({ queryKey: ['access'] });
  }
}
