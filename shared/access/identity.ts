import type { Principal } from '../context.ts';
import type { PrincipalKind, Subject, TokenDocument } from './model.ts';

/** Who a request comes from, as proven by what it presents: not yet what they may do. */
export type Identity = {
  readonly principal: Principal;
  readonly kind: PrincipalKind | 'nobody';
  /** By what it was proven; `open` where nobody needs to sign in. */
  readonly via: 'open' | 'nothing' | 'entra' | 'github' | 'token' | 'password' | 'admin-token';
  /** All that rules can know them by: themselves, and the groups and roles of their claims. */
  readonly subjects: readonly Subject[];
  /** The Cairn token that was presented: its scopes confine what they may do. */
  readonly token?: TokenDocument;
  /** When what was presented ends, in milliseconds since 1970. */
  readonly expiresAt?: number;
};

/** Who asks where nobody has to say who they are. */
export const nobody: Identity = {
  principal: { id: 'anonymous', name: 'Anonymous' },
  kind: 'nobody',
  via: 'nothing',
  subjects: [],
};
