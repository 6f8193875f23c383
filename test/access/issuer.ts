import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export type SigningKey = {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
};

/** What an issuer on this machine does instead of answering with its keys. */
export type Mood = 'well' | 'down' | 'slow' | 'endless' | 'elsewhere' | 'garbled';

/**
 * An OpenID issuer on loopback, below whose paths any issuer lies: `<url>/<path>/.well-known/openid-configuration`.
 * `asked` counts what it was asked for.
 */
export type TestIssuer = {
  readonly url: string;
  readonly asked: { configuration: number; keys: number };
  mood: Mood;
  /** Signs from now on by a new key, and publishes no other unless `keepOld`. */
  rotate(options?: { keepOld?: boolean }): Promise<SigningKey>;
  key(): SigningKey;
  close(): void;
};

export async function openIssuer(): Promise<TestIssuer> {
  const asked = { configuration: 0, keys: 0 };
  let keys: SigningKey[] = [await newKey()];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const isConfiguration = path.endsWith('/.well-known/openid-configuration');
    asked[isConfiguration ? 'configuration' : 'keys']++;
    void answer(path, isConfiguration, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;

  async function answer(path: string, isConfiguration: boolean, response: ServerResponse): Promise<void> {
    switch (issuer.mood) {
      case 'down':
        response.writeHead(503).end('down');
        return;
      case 'slow':
        return;
      case 'endless':
        response.writeHead(200, { 'content-type': 'application/json' });
        for (let i = 0; i < 64 && !response.destroyed; i++) response.write(' '.repeat(65_536));
        response.end('{}');
        return;
      case 'elsewhere':
        response.writeHead(302, { location: `${url}/other${path}` }).end();
        return;
      case 'garbled':
        response.writeHead(200).end('{"keys": 5}');
        return;
      case 'well': {
        const base = path.replace('/.well-known/openid-configuration', '');
        const body = isConfiguration
          ? { issuer: `${url}${base}`, jwks_uri: `${url}${base}/keys` }
          : { keys: await Promise.all(keys.map(published)) };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      }
    }
  }

  const issuer: TestIssuer = {
    url,
    asked,
    mood: 'well',
    async rotate({ keepOld = false } = {}) {
      const key = await newKey();
      keys = keepOld ? [...keys, key] : [key];
      return key;
    },
    key: () => keys.at(-1) as SigningKey,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return issuer;
}

let made = 0;

export async function newKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { kid: `key-${++made}`, privateKey, publicKey };
}

async function published({ kid, publicKey }: SigningKey): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' };
}

export type Claims = Readonly<Record<string, unknown>>;

/** A token as its issuer signs it. A claim or a header that is `undefined` is left out. */
export function signed(key: SigningKey, claims: Claims, header: Claims = {}): Promise<string> {
  const { alg = 'RS256', ...rest } = { kid: key.kid, typ: 'JWT', ...header };
  return new SignJWT(present(claims)).setProtectedHeader({ alg, ...present(rest) }).sign(key.privateKey);
}

/** A token of any header and claims, with any signature. */
export function forged(header: Claims, claims: Claims, signature: string | Uint8Array = ''): string {
  return `${unsigned(header, claims)}.${Buffer.from(signature).toString('base64url')}`;
}

export function unsigned(header: Claims, claims: Claims): string {
  return [header, claims]
    .map((part) => Buffer.from(JSON.stringify(present(part))).toString('base64url'))
    .join('.');
}

function present(values: Claims): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
