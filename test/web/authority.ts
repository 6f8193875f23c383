import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK } from 'jose';
import { newKey, signed } from '../access/issuer.ts';

export const tenant = '11111111-2222-3333-4444-555555555555';
export const clientId = '66666666-7777-8888-9999-aaaaaaaaaaaa';

/** Somebody of the directory: their object id, and the name they are known by. */
export type Member = { readonly oid: string; readonly name: string };

/**
 * A directory on this machine that lets people in as Entra ID does: by the authorization code flow of a public
 * client with PKCE, and nothing less (RFC 7636; RFC 9700, 2.1.1).
 */
export type Authority = {
  readonly url: string;
  /** Who sits before the browser; they have to press a button, unless they did before. */
  member: Member;
  /** Whether they did. */
  isSignedIn: boolean;
  /** What the directory answers instead of letting anybody in. */
  refuses: 'access_denied' | undefined;
  /** Seconds that access tokens live. */
  secondsOfLife: number;
  /** Where the app is: the only address that codes are sent to. */
  redirectUri: string;
  readonly asked: { authorize: number; silent: number; code: number; refresh: number };
  close(): void;
};

type Code = { readonly challenge: string; readonly nonce: string; readonly member: Member };

export async function openAuthority(): Promise<Authority> {
  const key = await newKey();
  const codes = new Map<string, Code>();
  const refreshTokens = new Map<string, Member>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const authority: Authority = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    member: { oid: randomUUID(), name: 'mia@example.com' },
    isSignedIn: false,
    refuses: undefined,
    secondsOfLife: 3600,
    redirectUri: '',
    asked: { authorize: 0, silent: 0, code: 0, refresh: 0 },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  const issuer = `${authority.url}/${tenant}/v2.0`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', authority.url);
    const path = url.pathname.replace(`/${tenant}`, '');
    const json = (status: number, body: unknown) =>
      response
        .writeHead(status, {
          'content-type': 'application/json',
          'access-control-allow-origin': new URL(authority.redirectUri).origin,
        })
        .end(JSON.stringify(body));
    if (path === '/v2.0/.well-known/openid-configuration')
      json(200, { issuer, jwks_uri: `${authority.url}/${tenant}/keys` });
    else if (path === '/keys')
      json(200, { keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, use: 'sig', alg: 'RS256' }] });
    else if (path === '/oauth2/v2.0/authorize') authorize(url.searchParams, response);
    else if (path === '/oauth2/v2.0/token' && request.method === 'POST') {
      const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
      const given = await token(form);
      json('error' in given ? 400 : 200, given);
    } else response.writeHead(404).end();
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    authority.asked.authorize++;
    const wrong = whatIsWrong(query);
    if (wrong !== undefined) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end(`Wrong request: ${wrong}`);
      return;
    }
    const back = (said: Record<string, string>) => {
      const state = query.get('state') ?? '';
      const fragment = new URLSearchParams({ ...said, state, session_state: 'x' }).toString();
      response.writeHead(302, { location: `${authority.redirectUri}#${fragment}` }).end();
    };
    const isSilent = query.get('prompt') === 'none';
    if (isSilent) authority.asked.silent++;
    if (authority.refuses)
      return back({ error: authority.refuses, error_description: 'AADSTS65004: declined.\r\nTrace: 1' });
    if (query.has('pressed')) authority.isSignedIn = true;
    if (!authority.isSignedIn) {
      if (isSilent) return back({ error: 'login_required', error_description: 'AADSTS50058: silent.' });
      query.set('pressed', '1');
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<link rel="icon" href="data:,"><h1>Directory</h1><a href="?${query.toString()}">Continue as ${authority.member.name}</a>`,
        );
      return;
    }
    const code = randomUUID();
    const [challenge, nonce] = [query.get('code_challenge') ?? '', query.get('nonce') ?? ''];
    codes.set(code, { challenge, nonce, member: authority.member });
    back({ code });
  }

  function whatIsWrong(query: URLSearchParams): string | undefined {
    const must = {
      client_id: clientId,
      redirect_uri: authority.redirectUri,
      response_type: 'code',
      response_mode: 'fragment',
      code_challenge_method: 'S256',
      scope: `openid profile offline_access ${clientId}/.default`,
    };
    const wrong = Object.entries(must).find(([name, value]) => query.get(name) !== value);
    if (wrong) return wrong[0];
    const random = ['state', 'nonce', 'code_challenge'];
    return random.find((name) => (query.get(name) ?? '').length < 43);
  }

  async function token(form: URLSearchParams): Promise<Record<string, unknown>> {
    if (form.get('client_id') !== clientId) return { error: 'unauthorized_client' };
    if (form.get('grant_type') === 'refresh_token') {
      authority.asked.refresh++;
      const old = form.get('refresh_token') ?? '';
      const member = refreshTokens.get(old);
      refreshTokens.delete(old);
      return member ? tokensOf(member) : { error: 'invalid_grant', error_description: 'AADSTS70008' };
    }
    authority.asked.code++;
    const text = form.get('code') ?? '';
    const code = codes.get(text);
    // A code is good once.
    codes.delete(text);
    const verifier = form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    if (!code || verifier.length < 43 || challenge !== code.challenge)
      return { error: 'invalid_grant', error_description: 'AADSTS501481: the verifier does not match.' };
    if (form.get('redirect_uri') !== authority.redirectUri) return { error: 'invalid_request' };
    return tokensOf(code.member, code.nonce);
  }

  async function tokensOf({ oid, name }: Member, nonce?: string): Promise<Record<string, unknown>> {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: clientId,
      tid: tenant,
      oid,
      sub: oid,
      ver: '2.0',
      preferred_username: name,
      iat: now,
      nbf: now - 5,
      exp: now + authority.secondsOfLife,
    };
    const refreshToken = randomUUID();
    refreshTokens.set(refreshToken, { oid, name });
    return {
      token_type: 'Bearer',
      access_token: await signed(key, { ...claims, scp: 'access', jti: randomUUID() }),
      expires_in: authority.secondsOfLife,
      refresh_token: refreshToken,
      ...(nonce === undefined ? {} : { id_token: await signed(key, { ...claims, nonce }) }),
    };
  }

  return authority;
}
