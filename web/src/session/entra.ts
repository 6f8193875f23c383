import { type Answer, type Arrival, answerFromWindow, keepPending, windowState } from './arrival.ts';
import type { EntraCredential } from './credential.ts';
import { challengeOf, claimsOf, randomText } from './pkce.ts';

/** Where Entra ID is, and what to ask it for: what the server says of itself. */
export type Entra = {
  readonly authority: string;
  readonly tenant: string;
  readonly client_id: string;
  readonly scope: string;
};

/** The sign-in did not come about, in words for the reader. */
export class SignInError extends Error {
  /** Whether Entra ID only needs the reader to be there. */
  readonly needsReader: boolean;
  constructor(message: string, needsReader = false) {
    super(message);
    this.name = 'SignInError';
    this.needsReader = needsReader;
  }
}

const needReader = new Set([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);
const redirectUri = `${location.origin}/`;

/**
 * Goes to Entra ID and comes back to the same place: the authorization code flow with PKCE of
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow. `silent`: it is to answer at
 * once, without a question.
 */
export async function leaveForEntra(entra: Entra, { silent = false } = {}): Promise<void> {
  const state = randomText();
  const { address, nonce, verifier } = await question(entra, state, silent);
  keepPending({ state, nonce, verifier, silent, going: `${location.search}${location.hash}` });
  location.assign(address);
}

/** The same in a window of its own, so that what this page holds stays. */
export async function signInByWindow(entra: Entra, signal: AbortSignal): Promise<EntraCredential> {
  // Opened before anything is waited for: later a browser takes it for an advertisement.
  const opened = open('about:blank', '_blank', 'popup,width=520,height=680');
  if (!opened) throw new SignInError('The browser refused to open a window. Allow windows for this page.');
  const state = windowState(randomText());
  const { address, nonce, verifier } = await question(entra, state, false);
  const answer = answerFromWindow(state, signal);
  opened.location.assign(address);
  return redeem(entra, await answer, verifier, nonce);
}

/** What the page was sent back with, redeemed. Throws {@link SignInError}. */
export async function finishArrival(entra: Entra, { answer, pending }: Arrival): Promise<EntraCredential> {
  if (!pending)
    throw new SignInError('This answer belongs to no sign-in that was begun in this tab. Sign in here.');
  return redeem(entra, answer, pending.verifier, pending.nonce);
}

/** A new access token by the refresh token of an old one. */
export function refreshed(entra: Entra, refreshToken: string): Promise<EntraCredential> {
  return tokens(entra, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    scope: scopeOf(entra),
  });
}

async function question(entra: Entra, state: string, silent: boolean) {
  const [nonce, verifier] = [randomText(), randomText()];
  const address = `${below(entra, 'authorize')}?${new URLSearchParams({
    client_id: entra.client_id,
    response_type: 'code',
    response_mode: 'fragment',
    redirect_uri: redirectUri,
    scope: scopeOf(entra),
    state,
    nonce,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
    ...(silent ? { prompt: 'none' } : {}),
  }).toString()}`;
  return { address, nonce, verifier };
}

async function redeem(
  entra: Entra,
  answer: Answer,
  verifier: string,
  nonce: string,
): Promise<EntraCredential> {
  if ('error' in answer) throw refusalOf(answer.error, answer.description);
  return tokens(
    entra,
    {
      grant_type: 'authorization_code',
      code: answer.code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      scope: scopeOf(entra),
    },
    nonce,
  );
}

type TokenAnswer = {
  readonly access_token?: string;
  readonly expires_in?: number;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly error?: string;
  readonly error_description?: string;
};

async function tokens(entra: Entra, form: Record<string, string>, nonce?: string): Promise<EntraCredential> {
  const response = await fetch(below(entra, 'token'), {
    method: 'POST',
    body: new URLSearchParams({ client_id: entra.client_id, ...form }),
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  }).catch(() => {
    throw new SignInError('Microsoft does not answer. Is this machine online?');
  });
  const said = (await response.json().catch(() => ({}))) as TokenAnswer;
  if (said.error !== undefined) throw refusalOf(said.error, said.error_description ?? '');
  if (said.access_token === undefined || said.expires_in === undefined)
    throw new SignInError(`Microsoft answered ${response.status} without a token.`);
  // The nonce ties the answer to the question, and is in the token that says who signed in.
  if (nonce !== undefined && (!said.id_token || claimsOf(said.id_token)['nonce'] !== nonce))
    throw new SignInError('The answer of Microsoft belongs to another sign-in. Try again.');
  return {
    by: 'entra',
    token: said.access_token,
    expiresAt: Date.now() + said.expires_in * 1000,
    ...(said.refresh_token === undefined ? {} : { refreshToken: said.refresh_token }),
  };
}

/** The first line of what Entra ID says; the rest are ids for its support. */
function refusalOf(error: string, description: string): SignInError {
  if (error === 'access_denied') return new SignInError('Microsoft refused, or the sign-in was cancelled.');
  const [line = ''] = description.split(/\r?\n/);
  return new SignInError(`Microsoft refused the sign-in: ${line || error}`, needReader.has(error));
}

function scopeOf({ scope }: Entra): string {
  return `openid profile offline_access ${scope}`;
}

function below({ authority, tenant }: Entra, what: 'authorize' | 'token'): string {
  return `${authority}/${encodeURIComponent(tenant)}/oauth2/v2.0/${what}`;
}
