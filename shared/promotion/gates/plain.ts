import type { Inspection } from '../../registry/index.ts';
import type { Approval, GateOf, Verdict } from '../model.ts';

/** Whether every tag that is wanted is there and says something. */
export function requiredTags(
  { tags }: GateOf<'required-tags'>,
  given: Readonly<Record<string, string>>,
): Verdict {
  const missing = tags.filter((key) => !Object.hasOwn(given, key) || given[key]?.trim() === '');
  const found = Object.fromEntries(tags.flatMap((key) => (missing.includes(key) ? [] : [[key, given[key]]])));
  return {
    status: missing.length === 0 ? 'passed' : 'failed',
    says:
      missing.length === 0
        ? `The version carries ${listed(tags)}.`
        : `The version lacks ${missing.length === 1 ? 'the tag' : 'the tags'} ${listed(missing)}.`,
    inputs: { wanted: tags, found, missing },
  };
}

/** The last value of a metric, and where it was logged; `value` is absent where nobody did. */
export type StoredMetric = {
  readonly value?: number;
  /** `run:<id>` or `logged-model:<id>`; `null` for a version that names neither. */
  readonly source: string | null;
};

/** Whether the last logged value lies within the bounds; none, and NaN, do not. */
export function metric({ key, atLeast, atMost }: GateOf<'metric'>, { value, source }: StoredMetric): Verdict {
  const wanted = [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ].join(' and ');
  const inputs = {
    key,
    value: value === undefined || Number.isFinite(value) ? (value ?? null) : String(value),
    source,
    at_least: atLeast ?? null,
    at_most: atMost ?? null,
  };
  if (source === null)
    return {
      status: 'failed',
      says: `The version names no run and no logged model, so '${key}' is not known; ${wanted} is wanted.`,
      inputs,
    };
  if (value === undefined)
    return { status: 'failed', says: `'${key}' was never logged to ${source}; ${wanted} is wanted.`, inputs };
  const holds =
    value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
  return {
    status: holds ? 'passed' : 'failed',
    says: `'${key}' is ${value}; ${wanted} is wanted.`,
    inputs,
  };
}

/** Whether the version has been read and can be served. */
export function inspection(found: Inspection): Verdict {
  const inputs = {
    state: found.state,
    ...(found.state === 'ready' ? { digest: found.ready.digest } : {}),
    ...(found.state === 'pending' ? {} : { at: found.at }),
  };
  switch (found.state) {
    case 'ready':
      return { status: 'passed', says: 'The version was read, run once and can be served.', inputs };
    case 'pending':
      return { status: 'waiting', says: 'The version is still being read.', inputs };
    case 'refused':
      return { status: 'failed', says: `The version cannot be served: ${found.reason}`, inputs };
  }
}

/** What checking the signature of a version found. */
export type Signature = {
  readonly valid: boolean;
  readonly keyId: string | null;
  readonly files: number;
  readonly reason?: string;
};

/** Whether the version is signed by a key of the platform, over the files it has. */
export function signature(found: Signature): Verdict {
  const { valid, keyId, files, reason } = found;
  return {
    status: valid ? 'passed' : 'failed',
    says: valid
      ? `The signature of key ${keyId} holds for all ${files} files.`
      : (reason ?? 'The signature does not hold.'),
    inputs: { key_id: keyId, files },
  };
}

/** Whether enough people approved who neither registered the version nor asked for the promotion; each counts once. */
export function approvals(
  { count }: GateOf<'approvals'>,
  given: { readonly approvals: readonly Approval[]; readonly author: string; readonly requestedBy: string },
): Verdict {
  const { author, requestedBy } = given;
  const people = [...new Set(given.approvals.map(({ by }) => by))].filter(
    (by) => by !== author && by !== requestedBy,
  );
  return {
    status: people.length >= count ? 'passed' : 'waiting',
    says: `${people.length} of ${count} approvals${people.length === 0 ? '' : `: ${people.join(', ')}`}.`,
    inputs: { wanted: count, approved_by: people, author, requested_by: requestedBy },
  };
}

function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
