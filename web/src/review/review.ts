import { infiniteQueryOptions } from '@tanstack/react-query';
import { request } from '../api/client.ts';
import { pagesOf } from '../api/registry.ts';
import type { Role } from '../session/roles.ts';
import type { ResourceType } from '../users/users.ts';

/** What somebody holds by one rule, and when they last made use of it. */
export type Held = {
  /** Null: it is of the settings, and cannot be taken away here. */
  readonly grant_id: string | null;
  readonly principal: {
    readonly id: string;
    readonly name: string;
    readonly kind: string;
    readonly disabled: object | null;
  };
  readonly workspace: string;
  readonly resource: {
    readonly type: ResourceType;
    readonly id: string;
    readonly name?: string | null;
  } | null;
  readonly role: Role | null;
  readonly effect: 'allow' | 'deny';
  /** The subject of the rule: they themselves, or a group that they are in. */
  readonly via: string;
  readonly granted_by: string | null;
  readonly granted_at: number | null;
  readonly reason: string | null;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly role_last_used_at: number | null;
  readonly tokens: number;
};

const perPage = 1000;
/** What nobody has used for so long is not needed, is what auditors suppose. */
const unusedMilliseconds = 90 * 86_400_000;

export function reviewQuery(workspace: string) {
  return infiniteQueryOptions({
    queryKey: ['access', 'review', workspace],
    ...pagesOf<{ generated_at: number; entries: readonly Held[]; next_page_token?: string }>(
      'access/review',
      { workspace: workspace === '' ? undefined : workspace, max_results: perPage },
    ),
  });
}

export async function reviewFile(workspace: string): Promise<Blob> {
  const query = new URLSearchParams({ format: 'csv', ...(workspace === '' ? {} : { workspace }) });
  return (await request(`/api/v1/access/review?${query.toString()}`)).blob();
}

/** Whether a role has been held for 90 days and not been used in any of them. */
export function isUnused({ effect, granted_at: since, role_last_used_at: used }: Held, now: number): boolean {
  return (
    effect === 'allow' && (since ?? 0) < now - unusedMilliseconds && (used ?? 0) < now - unusedMilliseconds
  );
}
