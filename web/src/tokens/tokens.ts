import { infiniteQueryOptions } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import { pagesOf } from '../api/registry.ts';
import type { Role } from '../session/roles.ts';

export type Scopes = {
  readonly role?: Role;
  readonly workspaces?: readonly string[];
  readonly resources?: readonly { readonly type: string; readonly id: string }[];
};

/** A Cairn token, without what proves it. */
export type Token = {
  readonly id: string;
  readonly name: string;
  readonly principal_id: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number;
  readonly revoked: { readonly at: number; readonly by: string; readonly reason: string | null } | null;
  readonly last_used_at: number | null;
  readonly scopes: Scopes;
};

export type TokenDraft = {
  readonly name: string;
  readonly expires_in_seconds: number;
  readonly scopes: Scopes;
  /** Whose it is, where it is not the reader's own. */
  readonly principal?: string;
};

/** A token as it is shown once. */
export type NewToken = Token & { readonly token: string };

const perPage = 100;

/** The reader's own tokens, those of somebody, or everyone's. */
export function tokensQuery(of: 'own' | 'all' | { readonly principal: string }) {
  const query = of === 'own' ? {} : of === 'all' ? { all: 'true' } : of;
  return infiniteQueryOptions({
    queryKey: ['access', 'tokens', of],
    ...pagesOf<{ tokens: readonly Token[]; next_page_token?: string }>('tokens', {
      ...query,
      max_results: perPage,
    }),
  });
}

export async function makeToken(draft: TokenDraft): Promise<NewToken> {
  const made = await cairn.post<NewToken>('tokens', { body: draft });
  await tokensChanged();
  return made;
}

export async function revokeToken(id: string, reason: string): Promise<void> {
  await cairn.delete(`tokens/${encodeURIComponent(id)}`, { body: reason === '' ? {} : { reason } });
  await tokensChanged();
}

export function stateOf({ revoked, expires_at: end }: Token): 'active' | 'revoked' | 'expired' {
  if (revoked) return 'revoked';
  return end <= Date.now() ? 'expired' : 'active';
}

/** What a token is confined to, in words. */
export function scopeText({ role, workspaces, resources }: Scopes): string {
  const where = resources
    ? resources.map(({ type, id }) => `${type} ${id}`).join(', ')
    : (workspaces?.join(', ') ?? 'every workspace');
  return `${role ? `at most ${role}` : 'all its owner may'}, ${where}`;
}

async function tokensChanged(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ['access', 'tokens'] });
}
