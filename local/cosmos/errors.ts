/** Names the service gives to its answers, in the `code` of an error body. */
const CODES: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'RequestTimeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  424: 'FailedDependency',
  429: 'TooManyRequests',
  449: 'RetryWith',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

export type ErrorDetails = {
  /** `x-ms-substatus`, for example 1002 for a partition key range that is gone. */
  substatus?: number;
  /** `x-ms-retry-after-ms`. */
  retryAfterMs?: number;
  /** The query plan, as JSON text, that tells a client how to run a query the gateway refuses to serve. */
  additionalErrorInfo?: string;
  /** What the refused request cost, in request units. */
  charge?: number;
};

/** An answer that is not a success. Thrown inside the emulator, turned into an HTTP answer at its edge. */
export class CosmosError extends Error {
  readonly status: number;
  readonly details: ErrorDetails;

  constructor(status: number, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'CosmosError';
    this.status = status;
    this.details = details;
  }

  /** The JSON body of the answer. */
  body(activityId: string): { code: string; message: string; additionalErrorInfo?: string } {
    return {
      code: CODES[this.status] ?? String(this.status),
      message: `${this.message}\r\nActivityId: ${activityId}`,
      ...(this.details.additionalErrorInfo !== undefined && {
        additionalErrorInfo: this.details.additionalErrorInfo,
      }),
    };
  }
}
