import type { Context } from '../context.ts';
import type { GithubSetting } from '../executor-settings.ts';
import { type Exchanged, exchange } from '../outbound/index.ts';
import { excerpt, redacted } from '../redaction/index.ts';

/** What became of a question to GitHub. */
export type GithubAnswer =
  | { readonly outcome: 'answered'; readonly status: number; readonly body: unknown }
  /** Over a limit, and not done: to be asked again at `until`, in milliseconds since 1970. */
  | { readonly outcome: 'limited'; readonly until: number; readonly reason: string }
  /** No answer, or one of a server in trouble: it may have been done, or not. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** Nothing was sent. */
  | { readonly outcome: 'not-sent'; readonly reason: string; readonly isFinal: boolean };

const apiVersion = '2022-11-28';
const millisecondsMax = 15_000;
const answerBytesMax = 4 * 1024 * 1024;
/** How long to wait where GitHub says that there was too much and not until when. */
const waitSecondsDefault = 60;
const waitSecondsMax = 3600;

/**
 * Asks GitHub's REST API in the name of the token that the executor's secret holds. A limit is 403 or 429 with
 * `retry-after` (seconds), or with `x-ratelimit-remaining: 0` and `x-ratelimit-reset` (seconds since 1970, UTC); a
 * secondary limit may say neither, and is waited for at least a minute.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export async function askGithub(
  ctx: Context,
  { apiUrl, tokenSecret }: GithubSetting,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<GithubAnswer> {
  const token = await tokenOf(ctx, tokenSecret);
  if ('reason' in token) return { outcome: 'not-sent', reason: token.reason, isFinal: false };
  const answer = await exchange({
    url: `${apiUrl}${path}`,
    name: 'Executor URL',
    method,
    bytes: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    headers: {
      Accept: 'application/vnd.github+json',
      Authorization: `Bearer ${token.text}`,
      'User-Agent': 'cairn',
      'X-GitHub-Api-Version': apiVersion,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    targets: ctx.settings.webhookTargets,
    millisecondsMax,
    answerBytesMax,
  });
  if (answer.outcome === 'forbidden') return { outcome: 'not-sent', reason: answer.reason, isFinal: true };
  if (answer.outcome === 'unreachable') return { outcome: 'unknown', reason: `GitHub: ${answer.reason}` };
  if (answer.status === 401) ctx.stores.secrets?.wasRefused(tokenSecret);
  if (answer.status >= 500)
    return { outcome: 'unknown', reason: `GitHub answered ${answer.status}: ${saidIn(bodyOf(answer))}` };
  return limitIn(ctx, answer) ?? { outcome: 'answered', status: answer.status, body: bodyOf(answer) };
}

/** The message of an answer of GitHub, as it may be shown. */
export function saidIn(body: unknown): string {
  const message =
    typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : 'no reason given';
  return redacted(excerpt(message, 300)).text;
}

type Answered = Extract<Exchanged, { outcome: 'answered' }>;

function limitIn(ctx: Context, answer: Answered): GithubAnswer | undefined {
  const { status, headers } = answer;
  if (status !== 429 && status !== 403) return undefined;
  const said = saidIn(bodyOf(answer));
  const retryAfter = Number(headers['retry-after'] ?? Number.NaN);
  const isSpent = headers['x-ratelimit-remaining'] === '0';
  if (status === 403 && Number.isNaN(retryAfter) && !isSpent && !/rate limit/i.test(said)) return undefined;
  const now = ctx.clock.now();
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN) * 1000 - now;
  const seconds = Number.isNaN(retryAfter)
    ? isSpent && reset > 0
      ? reset / 1000
      : waitSecondsDefault
    : retryAfter;
  return {
    outcome: 'limited',
    until: now + Math.min(Math.max(seconds, 1), waitSecondsMax) * 1000,
    reason: `GitHub answered ${status}: ${said}`,
  };
}

function bodyOf({ bytes }: Answered): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function tokenOf(
  { stores: { secrets } }: Context,
  name: string,
): Promise<{ readonly text: string } | { readonly reason: string }> {
  if (!secrets)
    return { reason: `Secret '${name}' cannot be read: set CAIRN_KEY_VAULT_URL or CAIRN_KEYS_FOLDER.` };
  try {
    return { text: (await secrets.read(name)).trim() };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
