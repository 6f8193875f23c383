import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { Hono } from 'hono';
import { getPath } from 'hono/utils/url';
import { noAccess, nobody } from '../shared/access/index.ts';
import { type Context, randomIds, systemClock } from '../shared/context.ts';
import {
  CairnError,
  errorResponse,
  type ErrorShape,
  inferenceError,
  mlflowError,
  problem,
  type Route,
  type Surface,
  wholeBody,
} from '../shared/http/index.ts';
import { inLedger, newLedger } from '../shared/ledger.ts';
import { enterCall } from '../shared/limits/index.ts';
import type { Settings } from '../shared/settings.ts';
import { redactedHeader, redactedNames } from '../shared/secrets/index.ts';
import { inInvocation, type Span } from '../shared/telemetry/index.ts';
import { app as openApp, hostTrace, logOf } from './app.ts';
import { enterDenial } from './http/audit/denials.ts';
import { audited } from './http/audit/downloads.ts';
import { authenticate } from './http/authenticate.ts';
import { perform } from './http/guard.ts';
import { servedPath } from './http/mlflow-ui.ts';
import { surfaces } from './http/surfaces.ts';
import { accessTo, workspaceOf } from './http/workspace.ts';

type Env = { Bindings: { invocation: InvocationContext } };

/** Answers up to this size are handed on whole, which takes one write in place of a stream. */
const wholeBytesMax = 64 * 1024;

const requestIdHeader = 'x-request-id';
const reasonHeader = 'x-cairn-reason';
const reasonCharsMax = 1000;
const requestIdPattern = /^[\w.-]{1,64}$/;

/** Every surface behind one router. */
export const router = mount(surfaces);

/** The one HTTP function. */
export async function http(request: HttpRequest, invocation: InvocationContext): Promise<HttpResponseInit> {
  const response = await router.fetch(asRequest(request), { invocation });
  const body = wholeBody(response) ?? (await bodyOf(response));
  // Streams and headers of Node are what the library takes; its types name those of another package.
  return {
    status: response.status,
    headers: response.headers as unknown as Record<string, string>,
    ...(body ? { body: body as never } : {}),
  };
}

async function bodyOf(response: Response): Promise<Uint8Array | ReadableStream | null> {
  const length = Number(response.headers.get('content-length') ?? Number.POSITIVE_INFINITY);
  const isSmall = response.body !== null && length <= wholeBytesMax;
  return isSmall ? new Uint8Array(await response.arrayBuffer()) : response.body;
}

function asRequest({ url, method, headers, body }: HttpRequest): Request {
  return new Request(url, { method, headers, ...(body ? { body, duplex: 'half' } : {}) } as RequestInit);
}

/** Routes every surface; a path that exists under another method is 405, an unknown one 404. */
function mount(table: readonly Surface[]): Hono<Env> {
  const hono = new Hono<Env>({ getPath: (request) => servedPath(getPath(request)) });
  const methods = new Map<string, { surface: Surface; allowed: Set<string> }>();
  for (const surface of table)
    for (const route of surface.routes) {
      const pattern = honoPath(route.path);
      const known = methods.get(pattern) ?? { surface, allowed: new Set() };
      known.allowed.add(route.method);
      methods.set(pattern, known);
      hono.on(route.method, pattern, (c) =>
        answer(surface, route, c.req.raw, c.req.param(), c.env.invocation),
      );
    }
  for (const [pattern, { surface, allowed }] of methods)
    hono.all(pattern, (c) => {
      const allow = [...allowed, ...(allowed.has('GET') ? ['HEAD'] : [])].join(', ');
      const error = new CairnError(
        'wrong-method',
        `${c.req.method} is not possible here; allowed: ${allow}.`,
      );
      const response = errorResponse(error, surface.errors, requestIdOf(c.req.raw, c.env.invocation));
      response.headers.set('allow', allow);
      return response;
    });
  hono.notFound((c) => {
    const error = new CairnError('no-route', `There is nothing at ${c.req.path}.`);
    return errorResponse(error, shapeBelow(c.req.path), requestIdOf(c.req.raw, c.env.invocation));
  });
  return hono;
}

/** The errors of the protocol that a path belongs to, though nothing is there. */
function shapeBelow(path: string): ErrorShape {
  if (/^\/((ajax-)?api\/[23]\.0|endpoints)\//.test(path)) return mlflowError;
  return path.startsWith('/v2/') ? inferenceError : problem;
}

async function answer(
  surface: Surface,
  route: Route,
  request: Request,
  params: Record<string, string>,
  invocation: InvocationContext,
): Promise<Response> {
  const requestId = requestIdOf(request, invocation);
  // Where they cannot be opened is said below.
  const settings = await openApp().then(
    (opened) => opened.settings,
    () => undefined,
  );
  const occasion = {
    kind: 'server',
    parent: (settings && hostTrace(settings, invocation)) ?? request.headers.get('traceparent'),
    attributes: {
      'http.request.method': request.method,
      'http.route': route.path,
      'cairn.operation': route.operation,
      'cairn.request_id': requestId,
      'faas.invocation_id': invocation.invocationId,
    },
  } as const;
  return inInvocation(`${request.method} ${route.path}`, occasion, async (span) => {
    const response = await answerIn(span, surface, route, request, params, { requestId, invocation });
    span.attributes['http.response.status_code'] = response.status;
    if (response.status >= 500) span.fail({ code: String(response.status) });
    return response;
  });
}

async function answerIn(
  span: Span,
  surface: Surface,
  route: Route,
  request: Request,
  params: Record<string, string>,
  { requestId, invocation }: { requestId: string; invocation: InvocationContext },
): Promise<Response> {
  const { traceId } = span.context;
  const log = logOf(invocation, { requestId, traceId, operation: route.operation });
  const ledger = newLedger();
  let asked: Context | undefined;
  const response = await inLedger(ledger, () => respond().catch(refuse));
  response.headers.set(requestIdHeader, requestId);
  for (const [name, value] of ledger.headers) response.headers.set(name, value);
  if (ledger.redacted.size > 0) response.headers.set(redactedHeader, redactedNames(ledger.redacted));
  return response;

  async function refuse(error: unknown): Promise<Response> {
    if (!(error instanceof CairnError)) log.error('request failed', { reason: reasonOf(error) });
    if (asked) await enterDenial(asked, route, request, error);
    return errorResponse(error, surface.errors, requestId);
  }

  async function respond(): Promise<Response> {
    const opened = await openApp();
    const { settings, stores } = opened;
    refuseElsewhere(surface, request, settings);
    // Who is refused before it is known who they are is nobody, in no workspace.
    asked = {
      principal: nobody.principal,
      workspace: '*',
      access: noAccess,
      requestId,
      ...reasonOfCall(request),
      trace: span.traceparent,
      clock: systemClock,
      ids: randomIds,
      log,
      stores,
      settings,
    };
    const identity = await authenticate(request, route.role, opened, log);
    const workspace = workspaceOf(request, route);
    asked = { ...asked, principal: identity.principal, workspace };
    span.attributes['cairn.workspace'] = workspace;
    await enterCall(asked, identity, workspace, ledger);
    const ctx: Context = { ...asked, access: await accessTo(asked, identity, workspace, route) };
    const url = new URL(request.url);
    return perform(ctx, audited(route), {
      request,
      url,
      identity,
      params: { ...params, ...restOf(route.path, servedPath(url.pathname)) },
    });
  }
}

/**
 * Of two apps each serves its half and names the other. A page of ours, which a browser marks as such, may try a
 * model on the app that it came from.
 */
function refuseElsewhere({ part, name }: Surface, request: Request, settings: Settings): void {
  const { surfaces: served, publicUrl, inferenceUrl } = settings;
  if (part === 'both' || served === 'all' || served === part) return;
  if (part === 'inference' && request.headers.get('sec-fetch-site') === 'same-origin') return;
  const other = part === 'inference' ? inferenceUrl : publicUrl;
  throw new CairnError('no-route', `This app does not serve ${name}; ${other} does.`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Why the caller asks, if they say so for a call that has no field for it; what is not ASCII comes percent-encoded. */
function reasonOfCall(request: Request): { reason?: string } {
  const given = request.headers.get(reasonHeader)?.slice(0, reasonCharsMax);
  if (!given) return {};
  try {
    return { reason: decodeURIComponent(given) };
  } catch {
    return { reason: given };
  }
}

/** The caller's request id where it is a sane one, else the invocation's. */
function requestIdOf(request: Request, invocation: InvocationContext): string {
  const given = request.headers.get(requestIdHeader);
  return given && requestIdPattern.test(given) ? given : invocation.invocationId;
}

/** The last parameter `{name*}` as the client sent it: only its route knows how it is to be decoded. */
function restOf(path: string, pathname: string): Record<string, string> {
  const name = /\{(\w+)\*\}$/.exec(path)?.[1];
  if (name === undefined) return {};
  const segments = path.split('/').length - 1;
  return { [name]: pathname.split('/').slice(segments).join('/') };
}

/** `{name}` as Hono's `:name`, and a last `{name*}` as the rest of the path. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)(\*?)\}/g, (_, name: string, rest: string) =>
    rest ? `:${name}{.*}` : `:${name}`,
  );
}
