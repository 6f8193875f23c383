import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { type Exchange, exchange, type Exchanged } from '../outbound/index.ts';
import { unsealedSecret } from '../secrets/index.ts';
import type { ExternalTarget } from './target.ts';

/** A call as it came, to be passed on as it is. */
export type Passed = {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
};

const answerBytesMax = 32 * 1024 * 1024;
const retryAfterSeconds = 2;

/** The caller's to mend: what a scoring server says of a body. Any other failure is one of the server, or of its URL. */
const callersStatuses: readonly number[] = [400, 406, 409, 413, 415, 422, 429];

/** What a browser would run as a page of this server is handed on as bytes. */
const plainTypes: readonly string[] = [
  'application/json',
  'text/csv',
  'text/plain',
  'application/octet-stream',
];

/**
 * Sends a call to the server that a deployment names, with its secret as bearer token, and answers what it answers:
 * success, and what it says of the caller's body. No redirect is followed. Throws `timeout` where it takes longer than
 * the endpoint allows, else `unavailable`, both saying that it is the deployment elsewhere that fails.
 */
export async function askElsewhere(
  ctx: Context,
  { endpoint, deployment }: ExternalTarget,
  { bytes, contentType, contentEncoding }: Passed,
  transport: Pick<Exchange, 'resolve'> = {},
): Promise<Response> {
  const { timeoutSeconds } = endpoint.limits;
  const fails = (why: string, retryAfter = retryAfterSeconds) =>
    new CairnError('unavailable', `Deployment '${deployment.name}', which is elsewhere, fails: ${why}.`, {
      retryAfterSeconds: retryAfter,
    });
  const secret = deployment.secret && (await unsealedSecret(ctx, deployment.secret));
  if (deployment.secret && secret === undefined) throw fails('its secret cannot be read; set it again');
  const began = performance.now();
  const answer = await exchange({
    url: deployment.url,
    name: 'Scoring URL',
    bytes,
    headers: {
      accept: 'application/json',
      'user-agent': 'cairn',
      'x-request-id': ctx.requestId,
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...(contentEncoding === null ? {} : { 'content-encoding': contentEncoding }),
      ...(secret ? { authorization: `Bearer ${secret}` } : {}),
    },
    targets: ctx.settings.scoringTargets,
    millisecondsMax: timeoutSeconds * 1000,
    answerBytesMax,
    ...transport,
  });
  const isLate = performance.now() - began >= timeoutSeconds * 1000;
  if ((answer.outcome === 'unreachable' && answer.waited) || (isLate && !isWhole(answer)))
    throw new CairnError(
      'timeout',
      `Deployment '${deployment.name}', which is elsewhere, gave no answer within ${timeoutSeconds} s.`,
    );
  if (answer.outcome !== 'answered') throw fails(answer.reason);
  const { status, headers } = answer;
  const isSuccess = status >= 200 && status < 300;
  if (!isSuccess && !callersStatuses.includes(status)) throw fails(whyFailed(status), secondsIn(headers));
  if (!answer.isWhole) throw fails('its answer is too long, or broke off');
  // Some servers repeat what they were sent where they refuse it.
  if (secret && answer.bytes.includes(secret)) throw fails('its answer holds the secret of the deployment');
  return passedOn(answer);
}

function isWhole(answer: Exchanged): boolean {
  return answer.outcome === 'answered' && answer.isWhole;
}

function whyFailed(status: number): string {
  if (status === 401 || status === 403) return `it does not accept the secret of the deployment (${status})`;
  if (status === 404) return 'there is nothing at its URL (404)';
  if (status < 400) return `it answers ${status}, and no redirect is followed`;
  return `it answers ${status}`;
}

/** `Retry-After` in seconds, where it is one that can be passed on. */
function secondsIn(headers: Extract<Exchanged, { outcome: 'answered' }>['headers']): number | undefined {
  const seconds = Number(headers['retry-after']);
  return Number.isInteger(seconds) && seconds > 0 && seconds <= 3600 ? seconds : undefined;
}

function passedOn({ status, headers, bytes }: Extract<Exchanged, { outcome: 'answered' }>): Response {
  const type = headers['content-type'] ?? 'application/octet-stream';
  const isPlain = plainTypes.includes(type.split(';')[0]?.trim().toLowerCase() ?? '');
  const passed = new Headers({
    'content-type': isPlain ? type : 'application/octet-stream',
    'content-length': String(bytes.byteLength),
    'x-content-type-options': 'nosniff',
  });
  if (headers['content-encoding'] !== undefined) passed.set('content-encoding', headers['content-encoding']);
  const retryAfter = secondsIn(headers);
  if (retryAfter !== undefined) passed.set('retry-after', String(retryAfter));
  const hasBody = status !== 204 && status !== 205;
  return new Response(hasBody ? new Uint8Array(bytes) : null, { status, headers: passed });
}
