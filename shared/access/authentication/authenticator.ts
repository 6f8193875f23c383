import type { Context } from '../../context.ts';
import type { Stores } from '../../azure/index.ts';
import { isShutOut } from '../decide.ts';
import type { AccessState } from '../held.ts';
import type { Identity } from '../identity.ts';
import { passwordProof } from '../passwords/proof.ts';
import { accessState } from '../state.ts';
import { credentialCharsMax, credentialIn } from './credential.ts';
import { Jwts } from './jwt.ts';
import { type Proof, Proofs } from './proofs.ts';
import { notSignedIn, Refused } from './refused.ts';
import { tokenProof } from './token.ts';

/** What authentication needs; there is no caller yet. */
export type SignInPort = Pick<Context, 'stores' | 'settings' | 'clock' | 'log' | 'ids'>;

/** What a request presents: its `Authorization` header, and the address it comes from, to count attempts by. */
export type Presented = { readonly authorization: string | null; readonly address: string };

type Authenticator = { readonly proofs: Proofs; readonly jwts: Jwts };

const authenticators = new WeakMap<Stores['documents'], Authenticator>();

/**
 * Who presents this. A credential that was verified lately costs no round trip. Throws `unauthenticated`, in the
 * same words whatever is wrong, with a {@link Refused} as its cause; `too-many` where too many passwords were tried;
 * `unavailable` where the rules, or the keys of an issuer, cannot be read.
 */
export async function identify(port: SignInPort, presented: Presented): Promise<Identity> {
  try {
    const { authorization } = presented;
    if (authorization === null) throw new Refused('nothing is presented');
    if (authorization.length > credentialCharsMax) throw new Refused('it is longer than any credential');
    const state = await accessState(port);
    const { proofs, jwts } = authenticatorOf(port);
    const identity = await proofs.identity(authorization, state, port.clock.now(), () =>
      prove(port, jwts, authorization, presented.address, state),
    );
    const { id } = identity.principal;
    if (isShutOut(id, state, port.settings)) throw new Refused(`principal ${id} is disabled`);
    return identity;
  } catch (error) {
    if (error instanceof Refused) throw notSignedIn(error);
    throw error;
  }
}

/**
 * The claims of a token that GitHub Actions gave a job to sign in here with, by whatever repository: who that is, and
 * whether they may do anything, is for the caller to say. Throws `unauthenticated`, and `unavailable` where the keys
 * of GitHub cannot be read.
 */
export async function githubClaims(port: SignInPort, idToken: string): Promise<Record<string, unknown>> {
  try {
    if (idToken.length > credentialCharsMax) throw new Refused('it is longer than any credential');
    const { issuer, payload } = await authenticatorOf(port).jwts.verified(idToken, port.log);
    if (issuer.issuer !== port.settings.githubIssuer) throw new Refused('its issuer is not GitHub');
    return payload;
  } catch (error) {
    if (error instanceof Refused) throw notSignedIn(error);
    throw error;
  }
}

function authenticatorOf({ stores, settings, clock }: SignInPort): Authenticator {
  let authenticator = authenticators.get(stores.documents);
  if (!authenticator) {
    authenticator = { proofs: new Proofs(), jwts: new Jwts(settings, clock) };
    authenticators.set(stores.documents, authenticator);
  }
  return authenticator;
}

async function prove(
  port: SignInPort,
  jwts: Jwts,
  authorization: string,
  address: string,
  state: AccessState,
): Promise<Proof> {
  const credential = credentialIn(authorization);
  switch (credential?.by) {
    case 'token':
      return tokenProof(port, credential, state, port.settings);
    case 'password':
      return passwordProof(port, credential, address, state);
    case 'jwt':
      return jwts.verify(credential.text, port.log);
    case undefined:
      throw new Refused('it is no credential of any form that is taken');
  }
}
