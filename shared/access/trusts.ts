import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError, type Page, unlessCode } from '../http/index.ts';
import { changeAccess, readAccess } from './change.ts';
import { checkedReason, checkedText, checkExpected, checkNumber, unknown } from './checks.ts';
import { endSubject } from './end.ts';
import { type Asked, pageBy } from './lists.ts';
import { accessId, type TrustDocument } from './model.ts';
import { creation, principalDocument } from './principals.ts';
import { accessState, currentState } from './state.ts';

const trustsMax = 1000;
const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** https://docs.github.com/en/repositories/creating-and-managing-repositories : owners have no dots and no `_`. */
const repositoryPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/;
const refPattern = /^refs\/(heads|tags|pull)\/[^\s*?~^:[\\]*\*?$/;
const workflowPattern =
  /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}\/\.github\/workflows\/[^/\s@]+\.ya?ml$/;

/**
 * Says which workload tokens are the principal `workload:<name>`, which comes with the trust. `expected` is the
 * version that the trust must be at, 0 where it must not be there yet. Throws `invalid` for conditions that
 * nothing can meet, `conflict` for those of another trust and where it is at another version.
 */
export function putTrust(
  ctx: Context,
  name: string,
  conditions: TrustDocument['conditions'],
  expected?: number,
): Promise<TrustDocument> {
  if (!namePattern.test(name))
    throw new CairnError(
      'invalid',
      "A trust's name has 1 to 63 lower-case letters, digits and hyphens, and begins with a letter or digit.",
      { field: 'name' },
    );
  checkConditions(conditions);
  const principalId = `workload:${name}`;
  return changeAccess(ctx, async (state) => {
    const before = await readAccess<TrustDocument>(ctx, 'trust', name);
    const known = before?.doc.type === 'trust' ? before.doc : undefined;
    checkExpected(`Trust '${name}'`, expected, known?.seq ?? 0);
    if (!known) checkNumber('trusts', state.trusts.size, trustsMax);
    if (known && isSame(known.conditions, conditions)) return { edits: [], result: known };
    const twin = [...state.trusts.values()].find(
      (other) => other.name !== name && isSame(other.conditions, conditions),
    );
    if (twin)
      throw new CairnError('conflict', `Trust '${twin.name}' has these very conditions.`, {
        field: 'conditions',
      });
    const after: TrustDocument = {
      id: accessId('trust', name),
      type: 'trust',
      v: 1,
      workspace: '*',
      seq: (before?.doc.seq ?? 0) + 1,
      name,
      issuer: 'github',
      principalId,
      conditions,
    };
    const told = { type: 'trust.changed', subject: { name } } as const;
    const edits = [
      { before, after, told },
      ...(known ? [] : [await creation(ctx, principalDocument(ctx, principalId, name, 'workload'))]),
    ];
    return { edits, result: after };
  });
}

/** Deletes a trust, and who it said that workloads are with all rules about them. Throws `not-found`. */
export async function deleteTrust(ctx: Context, name: string, reason?: string): Promise<void> {
  const why = checkedReason(reason);
  const principalId = await changeAccess(ctx, async () => {
    const before = await readAccess<TrustDocument>(ctx, 'trust', name);
    if (before?.doc.type !== 'trust') throw unknown('trust', name, 'name');
    const { principalId: id } = before.doc;
    const told = { type: 'trust.deleted', reason: why, subject: { name, principalId: id } } as const;
    return { edits: [{ before, told }], result: id };
  });
  await unlessCode(endSubject(ctx, 'principal', principalId, why), 'not-found');
}

/** Goes on with {@link deleteTrust} where it broke off: subscriber of `trust.deleted`. */
export async function finishTrust(
  ctx: Context,
  { subject: { name = '', principalId = '' } }: CairnEvent,
): Promise<void> {
  const { trusts } = (await currentState(ctx)).state;
  if (!trusts.has(name)) await unlessCode(endSubject(ctx, 'principal', principalId), 'not-found');
}

/** A trust by name. Throws `not-found`. */
export async function getTrust(ctx: Context, name: string): Promise<TrustDocument> {
  const found = (await accessState(ctx)).trusts.get(name);
  if (found) return found;
  throw unknown('trust', name, 'name');
}

/** All trusts, by name. */
export async function listTrusts(ctx: Context, asked: Asked): Promise<Page<TrustDocument>> {
  return pageBy((await accessState(ctx)).trusts.values(), ({ name }) => name, asked);
}

function checkConditions({
  repository,
  repositoryId,
  ref,
  environment,
  workflow,
}: TrustDocument['conditions']): void {
  const check = (field: string, text: string | undefined, pattern: RegExp, what: string) => {
    if (text !== undefined && !pattern.test(text))
      throw new CairnError('invalid', `conditions.${field} must be ${what}.`, {
        field: `conditions.${field}`,
      });
  };
  check('repository', repository, repositoryPattern, "one repository as 'owner/name', without wildcards");
  check('repository_id', repositoryId, /^\d{1,20}$/, "the repository's number at GitHub");
  check(
    'ref',
    ref,
    refPattern,
    "a full ref, where '*' at the end stands for any rest: refs/heads/main, refs/tags/v*",
  );
  check(
    'workflow',
    workflow,
    workflowPattern,
    "a workflow's file as 'owner/name/.github/workflows/file.yml'",
  );
  if (environment !== undefined) {
    check('environment', environment, /\S/, 'the name of an environment');
    checkedText(environment, 'conditions.environment', 255);
  }
}

function isSame(a: TrustDocument['conditions'], b: TrustDocument['conditions']): boolean {
  const names = ['repository', 'repositoryId', 'ref', 'environment', 'workflow'] as const;
  return names.every((name) => a[name] === b[name]);
}
