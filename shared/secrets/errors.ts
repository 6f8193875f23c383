import { redacted } from '../redaction/index.ts';

/**
 * An error without what looks like a secret in its texts, for whoever logs it; the very error where there is none. An
 * SDK's message may quote a signed URL.
 */
export function withoutSecret(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? redacted(error).text : error;
  const message = redacted(error.message).text;
  const stack = error.stack === undefined ? undefined : redacted(error.stack).text;
  const isClean = message === error.message && stack === error.stack;
  const cause = error.cause === undefined ? undefined : withoutSecret(error.cause);
  if (isClean && cause === error.cause) return error;
  const shown = Object.assign(new Error(message, cause === undefined ? undefined : { cause }), {
    name: error.name,
  });
  if (stack !== undefined) shown.stack = stack;
  return shown;
}
