import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { RestError } from '@azure/storage-blob';
import { CairnError } from '../http/index.ts';

/** A service that is busy is asked four times within 16 seconds; one that says nothing at all is waited for this long. */
export const answerMillisecondsMax = 60_000;
/** Of what is sent to it it takes so much at least. */
const bytesPerMillisecondMin = 1_000;

/** Why a blob refuses what is asked of it until somebody changes that, by the code of the service. */
const refusals: Readonly<Record<string, string>> = {
  BlobArchived: 'The blob is in the archive tier; move it to another tier, and try again once it is there.',
  BlobBeingRehydrated: 'The blob is on its way out of the archive tier; try again once it is there.',
  InvalidBlobType: 'The blob is an append or a page blob; use another name, or delete it first.',
  LeaseIdMissing: 'Somebody holds a lease on the blob; try again once it is released.',
  BlobImmutableDueToPolicy: 'A policy of immutability covers the blob; use another name.',
};

/** A call of the service, which ends it when `late` says so. */
type Call<T> = (late: AbortSignal) => Promise<T>;

/** The client asks again where the service is busy (503), and not where it says that it was too slow or asked too much. */
const askedAgain = new Set([408, 429]);
const triesMax = 4;
const firstWaitMilliseconds = 100;
/** Who is told to wait longer is told so by an error. */
const waitSecondsMax = 10;

/**
 * What the call gives; what it fails with as {@link failureOf} says it, `unavailable` where it is late. A call is made
 * again where the service asks for that: one that cannot be belongs into {@link guardedOnce}.
 */
export function guarded<T>(call: Call<T>, bytesSent = 0): Promise<T> {
  return guardedOnce((late) => insisting(call, late), bytesSent);
}

/** The same of a call that cannot be made again, as one that sends a stream. */
export async function guardedOnce<T>(call: Call<T>, bytesSent = 0): Promise<T> {
  const late = new AbortController();
  const millisecondsMax = answerMillisecondsMax + bytesSent / bytesPerMillisecondMin;
  const timer = setTimeout(() => late.abort(), millisecondsMax);
  try {
    return await call(late.signal);
  } catch (error) {
    throw late.signal.aborted ? noAnswer(error) : failureOf(error);
  } finally {
    clearTimeout(timer);
  }
}

async function insisting<T>(call: Call<T>, late: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await call(late);
    } catch (error) {
      const milliseconds = attempt < triesMax ? waitOf(error, attempt) : undefined;
      if (milliseconds === undefined) throw error;
      await wait(milliseconds, undefined, { signal: late });
    }
}

/** How long to wait before the call is made again: as the service says, else longer each time. */
function waitOf(error: unknown, attempt: number): number | undefined {
  if (!askedAgain.has(statusOf(error) ?? 0)) return undefined;
  const seconds = Number((error as RestError).response?.headers.get('retry-after'));
  if (seconds > waitSecondsMax) return undefined;
  return seconds > 0 ? seconds * 1000 : firstWaitMilliseconds * 2 ** attempt * Math.random();
}

/** The same, and `undefined` where there is no such blob. */
export function absentAsUndefined<T>(get: Call<T>): Promise<T | undefined> {
  return guarded((late) =>
    get(late).catch((error: unknown) => {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }),
  );
}

/** Whether a create-only or conditional write was done: `false` where its condition did not hold. */
export function unlessExists(write: Call<unknown>, bytesSent?: number): Promise<boolean> {
  return guarded(
    (late) =>
      write(late).then(
        () => true,
        (error: unknown) => {
          if (statusOf(error) === 409 || statusOf(error) === 412) return false;
          throw error;
        },
      ),
    bytesSent,
  );
}

/** Whether an append was done: `false` where the blob does not end where it was to begin, or is not there. */
export function unlessElsewhere(append: Call<unknown>): Promise<boolean> {
  return guarded((late) =>
    append(late).then(
      () => true,
      (error: unknown) => {
        if (statusOf(error) === 412 || statusOf(error) === 404) return false;
        throw error;
      },
    ),
  );
}

/** Whether a blob is what it was, and refuses what was asked of it for what it is or who holds it. */
export function isRefusal(error: unknown): error is CairnError {
  return (
    error instanceof CairnError &&
    error.cause instanceof RestError &&
    refusals[error.cause.code ?? ''] !== undefined
  );
}

/** A refusal of the service as our own error; anything unforeseen is passed on as it was. */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof RestError)) return error;
  if (error.code === 'InvalidBlockList')
    return new CairnError('conflict', 'The blocks of this blob are no longer what was sent; send it again.', {
      cause: error,
    });
  const refusal = refusals[error.code ?? ''];
  if (refusal !== undefined) return new CairnError('conflict', refusal, { cause: error });
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
      return noAnswer(error);
    default:
      return error;
  }
}

/**
 * The bytes of an answer as they come. One that breaks off, or brings nothing for as long as a call may take, fails as
 * a call does; one that the caller ends by its `signal` fails with what that says.
 */
export async function* bytesOf(body: Readable, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(noAnswer('stalled')), answerMillisecondsMax);
      const { done, value } = await pieces.next().finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (signal?.aborted || error instanceof CairnError) throw error;
    throw error instanceof RestError ? failureOf(error) : noAnswer(error);
  } finally {
    body.destroy();
  }
}

function noAnswer(cause: unknown): CairnError {
  return new CairnError('unavailable', 'The storage account did not answer; try again shortly.', {
    retryAfterSeconds: 1,
    cause,
  });
}

/** `undefined` where the service was not reached. */
function statusOf(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined;
}
