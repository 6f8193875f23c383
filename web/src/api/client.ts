import { pageQuery } from '../session/arrival.ts';
import { presentedToken, refused } from '../session/credential.ts';

/** An answer that is not a success, in the words of the server. Status 0: there was no answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly requestId: string | undefined;
  /** The input at fault, where the server names one. */
  readonly field: string | undefined;
  /** Where in that input, in characters from its start. */
  readonly position: number | undefined;

  constructor(
    status: number,
    message: string,
    details: {
      requestId?: string | undefined;
      field?: string | undefined;
      position?: number | undefined;
    } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.requestId = details.requestId;
    this.field = details.field;
    this.position = details.position;
  }
}

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Options = {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** The version that a change is of, as its ETag said it; null where there must be none yet. */
  readonly version?: string | null | undefined;
};

/** The workspace of every request: `?workspace=` of the page's address, before the `#`. */
export const workspace = pageQuery.get('workspace') ?? 'default';

/** Below `/ajax-api/2.0/mlflow/`. Throws {@link ApiError}. */
export const mlflow = below('/ajax-api/2.0/mlflow/');

/** Below `/api/v1/`. Throws {@link ApiError}. */
export const cairn = below('/api/v1/');

/**
 * One request as whoever is signed in; answers that are not a success throw {@link ApiError}. Where the
 * session has ended meanwhile it waits for the reader to sign in again, if there is something to lose.
 * For files; JSON goes by {@link mlflow} and {@link cairn}.
 */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const token = await presentedToken();
    try {
      return await requestAs(token, path, init);
    } catch (error) {
      const isRefused = error instanceof ApiError && error.status === 401;
      if (!isRefused || !(await refused(token, init.signal ?? undefined))) throw error;
    }
  }
}

/** A thing below `/api/v1/` and the version that a change of it is to name. */
export async function versioned<T>(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly it: T; readonly version: string | undefined }> {
  const response = await request(`/api/v1/${path}`, { signal });
  const it = (await response.json()) as T;
  return { it, version: response.headers.get('etag') ?? undefined };
}

/** One request as whoever `token` belongs to. */
export async function requestAs(
  token: string | undefined,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (workspace !== 'default') headers.set('x-mlflow-workspace', workspace);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  let response: Response;
  try {
    // Nothing that the browser knows by itself: it would ask for a name and password at a refusal.
    response = await fetch(path, { ...init, headers, credentials: 'omit' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'The server does not answer. Is it still running?');
  }
  if (response.ok) return response;
  throw await failureOf(path, response);
}

function below(base: string) {
  const call =
    (method: Method) =>
    async <T>(path: string, { query = {}, body, signal, version }: Options = {}): Promise<T> => {
      const init: RequestInit = { method, ...(signal ? { signal } : {}) };
      if (body !== undefined) {
        init.headers = { 'content-type': 'application/json', ...conditionOf(version) };
        init.body = JSON.stringify(body);
      }
      const response = await request(`${base}${path}${queryText(query)}`, init);
      const text = await response.text();
      return (text === '' ? {} : JSON.parse(text)) as T;
    };
  return {
    get: call('GET'),
    post: call('POST'),
    put: call('PUT'),
    patch: call('PATCH'),
    delete: call('DELETE'),
  };
}

function conditionOf(version: string | null | undefined): Record<string, string> {
  if (version === undefined) return {};
  return version === null ? { 'if-none-match': '*' } : { 'if-match': version };
}

function queryText(query: Query): string {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [value].flat().map((each) => [key, String(each)]),
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

/** The words of RFC 9457 or of MLflow, whichever the server spoke. */
async function failureOf(path: string, response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as {
    message?: string;
    detail?: string;
    field?: string;
    position?: number;
  } | null;
  const said = body?.detail ?? body?.message;
  return new ApiError(response.status, said ?? `The server answered ${response.status} to ${path}.`, {
    requestId: response.headers.get('x-request-id') ?? undefined,
    field: body?.field,
    position: body?.position,
  });
}
