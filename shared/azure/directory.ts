import type { TokenCredential } from '@azure/identity';
import type { Settings } from '../settings.ts';
import { credential } from './identity.ts';

/** What the directory says of an account; `unknown` where it gave no answer that says it. */
export type AccountState = 'enabled' | 'disabled' | 'gone' | 'unknown';

/** The directory of a tenant of Entra ID, as Microsoft Graph tells of it. */
export type Directory = {
  /** What it says of users and service principals, by object id. Throws where Microsoft Graph refuses to be asked. */
  accounts(objectIds: readonly string[]): Promise<ReadonlyMap<string, AccountState>>;
  /** Whether an app registration (by client id) is of this tenant; `undefined` where it may not be asked. */
  knowsApp(clientId: string): Promise<boolean | undefined>;
};

/** https://learn.microsoft.com/graph/json-batching : requests of one batch. */
const batchMax = 20;
const tries = 5;
const secondsMax = 30;
/** Longer than this nobody waits: the next check asks again. */
const waitSecondsMax = 60;

/** https://learn.microsoft.com/graph/deployments */
const graphOf: Readonly<Record<string, string>> = {
  'login.microsoftonline.us': 'https://graph.microsoft.us',
  'login.chinacloudapi.cn': 'https://microsoftgraph.chinacloudapi.cn',
  'login.partner.microsoftonline.cn': 'https://microsoftgraph.chinacloudapi.cn',
};

/** Where Microsoft Graph is, of the cloud whose Entra ID is at `authority`. */
export function graphUrl(authority?: string): string {
  return (authority && graphOf[new URL(authority).host]) || 'https://graph.microsoft.com';
}

/**
 * The directory as the identity of the app may ask it: the application permissions User.Read.All and
 * Application.Read.All of Microsoft Graph let it.
 */
export function openDirectory(settings: Settings): Directory {
  const url = graphUrl(settings.entra?.authority);
  let identity: TokenCredential | undefined;
  return directoryAt(url, async () => {
    identity ??= credential(settings);
    const granted = await identity.getToken(`${url}/.default`);
    if (!granted) throw new Error('The identity of the app gives no token for Microsoft Graph.');
    return granted.token;
  });
}

/** The same at another address, for tests. */
export function directoryAt(url: string, token: () => Promise<string>): Directory {
  const ask = (paths: readonly string[]) => askAll(url, token, paths);
  return {
    async accounts(objectIds) {
      const users = await ask(objectIds.map((id) => `/users/${id}?$select=id,accountEnabled`));
      const states = new Map(objectIds.map((id, i) => [id, stateOf(users[i])]));
      // Who is no user may be an app, or a managed identity.
      const others = objectIds.filter((id) => states.get(id) === 'gone');
      const apps = await ask(others.map((id) => `/servicePrincipals/${id}?$select=id,accountEnabled`));
      others.forEach((id, i) => states.set(id, stateOf(apps[i])));
      return states;
    },
    async knowsApp(clientId) {
      const [answer] = await ask([`/servicePrincipals(appId='${clientId}')?$select=id,accountEnabled`]);
      const state = stateOf(answer);
      return state === 'unknown' ? undefined : state !== 'gone';
    },
  };
}

type Answer = { readonly status: number; readonly body: unknown };

/** https://learn.microsoft.com/graph/api/user-get and serviceprincipal-get */
function stateOf(answer: Answer | undefined): AccountState {
  if (answer?.status === 404) return 'gone';
  if (answer?.status !== 200) return 'unknown';
  const { accountEnabled } = (answer.body ?? {}) as { accountEnabled?: unknown };
  if (accountEnabled === true) return 'enabled';
  return accountEnabled === false ? 'disabled' : 'unknown';
}

/** The answers to paths, in their order; `undefined` where it was told to come back later until it was too late. */
async function askAll(
  url: string,
  token: () => Promise<string>,
  paths: readonly string[],
): Promise<(Answer | undefined)[]> {
  const answers: (Answer | undefined)[] = [];
  for (let first = 0; first < paths.length; first += batchMax)
    answers.push(...(await askBatch(url, token, paths.slice(first, first + batchMax))));
  return answers;
}

async function askBatch(
  url: string,
  token: () => Promise<string>,
  paths: readonly string[],
): Promise<(Answer | undefined)[]> {
  const answers: (Answer | undefined)[] = paths.map(() => undefined);
  for (let attempt = 1; ; attempt++) {
    const open = [...paths.keys()].filter((i) => answers[i] === undefined);
    const { answered, waitSeconds } = await send(
      url,
      await token(),
      open.map((i) => ({ id: String(i), method: 'GET', url: paths[i] ?? '' })),
    );
    for (const [i, answer] of answered) answers[i] = answer;
    if (waitSeconds === undefined || attempt === tries || waitSeconds > waitSecondsMax) return answers;
    await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1000));
  }
}

type Sent = {
  readonly answered: ReadonlyMap<number, Answer>;
  /** Set where some are to be asked again, after so long. */
  readonly waitSeconds: number | undefined;
};

type BatchResponse = {
  readonly id?: unknown;
  readonly status?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

async function send(
  url: string,
  token: string,
  requests: readonly { id: string; method: string; url: string }[],
): Promise<Sent> {
  const response = await fetch(`${url}/v1.0/$batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ requests }),
    signal: AbortSignal.timeout(secondsMax * 1000),
  });
  const text = await response.text();
  if (isForLater(response.status))
    return { answered: new Map(), waitSeconds: secondsIn(response.headers.get('retry-after')) };
  if (response.status !== 200) throw new Error(`Microsoft Graph answered ${response.status}.`);
  const { responses = [] } = JSON.parse(text) as { responses?: readonly BatchResponse[] };
  const answered = new Map<number, Answer>();
  let waitSeconds: number | undefined;
  for (const { id, status, headers, body } of responses)
    if (isForLater(Number(status)))
      waitSeconds = Math.max(waitSeconds ?? 0, secondsIn(retryAfterIn(headers)));
    else answered.set(Number(id), { status: Number(status), body });
  return { answered, waitSeconds };
}

/** https://learn.microsoft.com/graph/throttling : each request of a batch is throttled for itself. */
function isForLater(status: number): boolean {
  return status === 429 || status === 503 || status === 504;
}

function retryAfterIn(headers: Readonly<Record<string, string>> = {}): string | null {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? null;
}

function secondsIn(retryAfter: string | null): number {
  const seconds = Number(retryAfter ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : 5;
}
