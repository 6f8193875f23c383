/**
 * A Key Vault for tests: HTTPS on this machine, answering the SDKs as the service's REST API is documented
 * (`learn.microsoft.com/rest/api/keyvault`): challenge before token, versions, roles, soft delete, throttling.
 */
import { createECDH, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { TokenCredential } from '@azure/identity';
import type { VaultOptions } from '../../shared/azure/key-vault.ts';
import { selfSigned } from '../support/self-signed.ts';

type Attributes = { enabled: boolean; readonly created: number; readonly updated: number };
type KeyVersion = { readonly version: string; readonly key: KeyObject; readonly attributes: Attributes };
type SecretVersion = {
  readonly version: string;
  readonly value: string;
  readonly contentType: string | undefined;
  readonly attributes: Attributes;
};

/** What a role assignment allows, as data actions. */
export type Permission = 'keys/read' | 'keys/sign' | 'secrets/get' | 'secrets/list' | 'secrets/set';
const everything: readonly Permission[] = [
  'keys/read',
  'keys/sign',
  'secrets/get',
  'secrets/list',
  'secrets/set',
];

export type FakeVault = {
  readonly url: string;
  readonly credential: TokenCredential;
  readonly options: VaultOptions;
  /** Method and path of each request that was let in, and what else was seen. */
  readonly requests: string[];
  /** Bodies that came with requests without a token: there must be none. */
  readonly leaked: string[];
  /** What the identity may do. */
  allowed: readonly Permission[];
  /** Refuses everybody at the firewall. */
  walled: boolean;
  /** That many requests are answered 429 first. */
  throttled: number;
  /** Milliseconds before each answer. */
  delayMilliseconds: number;
  /** Whom the challenge asks a token for. */
  resource: string;
  /** Tokens of which it saw any. */
  readonly tokensSeen: string[];
  /** Called before a secret is set: where a race can be lost. */
  beforeSet: () => void;
  addKey(name: string, curve?: 'P-256' | 'P-384'): string;
  addSecret(name: string, value: string): string;
  /** Every version, the oldest first. */
  versions(kind: 'keys' | 'secrets', name: string): readonly (KeyVersion | SecretVersion)[];
  disable(kind: 'keys' | 'secrets', name: string, version: string): void;
  /** Soft-deletes a secret. */
  deleteSecret(name: string): void;
  close(): Promise<void>;
};

class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly inner: string | undefined;
  constructor(status: number, code: string, inner?: string) {
    super(code);
    this.status = status;
    this.code = code;
    this.inner = inner;
  }
}

/** Items of one page, so that lists have several. */
const pageItemsMax = 2;
const token = 'a token for the vault';

export async function fakeVault(): Promise<FakeVault> {
  const { key, certificate } = selfSigned();
  const keys = new Map<string, KeyVersion[]>();
  const secrets = new Map<string, SecretVersion[]>();
  const deleted = new Set<string>();
  let clock = 1_700_000_000;
  const attributes = (): Attributes => ({ enabled: true, created: ++clock, updated: clock });
  const server = createServer({ key, cert: certificate });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;

  const vault: FakeVault = {
    url,
    credential: {
      getToken: (scopes) =>
        Promise.resolve({
          token: String(scopes) === 'https://vault.azure.net/.default' ? token : 'a token for something else',
          expiresOnTimestamp: Date.now() + 3_600_000,
        }),
    },
    options: {
      disableChallengeResourceVerification: true,
      tlsOptions: { ca: certificate },
      retryOptions: { maxRetries: 2, retryDelayInMs: 1 },
    },
    requests: [],
    leaked: [],
    allowed: everything,
    walled: false,
    throttled: 0,
    delayMilliseconds: 0,
    resource: 'https://vault.azure.net',
    tokensSeen: [],
    beforeSet: () => {},
    addKey(name, curve = 'P-256') {
      const version = randomBytes(16).toString('hex');
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
      keys.set(name, [...(keys.get(name) ?? []), { version, key: privateKey, attributes: attributes() }]);
      return version;
    },
    addSecret(name, value) {
      const version = randomBytes(16).toString('hex');
      const added = { version, value, contentType: undefined, attributes: attributes() };
      secrets.set(name, [...(secrets.get(name) ?? []), added]);
      return version;
    },
    versions: (kind, name) => (kind === 'keys' ? keys : secrets).get(name) ?? [],
    disable(kind, name, version) {
      for (const each of vault.versions(kind, name))
        if (each.version === version) each.attributes.enabled = false;
    },
    deleteSecret(name) {
      secrets.delete(name);
      deleted.add(name);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  server.on('request', (request, response) => {
    void (async () => {
      const body = await textOf(request);
      const answer = (status: number, content: unknown, headers: Record<string, string> = {}) =>
        response
          .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
          .end(JSON.stringify(content));
      if (vault.delayMilliseconds > 0)
        await new Promise((resolve) => setTimeout(resolve, vault.delayMilliseconds));
      if (request.headers.authorization !== undefined) vault.tokensSeen.push(request.headers.authorization);
      if (request.headers.authorization !== `Bearer ${token}`) {
        if (body !== '') vault.leaked.push(body);
        const challenge = `Bearer authorization="https://login.example/11111111-2222-3333-4444-555555555555", resource="${vault.resource}"`;
        answer(401, errorBody('Unauthorized'), { 'www-authenticate': challenge });
        return;
      }
      const asked = new URL(request.url ?? '/', url);
      if (vault.throttled > 0) {
        vault.throttled--;
        answer(429, errorBody('Throttled'), { 'retry-after': '0' });
        return;
      }
      vault.requests.push(`${request.method} ${asked.pathname}`);
      try {
        answer(200, respond(request.method ?? 'GET', asked, body));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        answer(error.status, errorBody(error.code, error.inner));
      }
    })();
  });
  return vault;

  function respond(method: string, asked: URL, body: string): unknown {
    if (vault.walled) throw new Refused(403, 'Forbidden', 'ForbiddenByFirewall');
    if (!asked.searchParams.get('api-version')) throw new Refused(400, 'BadParameter');
    const [kind, name = '', version = '', operation] = asked.pathname.split('/').slice(1);
    if (kind === 'keys') return respondOfKeys(method, asked, name, version, operation, body);
    if (kind === 'secrets') return respondOfSecrets(method, asked, name, version, body);
    throw new Refused(404, 'NotFound');
  }

  function respondOfKeys(
    method: string,
    asked: URL,
    name: string,
    version: string,
    operation: string | undefined,
    body: string,
  ): unknown {
    const idOf = (each: KeyVersion) => `${url}/keys/${name}/${each.version}`;
    if (method === 'GET') {
      allow('keys/read');
      if (version === 'versions')
        return pageOf(asked, keys.get(name) ?? [], (each) => ({
          kid: idOf(each),
          attributes: each.attributes,
        }));
      const found = newestOr(keys.get(name), version, 'KeyNotFound');
      return {
        key: {
          ...found.key.export({ format: 'jwk' }),
          d: undefined,
          kid: idOf(found),
          key_ops: ['sign', 'verify'],
        },
        attributes: found.attributes,
      };
    }
    if (method !== 'POST' || operation !== 'sign') throw new Refused(405, 'MethodNotAllowed');
    allow('keys/sign');
    const found = newestOr(keys.get(name), version, 'KeyNotFound');
    if (!found.attributes.enabled) throw new Refused(403, 'Forbidden', 'KeyDisabled');
    const { alg, value } = JSON.parse(body) as { alg: string; value: string };
    const digest = Buffer.from(value, 'base64url');
    if (alg !== 'ES256' || digest.length !== 32) throw new Refused(400, 'BadParameter');
    return { kid: idOf(found), value: signDigest(found.key, digest).toString('base64url') };
  }

  function respondOfSecrets(
    method: string,
    asked: URL,
    name: string,
    version: string,
    body: string,
  ): unknown {
    const shown = (each: SecretVersion) => ({
      id: `${url}/secrets/${name}/${each.version}`,
      contentType: each.contentType,
      attributes: each.attributes,
    });
    if (method === 'GET' && version === 'versions') {
      allow('secrets/list');
      return pageOf(asked, secrets.get(name) ?? [], shown);
    }
    if (method === 'GET') {
      allow('secrets/get');
      const found = newestOr(secrets.get(name), version, 'SecretNotFound');
      if (!found.attributes.enabled) throw new Refused(403, 'Forbidden', 'SecretDisabled');
      return { ...shown(found), value: found.value };
    }
    if (method !== 'PUT') throw new Refused(405, 'MethodNotAllowed');
    allow('secrets/set');
    if (deleted.has(name)) throw new Refused(409, 'Conflict', 'ObjectIsDeletedButRecoverable');
    vault.beforeSet();
    const given = JSON.parse(body) as { value: string; contentType?: string };
    const added: SecretVersion = {
      version: randomBytes(16).toString('hex'),
      value: given.value,
      contentType: given.contentType,
      attributes: attributes(),
    };
    secrets.set(name, [...(secrets.get(name) ?? []), added]);
    return { ...shown(added), value: added.value };
  }

  function allow(permission: Permission): void {
    if (!vault.allowed.includes(permission)) throw new Refused(403, 'Forbidden', 'ForbiddenByRbac');
  }
}

function pageOf<T>(asked: URL, all: readonly T[], shown: (item: T) => unknown): unknown {
  const from = Number(asked.searchParams.get('$skiptoken') ?? 0);
  const next = from + pageItemsMax;
  const more = new URL(asked);
  more.searchParams.set('$skiptoken', String(next));
  return { value: all.slice(from, next).map(shown), nextLink: next < all.length ? more.href : null };
}

function newestOr<T extends { readonly version: string }>(
  all: readonly T[] | undefined,
  version: string,
  absent: string,
): T {
  const found = version === '' ? all?.at(-1) : all?.find((each) => each.version === version);
  if (found) return found;
  throw new Refused(404, absent);
}

function errorBody(code: string, inner?: string): unknown {
  return {
    error: { code, message: `The fake says ${code}.`, ...(inner ? { innererror: { code: inner } } : {}) },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const orderOfP256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** ECDSA (FIPS 186-5, 6.4.1) over a digest that is given, as r and s side by side; Node's own hashes what it signs. */
function signDigest(key: KeyObject, digest: Buffer): Buffer {
  const ecdh = createECDH('prime256v1');
  const point = ecdh.generateKeys();
  const k = numberOf(ecdh.getPrivateKey());
  const d = numberOf(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const r = numberOf(point.subarray(1, 33)) % orderOfP256;
  const s = (power(k, orderOfP256 - 2n) * ((numberOf(digest) + r * d) % orderOfP256)) % orderOfP256;
  return Buffer.from([r, s].map((part) => part.toString(16).padStart(64, '0')).join(''), 'hex');
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = (b * b) % orderOfP256)
    if (e & 1n) result = (result * b) % orderOfP256;
  return result;
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
