import { queryOptions } from '@tanstack/react-query';
import { cairn, versioned, workspace } from '../api/client.ts';
import { everyPage } from '../api/pages.ts';
import type { Role } from '../session/roles.ts';

export type PrincipalKind = 'user' | 'service' | 'entra' | 'workload';

export type Principal = {
  readonly id: string;
  readonly name: string;
  readonly kind: PrincipalKind;
  readonly disabled: { readonly at: number; readonly by: string; readonly reason: string } | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly last_used_at: number | null;
  /** Names of the groups they are in. */
  readonly groups: readonly string[];
};

export type Group = { readonly name: string; readonly members: readonly string[] };

export type ResourceType = 'experiment' | 'model' | 'endpoint';

/** One rule: a role, or none at all, over a workspace (`*`: every one) or one thing in it. */
export type Grant = {
  readonly id: string;
  readonly subject: string;
  readonly subject_name?: string | null;
  readonly workspace: string;
  readonly resource: {
    readonly type: ResourceType;
    readonly id: string;
    readonly name?: string | null;
  } | null;
  readonly effect: 'allow' | 'deny';
  readonly role: Role | null;
  readonly granted_by: string;
  readonly granted_at: number;
  readonly expires_at: number | null;
  readonly reason: string | null;
};

export type Trust = {
  readonly name: string;
  readonly issuer: 'github';
  readonly principal_id: string;
  readonly conditions: {
    readonly repository: string;
    readonly ref?: string | null;
    readonly environment?: string | null;
    readonly workflow?: string | null;
  };
};

export const kindWords: Readonly<Record<PrincipalKind, string>> = {
  user: 'user',
  service: 'service',
  entra: 'Entra ID',
  workload: 'GitHub Actions',
};

/** Everyone who is known here. */
export const principalsQuery = queryOptions({
  queryKey: ['access', 'principals'],
  queryFn: ({ signal }) => everyPage<Principal>('access/principals', 'principals', {}, signal),
});

export function principalQuery(id: string) {
  return queryOptions({
    queryKey: ['access', 'principals', id],
    queryFn: ({ signal }) => cairn.get<Principal>(`access/principals/${pathOf(id)}`, { signal }),
  });
}

export const groupsQuery = queryOptions({
  queryKey: ['access', 'groups'],
  queryFn: ({ signal }) => everyPage<Group>('access/groups', 'groups', {}, signal),
});

/** One group, with the version that a change of it is to name. */
export function groupQuery(name: string) {
  return queryOptions({
    queryKey: ['access', 'groups', name],
    queryFn: ({ signal }) => versioned<Group>(`access/groups/${encodeURIComponent(name)}`, signal),
  });
}

/** The rules that hold here: those of this workspace and those of every one. */
export const grantsQuery = queryOptions({
  queryKey: ['access', 'grants'],
  queryFn: async ({ signal }) => {
    const all = await everyPage<Grant>('access/grants', 'grants', {}, signal);
    return all.filter((each) => each.workspace === workspace || each.workspace === '*');
  },
});

export const trustsQuery = queryOptions({
  queryKey: ['access', 'trusts'],
  queryFn: ({ signal }) => everyPage<Trust>('access/trusts', 'trusts', {}, signal),
});

/** An id as the end of a path: that of a directory has a slash in it. */
export function pathOf(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/');
}

export function subjectOf(principalId: string): string {
  return `principal:${principalId}`;
}

/** What a rule is about, in words. */
export function placeOf({ workspace: where, resource }: Pick<Grant, 'workspace' | 'resource'>): string {
  if (resource) return `${resource.type} ${resource.name ?? resource.id}`;
  return where === '*' ? 'every workspace' : `workspace ${where}`;
}

export function isOver({ expires_at: end }: Pick<Grant, 'expires_at'>, now = Date.now()): boolean {
  return end !== null && end !== undefined && end <= now;
}
