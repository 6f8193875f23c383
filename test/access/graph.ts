import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Directory, directoryAt } from '../../shared/azure/index.ts';

export type Account = { readonly type: 'user' | 'app'; readonly accountEnabled: boolean };

/** Microsoft Graph on this machine, as far as the directory is asked: batches of reads of users and service principals. */
export type GraphServer = {
  readonly directory: Directory;
  readonly accounts: Map<string, Account>;
  /** Client ids that are app registrations of the tenant. */
  readonly apps: Set<string>;
  /** How many requests each batch had. */
  readonly batches: number[];
  /** What else is answered: whole batches, or single requests, that are throttled; kinds that may not be read. */
  readonly moods: {
    batchStatus: number[];
    throttledOnce: Set<string>;
    retryAfter: string;
    forbidden: Set<'users' | 'servicePrincipals'>;
  };
  close(): Promise<void>;
};

const token = 'a-token-of-the-app';

export async function startGraph(): Promise<GraphServer> {
  const accounts = new Map<string, Account>();
  const apps = new Set<string>();
  const batches: number[] = [];
  const moods: GraphServer['moods'] = {
    batchStatus: [],
    throttledOnce: new Set(),
    retryAfter: '0',
    forbidden: new Set(),
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const reply = (status: number, body: unknown, headers: Record<string, string> = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body));
      };
      if (request.headers.authorization !== `Bearer ${token}`)
        return reply(401, { error: { code: 'InvalidAuthenticationToken' } });
      if (request.method !== 'POST' || request.url !== '/v1.0/$batch') return reply(404, {});
      const status = moods.batchStatus.shift() ?? 200;
      if (status !== 200) return reply(status, { error: {} }, { 'retry-after': moods.retryAfter });
      const { requests } = JSON.parse(text) as { requests: { id: string; method: string; url: string }[] };
      batches.push(requests.length);
      if (requests.length > 20)
        return reply(400, { error: { code: 'BadRequest', message: 'Number of batch requests exceeds 20.' } });
      // A batch is answered in any order.
      return reply(200, {
        responses: requests.map((one) => ({ id: one.id, ...answerTo(one.url) })).toReversed(),
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const directory = directoryAt(`http://127.0.0.1:${port}`, () => Promise.resolve(token));
  return {
    directory,
    accounts,
    apps,
    batches,
    moods,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };

  function answerTo(url: string) {
    const [, kind = '', key = ''] =
      /^\/(users|servicePrincipals)(?:\/|\(appId=')([\w-]+)(?:'\))?\?\$select=id,accountEnabled$/.exec(url) ??
      [];
    if (moods.throttledOnce.delete(key))
      return {
        status: 429,
        headers: { 'Retry-After': moods.retryAfter },
        body: { error: { code: 'TooManyRequests' } },
      };
    if (moods.forbidden.has(kind as 'users'))
      return { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } };
    const account = accounts.get(key);
    if (account && account.type === (kind === 'users' ? 'user' : 'app'))
      return { status: 200, headers: {}, body: { id: key, accountEnabled: account.accountEnabled } };
    if (kind === 'servicePrincipals' && apps.has(key))
      return { status: 200, headers: {}, body: { id: 'x', accountEnabled: true } };
    return { status: 404, headers: {}, body: { error: { code: 'Request_ResourceNotFound' } } };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
