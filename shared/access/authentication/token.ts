import { isFirstAdmin } from '../decide.ts';
import type { AccessState } from '../held.ts';
import type { Identity } from '../identity.ts';
import { accessKey, type TokenDocument } from '../model.ts';
import type { AccessPort } from '../state.ts';
import { sameHash, tokenHash, tokenIdIn } from '../tokens/text.ts';
import type { Settings } from '../../settings.ts';
import type { Credential } from './credential.ts';
import type { Proof } from './proofs.ts';
import { Refused } from './refused.ts';

type TokenCredential = Extract<Credential, { by: 'token' }>;

/** Whom Basic authentication names whose password is a token, where the token alone is to say it. */
const anyUser = new Set(['', 'token']);

/**
 * What a Cairn token proves, by itself or behind a user of Basic authentication. One point read, and none where
 * the text can be no token.
 */
export async function tokenProof(
  port: AccessPort,
  { text, user = '' }: TokenCredential,
  { seq }: AccessState,
  settings: Settings,
): Promise<Proof> {
  const id = tokenIdIn(text);
  if (id === undefined) throw new Refused('it is no whole token');
  const hash = tokenHash(text);
  if (settings.adminTokenHash !== undefined && sameHash(hash, settings.adminTokenHash))
    return adminProof(settings, user);
  const stored = await port.stores.documents('access').read<TokenDocument>(accessKey, `token:${id}`);
  const token = stored?.doc;
  if (!token || !sameHash(hash, token.hash)) throw new Refused('there is no such token');
  const isRevoked = await Promise.all((token.ancestors ?? []).map(async (each) => isGone(port, each)));
  if (token.revoked || isRevoked.includes(true))
    throw new Refused(`token ${id} is revoked, or one that it was made by`);
  if (token.expiresAt <= port.clock.now()) throw new Refused(`token ${id} has expired`);
  return {
    expiresAt: token.expiresAt,
    seq,
    identityIn: (state) => identityOf(token, user, state, settings),
  };
}

async function isGone({ stores }: AccessPort, tokenId: string): Promise<boolean> {
  const stored = await stores.documents('access').read<TokenDocument>(accessKey, `token:${tokenId}`);
  return stored?.doc.revoked !== undefined;
}

/** Who a token stands for: nobody, once its principal is gone or another came under the same id. */
function identityOf(token: TokenDocument, user: string, state: AccessState, settings: Settings): Identity {
  const { principalId: id, expiresAt } = token;
  const known = state.principals.get(id);
  if (!isFirstAdmin(id, settings)) {
    if (!known) throw new Refused(`the principal of token ${token.tokenId} is not known`);
    if (known.createdAt > token.createdAt)
      throw new Refused(`token ${token.tokenId} is older than its principal`);
  }
  const name = known?.name ?? id;
  checkUser(user, id, name);
  const kind = known?.kind ?? (id.startsWith('entra:') ? 'entra' : 'user');
  return { principal: { id, name }, kind, via: 'token', subjects: [`principal:${id}`], token, expiresAt };
}

/** The token by which the first admin signs in to a stack on this machine. */
function adminProof({ firstAdmin }: Settings, user: string): Proof {
  if (firstAdmin === undefined) throw new Refused('CAIRN_FIRST_ADMIN does not say whose token it is');
  const id = firstAdmin.toLowerCase();
  checkUser(user, id, id);
  const identity: Identity = {
    principal: { id, name: firstAdmin },
    kind: id.startsWith('entra:') ? 'entra' : 'user',
    via: 'admin-token',
    subjects: [`principal:${id}`],
  };
  return { expiresAt: Number.POSITIVE_INFINITY, identityIn: () => identity };
}

function checkUser(user: string, id: string, name: string): void {
  const given = user.toLowerCase();
  if (!anyUser.has(given) && given !== id && given !== name.toLowerCase())
    throw new Refused('the user is not whose token it is');
}
