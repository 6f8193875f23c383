import type { JWTPayload } from 'jose';
import * as z from 'zod';
import type { AccessState } from '../held.ts';
import type { TrustDocument } from '../model.ts';
import type { Proof } from './proofs.ts';
import { Refused } from './refused.ts';

/** https://docs.github.com/actions/reference/security/oidc */
const claimsOfGithub = z.object({
  sub: z.string(),
  repository: z.string(),
  repository_id: z.string().optional(),
  ref: z.string().optional(),
  environment: z.string().optional(),
  job_workflow_ref: z.string().optional(),
});
export type GithubClaims = z.output<typeof claimsOfGithub>;

/** What a verified token of GitHub Actions proves: the workload of the trust whose conditions it meets, if any. */
export function githubIdentity(payload: JWTPayload, expiresAt: number): Proof['identityIn'] {
  const { data: claims, error } = claimsOfGithub.safeParse(payload);
  if (!claims)
    throw new Refused(`a claim is of no form that GitHub gives it: ${error.issues[0]?.path.join('.')}`);
  return (state) => {
    const trust = trustOf(claims, state);
    if (!trust) throw new Refused('no trust is met by what it claims');
    const { principalId: id, name } = trust;
    return {
      principal: { id, name },
      kind: 'workload',
      via: 'github',
      subjects: [`principal:${id}`],
      expiresAt,
    };
  };
}

/** The trust with the most conditions of those that are all met; the first by name of several such. */
function trustOf(claims: GithubClaims, { trusts }: AccessState): TrustDocument | undefined {
  const number = ({ conditions }: TrustDocument) => Object.keys(conditions).length;
  return [...trusts.values()]
    .filter(({ issuer, conditions }) => issuer === 'github' && meets(claims, conditions))
    .toSorted((a, b) => number(b) - number(a) || (a.name < b.name ? -1 : 1))[0];
}

/**
 * Whether a job meets all conditions. Names of repositories and environments are the same to GitHub however
 * their letters are cased; refs and paths of files are not.
 */
export function meets(claims: GithubClaims, conditions: TrustDocument['conditions']): boolean {
  const { repository, repositoryId, ref, environment, workflow } = conditions;
  if (!isSame(repository, claims.repository)) return false;
  if (repositoryId !== undefined && repositoryId !== claims.repository_id) return false;
  if (ref !== undefined && !isRef(ref, claims.ref ?? '')) return false;
  if (environment !== undefined && !isSame(environment, claims.environment ?? '')) return false;
  return workflow === undefined || isWorkflow(workflow, claims.job_workflow_ref ?? '');
}

const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

function isRef(wanted: string, ref: string): boolean {
  return wanted.endsWith('*') ? ref.startsWith(wanted.slice(0, -1)) : ref === wanted;
}

/** A workflow's file as claimed has the ref or the commit it was taken from behind it: `owner/name/path@ref`. */
function isWorkflow(wanted: string, claimed: string): boolean {
  const at = wanted.length;
  if (claimed[at] !== '@' || !/^(refs\/|[0-9a-f]{40}$)/.test(claimed.slice(at + 1))) return false;
  const owned = wanted.split('/').slice(0, 2).join('/').length;
  const file = claimed.slice(0, at);
  return isSame(wanted.slice(0, owned), file.slice(0, owned)) && wanted.slice(owned) === file.slice(owned);
}
