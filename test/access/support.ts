import { createHash } from 'node:crypto';
import { granting } from '../../shared/access/granting.ts';
import { changeAccess, type PrincipalDocument, type Role } from '../../shared/access/index.ts';
import { principalDocument } from '../../shared/access/principals.ts';
import { newToken } from '../../shared/access/tokens/text.ts';
import { randomIds } from '../../shared/context.ts';
import { type JsonObject, type TestServer, testServer } from '../support/server.ts';

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: JsonObject };

/** One caller: a request with their `Authorization` header, and what was answered. */
export type Caller = (method: string, path: string, body?: unknown) => Promise<Answer>;

export type GuardedServer = TestServer & {
  /** A caller who presents this header, none for `null`. */
  as(authorization: string | null, headers?: Readonly<Record<string, string>>): Caller;
  /** The first admin, by the admin token of this machine. */
  readonly admin: Caller;
  readonly adminToken: string;
  /** A principal with a token, and a role in a workspace where one is given. Gives the header they present. */
  person(name: string, role?: Role, inWorkspace?: string): Promise<string>;
};

/** A server that asks everyone to sign in, with a first admin called `admin`. One per test file. */
export async function guardedServer(env: Readonly<Record<string, string>> = {}): Promise<GuardedServer> {
  const { text: adminToken } = newToken(randomIds);
  const server = await testServer({
    CAIRN_AUTH: 'on',
    CAIRN_FIRST_ADMIN: 'admin',
    CAIRN_ADMIN_TOKEN_HASH: createHash('sha256').update(adminToken).digest('hex'),
    ...env,
  });
  const as: GuardedServer['as'] =
    (authorization, headers = {}) =>
    async (method, path, body) => {
      const response = await server.fetch(path, {
        method,
        headers: {
          ...(authorization === null ? {} : { authorization }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const isJson = response.headers.get('content-type')?.includes('json');
      return {
        status: response.status,
        headers: response.headers,
        body: isJson ? ((await response.json()) as JsonObject) : {},
      };
    };
  const admin = as(`Bearer ${adminToken}`);
  return {
    ...server,
    as,
    admin,
    adminToken,
    async person(name, role, inWorkspace = 'default') {
      await addPerson(server, name, role, inWorkspace);
      const { status, body } = await admin('POST', '/api/v1/tokens', { name: 'test', principal: name });
      if (status !== 201) throw new Error(`No token for ${name}: ${JSON.stringify(body)}`);
      return `Bearer ${String(body['token'])}`;
    },
  };
}

/** Makes a principal known, with a role in a workspace where one is given. */
export async function addPerson(
  { ctx }: TestServer,
  name: string,
  role?: Role,
  inWorkspace = 'default',
  more: Partial<PrincipalDocument> = {},
): Promise<void> {
  const after = { ...principalDocument(ctx, name, name, 'user'), ...more };
  const grantId = ctx.ids.hex(8);
  const subject = `principal:${name}` as const;
  const rule = role && ({ effect: 'allow', role } as const);
  await changeAccess(ctx, () => ({
    edits: [
      { after, told: { type: 'principal.created' } },
      ...(rule ? [granting(ctx, { grantId, subject, inWorkspace, rule })] : []),
    ],
    result: undefined,
  }));
}
