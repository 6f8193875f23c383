import { redacted } from '../redaction/index.ts';

/** Names of parameters that servers take a credential by, without what separates their words. */
const names =
  /(?:key|token|secret|password|passwd|credentials?|signature|authorization)$|^(?:code|sig|sas|pass|pwd|auth|jwt)$/;

/** Where a URL holds what looks like a secret, in words that do not repeat it; `undefined` where it holds none. */
export function secretInUrl(url: string): string | undefined {
  const { searchParams } = new URL(url);
  const named = [...searchParams.keys()].find((name) =>
    names.test(name.toLowerCase().replace(/[^a-z]/g, '')),
  );
  if (named !== undefined) return `parameter '${named.slice(0, 50)}'`;
  return redacted(url).kinds[0];
}
