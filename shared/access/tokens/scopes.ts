import { CairnError } from '../../http/index.ts';
import type { Resource } from '../access.ts';
import type { TokenDocument } from '../model.ts';
import { covers } from '../role.ts';

/** What a token is confined to; what is left out does not confine it. */
export type TokenScopes = TokenDocument['scopes'];

/**
 * The scopes of a token that is made by one with the scopes `own`: what is asked, and `own` where nothing is.
 * Throws `forbidden` where it is wider in anything. `own` is absent where the maker signed in otherwise.
 */
export function confinedTo(own: TokenScopes | undefined, asked: TokenScopes): TokenScopes {
  if (!own) return asked;
  const { role = own.role, workspaces = own.workspaces, resources = own.resources } = asked;
  if (own.role && !(role && covers(own.role, role)))
    throw wider('role', `The token that makes it is confined to ${own.role}.`);
  if (own.workspaces && !isWithin(workspaces, own.workspaces))
    throw wider('workspaces', `The token that makes it is confined to ${own.workspaces.join(', ')}.`);
  if (own.resources && !resources?.every((one) => own.resources?.some((other) => isSame(one, other))))
    throw wider('resources', 'The token that makes it is confined to other resources.');
  return {
    ...(role === undefined ? {} : { role }),
    ...(workspaces === undefined ? {} : { workspaces }),
    ...(resources === undefined ? {} : { resources }),
  };
}

function isWithin(asked: readonly string[] | undefined, own: readonly string[]): boolean {
  return own.includes('*') || (asked?.every((name) => own.includes(name)) ?? false);
}

const isSame = (a: Resource, b: Resource) => a.type === b.type && a.id === b.id;

function wider(field: string, why: string): CairnError {
  return new CairnError('forbidden', `A token cannot make one that may more. ${why}`, {
    field: `scopes.${field}`,
  });
}
