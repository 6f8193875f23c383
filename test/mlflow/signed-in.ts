import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openIssuer, signed } from '../access/issuer.ts';
import { startedStack } from '../support/stack.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const objectId = '99999999-8888-7777-6666-555555555555';
const clientId = 'cairn-tests';
/** A server takes a token this much longer than it says, for clocks that differ. */
const toleranceSeconds = 60;

/** A stack that asks everyone to sign in, and what the scenarios of a client sign in by. */
export type SignedInStack = {
  readonly url: string;
  /** The environment of a client: MLflow 3 by a Cairn token, MLflow 2 by user and password; both are admins. */
  credentialsOf(client: string): Readonly<Record<string, string>>;
  stop(): Promise<void>;
};

export async function signedInStack(env: Readonly<Record<string, string>>): Promise<SignedInStack> {
  const issuer = await openIssuer();
  const tokens = await tokenServer(issuer);
  const data = await mkdtemp(join(tmpdir(), 'cairn-signed-in-'));
  const stack = await startedStack(
    {
      ...env,
      CAIRN_ENTRA_AUTHORITY: issuer.url,
      CAIRN_ENTRA_TENANT: tenant,
      CAIRN_ENTRA_CLIENT_ID: clientId,
    },
    data,
    ['--auth'],
  );
  const stop = async () => {
    await stack.stop();
    tokens.close();
    issuer.close();
    await rm(data, { recursive: true, force: true });
  };
  try {
    const adminToken = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
    const admin = callsOf(stack.url, adminToken);
    await admin('/api/v1/access/principals', { name: 'scenarios', kind: 'service' });
    await admin('/api/v1/access/grants', rule('principal:scenarios', 'admin'));
    const { token } = (await admin('/api/v1/tokens', { name: 'scenarios', principal: 'scenarios' })) as {
      token: string;
    };
    const password = 'a password for scenarios';
    await admin('/api/2.0/mlflow/users/create', { username: 'scenarios-2', password });
    await admin('/api/v1/access/grants', rule('principal:scenarios-2', 'admin'));
    await admin('/api/v1/access/grants', rule(`principal:entra:${tenant}/${objectId}`, 'contributor'));
    const shared = { CAIRN_TEST_ADMIN_TOKEN: adminToken, CAIRN_TEST_JWTS: tokens.url };
    return {
      url: stack.url,
      stop,
      credentialsOf: (client) =>
        client === '2'
          ? { ...shared, MLFLOW_TRACKING_USERNAME: 'scenarios-2', MLFLOW_TRACKING_PASSWORD: password }
          : { ...shared, MLFLOW_TRACKING_TOKEN: token },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const rule = (subject: string, role: string) => ({ subject, workspace: 'default', effect: 'allow', role });

function callsOf(url: string, token: string): (path: string, body: unknown) => Promise<unknown> {
  return async (path, body) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
}

/** Gives tokens as Entra ID does: `GET /?seconds=3` one that is taken for three seconds more. */
async function tokenServer(issuer: Awaited<ReturnType<typeof openIssuer>>) {
  const server = createServer((request, response) => {
    const seconds = Number(new URL(request.url ?? '/', issuer.url).searchParams.get('seconds') ?? 3600);
    const now = Date.now() / 1000;
    const claims = {
      iss: `${issuer.url}/${tenant}/v2.0`,
      aud: clientId,
      ver: '2.0',
      tid: tenant,
      oid: objectId,
      sub: objectId,
      name: 'Data scientist',
      iat: now - 120,
      nbf: now - 120,
      exp: now + seconds - toleranceSeconds,
    };
    void signed(issuer.key(), claims).then((token) => response.end(token));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
