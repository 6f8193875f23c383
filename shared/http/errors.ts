import { excerpt } from '../redaction/index.ts';

/**
 * One table of failures. A verb fails with a code and a sentence that names the field and the fix;
 * each protocol's surface presents it in its own shape.
 */
const codes = {
  invalid: { status: 400, mlflow: 'INVALID_PARAMETER_VALUE', title: 'Invalid request' },
  'bad-request': { status: 400, mlflow: 'BAD_REQUEST', title: 'Bad request' },
  // MLflow answers 500, which its clients try again; it is the caller's to mend.
  'invalid-state': { status: 400, mlflow: 'INVALID_STATE', title: 'Not in this state' },
  'already-exists': { status: 400, mlflow: 'RESOURCE_ALREADY_EXISTS', title: 'Already exists' },
  unauthenticated: { status: 401, mlflow: 'UNAUTHENTICATED', title: 'Not signed in' },
  forbidden: { status: 403, mlflow: 'PERMISSION_DENIED', title: 'Not allowed' },
  'not-found': { status: 404, mlflow: 'RESOURCE_DOES_NOT_EXIST', title: 'Not found' },
  'no-route': { status: 404, mlflow: 'ENDPOINT_NOT_FOUND', title: 'No such path' },
  'wrong-method': { status: 405, mlflow: 'BAD_REQUEST', title: 'Wrong method' },
  'too-slow': { status: 408, mlflow: 'BAD_REQUEST', title: 'Sent too slowly' },
  conflict: { status: 409, mlflow: 'RESOURCE_CONFLICT', title: 'Conflict' },
  'too-large': { status: 413, mlflow: 'INVALID_PARAMETER_VALUE', title: 'Too large' },
  'out-of-range': { status: 416, mlflow: 'INVALID_PARAMETER_VALUE', title: 'Range not satisfiable' },
  'unsupported-media': { status: 415, mlflow: 'BAD_REQUEST', title: 'Unsupported content type' },
  'too-many': { status: 429, mlflow: 'REQUEST_LIMIT_EXCEEDED', title: 'Too many requests' },
  internal: { status: 500, mlflow: 'INTERNAL_ERROR', title: 'Internal error' },
  unavailable: { status: 503, mlflow: 'TEMPORARILY_UNAVAILABLE', title: 'Not available now' },
  timeout: { status: 504, mlflow: 'DEADLINE_EXCEEDED', title: 'Took too long' },
} as const;

export type ErrorCode = keyof typeof codes;

/** A message may quote what the caller sent, which is as long as the caller likes, and may be a secret. */
const messageCharsMax = 2000;

/**
 * A failure a caller can act on. `field` is the path of the offending input, where there is one, and
 * `position` where in its text the fault is, in UTF-16 units from 0.
 */
export class CairnError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly position: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { field?: string; position?: number; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(
      excerpt(message, messageCharsMax),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'CairnError';
    this.code = code;
    this.field = options.field;
    this.position = options.position;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return codes[this.code].status;
  }
}

/** Whether `error` is a {@link CairnError} with one of these codes. */
export function isCode(error: unknown, ...anyOf: readonly ErrorCode[]): error is CairnError {
  return error instanceof CairnError && anyOf.includes(error.code);
}

/** What a promise gives; `undefined` where it fails with one of these codes. Any other failure is passed on. */
export async function unlessCode<T>(
  promise: Promise<T>,
  ...anyOf: readonly ErrorCode[]
): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isCode(error, ...anyOf)) return undefined;
    throw error;
  }
}

/** How a protocol shows a failure: the JSON body that its clients parse. */
export type ErrorShape = (error: CairnError, requestId: string) => Record<string, unknown>;

/** MLflow: `{error_code, message}`. */
export const mlflowError: ErrorShape = (error) => ({
  error_code: codes[error.code].mlflow,
  message: error.message,
});

/** Open Inference Protocol v2: `{error}`. */
export const inferenceError: ErrorShape = (error) => ({ error: error.message });

/** Problem details, RFC 9457. */
export const problem: ErrorShape = (error, requestId) => ({
  type: `urn:cairn:problem:${error.code}`,
  title: codes[error.code].title,
  status: error.status,
  detail: error.message,
  ...(error.field === undefined ? {} : { field: error.field }),
  ...(error.position === undefined ? {} : { position: error.position }),
  requestId,
});

/** The response to any thrown value: ours as they are, everything else a 500 that says nothing internal. */
export function errorResponse(thrown: unknown, shape: ErrorShape, requestId: string): Response {
  const error =
    thrown instanceof CairnError
      ? thrown
      : new CairnError(
          'internal',
          `The server failed to answer. Quote request ${requestId} when you report it.`,
        );
  const headers = new Headers({
    'content-type': shape === problem ? 'application/problem+json' : 'application/json',
    'x-request-id': requestId,
  });
  if (error.retryAfterSeconds !== undefined) headers.set('retry-after', String(error.retryAfterSeconds));
  if (error.code === 'unauthenticated')
    headers.set('www-authenticate', 'Bearer realm="cairn", Basic realm="cairn"');
  return new Response(JSON.stringify(shape(error, requestId)), { status: error.status, headers });
}
