import { RestError } from '@azure/storage-blob';
import { CairnError } from '../http/index.ts';

/** What the call gives; what it fails with as {@link failureOf} says it. */
export async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(error);
  }
}

/** The same, and `undefined` where there is no such blob. */
export function absentAsUndefined<T>(get: () => Promise<T>): Promise<T | undefined> {
  return guarded(() =>
    get().catch((error: unknown) => {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }),
  );
}

/** Whether a create-only or conditional write was done: `false` where its condition did not hold. */
export function unlessExists(write: () => Promise<unknown>): Promise<boolean> {
  return guarded(() =>
    write().then(
      () => true,
      (error: unknown) => {
        if (statusOf(error) === 409 || statusOf(error) === 412) return false;
        throw error;
      },
    ),
  );
}

/** Whether an append was done: `false` where the blob does not end where it was to begin, or is not there. */
export function unlessElsewhere(append: () => Promise<unknown>): Promise<boolean> {
  return guarded(() =>
    append().then(
      () => true,
      (error: unknown) => {
        if (statusOf(error) === 412 || statusOf(error) === 404) return false;
        throw error;
      },
    ),
  );
}

/** A refusal of the service as our own error; anything unforeseen is passed on as it was. */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof RestError)) return error;
  if (error.code === 'InvalidBlockList')
    return new CairnError('conflict', 'The blocks of this blob are no longer what was sent; send it again.', {
      cause: error,
    });
  switch (statusOf(error)) {
    case 412:
      return new CairnError('conflict', 'The blob changed while it was read.', { cause: error });
    case 416:
      return new CairnError('out-of-range', 'The requested range is outside the file.', { cause: error });
    case undefined:
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return new CairnError('unavailable', 'The storage account did not answer; try again shortly.', {
        retryAfterSeconds: 1,
        cause: error,
      });
    default:
      return error;
  }
}

/** `undefined` where the service was not reached. */
function statusOf(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined;
}
