import type { Document } from '../documents.ts';
import type { Resource } from './access.ts';
import type { Role } from './role.ts';

/**
 * Everything about access lies in the one partition `*` of the container `access`. The root document is
 * replaced in the batch of every change that instances hold in memory (principals, groups, grants, trusts,
 * workspaces, revoked tokens), so that one point read tells whether what they hold is still true.
 */
export const accessKey = ['*'] as const;

/** `access`: the position of the last change, and of the last few the documents that they were of, newest first. */
export type AccessRoot = Document & {
  readonly type: 'access-root';
  readonly seq: number;
  readonly recent: readonly { readonly seq: number; readonly ids: readonly string[] }[];
};

/** What is common to what instances hold in memory: `seq` counts the events of the aggregate that it is. */
type Counted = Document & { readonly seq: number };

/**
 * Set on what is being deleted while what hangs on it goes, which takes several changes where it is much: nobody
 * gets anything by it any more.
 */
export type Ending = { readonly by: string; readonly reason?: string };

/** Left under the id of what was deleted, so that the events of whatever takes its name go on counting. */
export type GoneDocument = Counted & { readonly type: 'gone' };

/**
 * Whom a rule is about: `principal:<principal id>`, `group:<name>` (a group kept here),
 * `entra-group:<object id>` (a group claim), `app-role:<value>` (a roles claim).
 */
export type Subject = `${'principal' | 'group' | 'entra-group' | 'app-role'}:${string}`;

/** How a principal is known: by a password or tokens kept here, by Entra ID, or by a workload's own OIDC token. */
export type PrincipalKind = 'user' | 'service' | 'entra' | 'workload';

/** What a change of access can be about. */
export type AccessDocument =
  | PrincipalDocument
  | GroupDocument
  | GrantDocument
  | TrustDocument
  | WorkspaceDocument
  | TokenDocument;

/** The id of the document of something by its name: a principal's may hold `/`, an item's may not. */
export function accessId(type: AccessDocument['type'], name: string): string {
  return `${type}:${name.replaceAll('/', ':')}`;
}

/**
 * `principal:<id>`. Ids: the lower-cased name of a user or service; `entra:<tenant>/<object id>`; the name
 * that a trust gives a workload.
 */
export type PrincipalDocument = Counted & {
  readonly type: 'principal';
  readonly principalId: string;
  readonly name: string;
  readonly kind: PrincipalKind;
  /** Set: nobody gets in under this id, whatever they present. */
  readonly disabled?: { readonly at: number; readonly by: string; readonly reason: string };
  readonly ending?: Ending;
  /** scrypt, as `scrypt$N$r$p$salt$hash`; MLflow's users have one. */
  readonly password?: string;
  readonly createdAt: number;
  readonly createdBy: string;
};

/** `group:<name>`: a group kept here. Members are principal ids. */
export type GroupDocument = Counted & {
  readonly type: 'group';
  readonly name: string;
  readonly members: readonly string[];
  readonly ending?: Ending;
};

/**
 * `grant:<id>`: one rule. Allowed is a role over a workspace (`*`: every one) or one resource of it; what is
 * said of a resource stands, for that subject and resource, in place of what is said of its workspace. A denial
 * takes everything away, and no grant brings it back.
 */
export type GrantDocument = Counted & {
  readonly type: 'grant';
  readonly grantId: string;
  readonly subject: Subject;
  /** The workspace it is about, or `*`. */
  readonly inWorkspace: string;
  readonly resource?: Resource;
  readonly rule: { readonly effect: 'allow'; readonly role: Role } | { readonly effect: 'deny' };
  readonly grantedBy: string;
  readonly grantedAt: number;
  readonly expiresAt?: number;
  readonly reason?: string;
};

/** `trust:<name>`: which workload tokens of an outside issuer are which principal. All conditions must hold. */
export type TrustDocument = Counted & {
  readonly type: 'trust';
  readonly name: string;
  readonly issuer: 'github';
  /** The principal that such a workload is: `workload:<name of the trust>`. */
  readonly principalId: string;
  readonly conditions: {
    /** `owner/name`. */
    readonly repository: string;
    /** The number GitHub gives a repository for good: one that is made anew under the old name has another. */
    readonly repositoryId?: string;
    /** Full ref, `*` at the end matches any rest: `refs/heads/main`, `refs/tags/v*`. */
    readonly ref?: string;
    readonly environment?: string;
    /** `job_workflow_ref` without its ref: `owner/name/.github/workflows/file.yml`. */
    readonly workflow?: string;
  };
};

/** The workspace that is there from the start, and of callers who name none. */
export const defaultWorkspace = 'default';

/** What a workspace can be called. */
export const workspacePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** `workspace:<name>`. `default` always exists. */
export type WorkspaceDocument = Counted & {
  readonly type: 'workspace';
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Limits of the workspace in place of those of the settings. */
  readonly limits?: WorkspaceLimits;
  readonly ending?: Ending;
};

export type WorkspaceLimits = {
  readonly callsPerMinute?: number;
  readonly storageGb?: number;
  readonly batchRowsPerMonth?: number;
  /** Days that files of models' own batch jobs are kept; for good where nobody says so. */
  readonly batchRetentionDays?: number;
};

/**
 * `token:<id>`: a Cairn token, `cairn_<id>_<secret>`. The secret is kept as SHA-256 only. Making one does not
 * touch the root; revoking one does.
 */
export type TokenDocument = Counted & {
  readonly type: 'token';
  readonly tokenId: string;
  readonly name: string;
  /** The tokens it was made by, the first of them first: whichever is revoked takes it along. */
  readonly ancestors?: readonly string[];
  /** Whose it is: it never may more than they. */
  readonly principalId: string;
  /** Groups and roles of the claims it was made with: what is denied to them is denied to it, what they are given is not given to it. */
  readonly claimed?: readonly Subject[];
  readonly hash: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly revoked?: { readonly at: number; readonly by: string; readonly reason: string };
  /** What it is confined to: at most this role, only these workspaces, only these resources. */
  readonly scopes: {
    readonly role?: Role;
    readonly workspaces?: readonly string[];
    readonly resources?: readonly Resource[];
  };
};

/** `seen:<principal id>` and `seen:token:<token id>`: when it was last used, written seldom. */
export type SeenDocument = Document & {
  readonly type: 'seen';
  readonly at: number;
  /** When each role was last needed for what was done. */
  readonly roles: Readonly<Partial<Record<Role, number>>>;
};

/** The form of the ids that Entra ID gives, for a regular expression. */
export const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
