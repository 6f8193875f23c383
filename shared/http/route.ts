import type * as z from 'zod';
import type { Identity, ResourceType, Role } from '../access/index.ts';
import type { Context } from '../context.ts';
import { CairnError, type ErrorShape } from './errors.ts';
import { bodyOf } from './body.ts';
import { parse } from './validate.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The least role that may call a route; `public` needs no sign-in, `signed-in` no role. */
export type RouteRole = 'public' | 'signed-in' | Role;

/** What an input names: a resource by its id, or something that belongs to one. */
export type Named =
  | ResourceType
  | 'run'
  | 'logged-model'
  | 'model-name'
  | 'artifact-path'
  /** The URI of a place: `mlflow-artifacts:/…`; one elsewhere is nobody's here. */
  | 'artifact-uri'
  | 'monitor'
  | 'batch-job'
  | 'batch-file'
  | 'batch-folder'
  | 'retraining-job'
  | 'incident'
  | 'silence';

/** What an input gives: what its schema made of it. */
export type Input = Readonly<Record<string, unknown>>;

/** A field of the input (as its schema gives it) that names what a role is needed on. */
export type Reference = {
  /** Of fields in fields: `models.model_id`. A list asks for the role on each of its elements. */
  readonly field: string;
  readonly names: Named;
  /** The role on it, where less will do than the route's: what is only referred to must be seen. */
  readonly role?: Role;
  /** What is said where there is no such thing, if not what is said of everything of its kind. */
  readonly unknown?: (input: Input) => CairnError;
};

/**
 * Where the role of a route is needed: in the deployment as a whole (in every workspace), in the workspace, on
 * what its inputs name, or on whatever of a type the caller may see, among which the handler picks. An input
 * that names nothing on which the route's own role is needed asks for it in the workspace; `inWorkspace` does so
 * whatever is named.
 */
export type Scope =
  | 'deployment'
  | 'workspace'
  | { readonly on: readonly Reference[]; readonly inWorkspace?: true }
  | { readonly among: readonly ResourceType[] };

/** One route of a surface. The table of routes feeds the router, OpenAPI, access control and telemetry. */
export type Route = {
  readonly method: Method;
  /** `/a/{param}/b`; a last `{param*}` takes the rest of the path, undecoded. */
  readonly path: string;
  /** The name of the operation in telemetry and OpenAPI. */
  readonly operation: string;
  readonly role: RouteRole;
  /** Where the role is needed; in the workspace unless said otherwise. */
  readonly scope?: Scope;
  /** Whether the workspace may be named by the parameter `workspace` of the query: for callers that send no headers. */
  readonly workspaceInQuery?: true;
  readonly input?: z.ZodType;
  /** Whether the body is for `handle` to read: the input is in the query and the path. */
  readonly readsBody?: boolean;
  /**
   * Reads the input, before it is decided whether the caller may: what it gives is what the role is asked on,
   * and what `handle` gets. Left out, the input are the path's parameters.
   */
  readonly read?: (call: Call) => Promise<Input>;
  /** Answers a call that has been let through. */
  readonly handle: (ctx: Context, call: Call, input: Input) => Promise<Response>;
};

/** A set of routes that speak one protocol. `part` says which half of a two-app deployment serves it. */
export type Surface = {
  readonly name: string;
  readonly part: 'control' | 'inference' | 'both';
  readonly errors: ErrorShape;
  readonly routes: readonly Route[];
};

/** One request as a handler sees it. */
export type Call = {
  readonly request: Request;
  readonly url: URL;
  /** Path parameters, decoded once; a `{rest*}` parameter is given as it came. */
  readonly params: Readonly<Record<string, string>>;
  readonly identity: Identity;
};

/** Bytes of the largest JSON body, unless a route says otherwise; files go through the artifact routes, which stream. */
const jsonBytesMax = 8 * 1024 * 1024;

/** No message of MLflow's protocol nests deeper: lists of messages in messages. */
const nullLevels = 6;

type RouteOptions<S extends z.ZodType> = {
  role: RouteRole;
  scope?: Scope;
  workspaceInQuery?: true;
  operation: string;
  /** Schema of the input: query parameters of a GET, the JSON body of everything else; path parameters join it. */
  input: S;
  readsBody?: boolean;
  /** Bytes of the largest body, where it is not what JSON mostly needs. */
  bodyBytesMax?: number;
  /** Whether a field that is `null` is as one left out, as protobuf's JSON has it. */
  nullIsAbsent?: boolean;
  handle: (ctx: Context, input: z.output<S>, call: Call) => Promise<unknown>;
};

/**
 * A route that parses its input by a schema, calls, and presents: a `Response` as it is, anything else
 * as a JSON body with status 200.
 */
export function route<S extends z.ZodType>(method: Method, path: string, options: RouteOptions<S>): Route {
  return {
    method,
    path,
    operation: options.operation,
    role: options.role,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(options.workspaceInQuery ? { workspaceInQuery: true } : {}),
    input: options.input,
    ...(options.readsBody ? { readsBody: true } : {}),
    async read({ request, url, params }) {
      const isQuery = method === 'GET' || options.readsBody;
      const given = isQuery ? queryInput(url) : await bodyInput(request, options.bodyBytesMax);
      if (options.nullIsAbsent) dropNulls(given, nullLevels);
      return parse(options.input, { ...given, ...params }) as Input;
    },
    async handle(ctx, call, input) {
      const result = await options.handle(ctx, input as z.output<S>, call);
      return result instanceof Response ? result : json(result);
    },
  };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const bytes = encoder.encode(JSON.stringify(value));
  return wholeResponse(bytes, {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.byteLength), ...headers },
  });
}

const encoder = new TextEncoder();
const wholes = new WeakMap<Response, Uint8Array>();

/** A response whose bytes are at hand: see {@link wholeBody}. */
function wholeResponse(bytes: Uint8Array<ArrayBuffer>, init: ResponseInit): Response {
  // A Response copies bytes, which takes longer than a stream of them does.
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  const response = new Response(body, init);
  wholes.set(response, bytes);
  return response;
}

/** The body of a response that was made of bytes and that nobody has read, without the stream that it would come by. */
export function wholeBody(response: Response): Uint8Array | undefined {
  return response.bodyUsed ? undefined : wholes.get(response);
}

/** Query parameters; a repeated one becomes a list. */
function queryInput(url: URL): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const key of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(key);
    input[key] = values.length === 1 ? values[0] : values;
  }
  return input;
}

/** The JSON object of a body; an empty body is `{}`. */
async function bodyInput(request: Request, bytesMax = jsonBytesMax): Promise<Record<string, unknown>> {
  const text = utf8(await readBody(request, bytesMax));
  if (text === '') return {};
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new CairnError(
      'invalid',
      `Bad Request. Content-Type header ${type ? `is '${type}', but must be` : 'is missing. It must be'} one of ['application/json'].`,
    );
  const value = parseJson(text);
  // Some clients encode the object twice; MLflow's server accepts that.
  const object = typeof value === 'string' ? parseJson(value) : value;
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    throw new CairnError('invalid', 'The body must be a JSON object.');
  return object as Record<string, unknown>;
}

/** Takes the fields that are `null` out of an object and of those inside it, some levels down. */
function dropNulls(value: object, levels: number): void {
  for (const [name, member] of Object.entries(value) as [string, unknown][])
    if (member === null && !Array.isArray(value)) Reflect.deleteProperty(value, name);
    else if (typeof member === 'object' && member !== null && levels > 0) dropNulls(member, levels - 1);
}

/** The whole body, refused with 413 as soon as it is longer than `bytesMax`. */
export async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new CairnError('too-large', `The body is over ${bytesMax} bytes, the limit of this path.`);
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(request)) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text of a body. Throws `bad-request` where it is not UTF-8. */
export function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new CairnError('bad-request', 'The body is not valid UTF-8.', { cause });
  }
}

/** The value of a JSON text. Throws `invalid` for what is none, nests too deeply, or holds what no store keeps. */
export function parseJson(text: string): unknown {
  try {
    // Half of a surrogate pair can only come from an escape; no store could keep it.
    return /\\u[dD][89a-fA-F]/.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
  } catch (error) {
    // Its parts are looked at by calls within calls, of which there can be only so many.
    const why = error instanceof RangeError ? 'it nests too deeply' : withoutQuote((error as Error).message);
    throw new CairnError('invalid', `The body is not valid JSON: ${why}.`);
  }
}

/** What the parser says, without the piece of the text that it quotes: that may be of a secret. */
function withoutQuote(message: string): string {
  return message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '');
}

function wellFormed(key: string, value: unknown): unknown {
  if (key.isWellFormed() && (typeof value !== 'string' || value.isWellFormed())) return value;
  throw new SyntaxError('a text holds half of a surrogate pair');
}
