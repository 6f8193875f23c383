import type { Settings } from '../settings.ts';
import type { Resource } from './access.ts';
import { isFirstAdmin } from './decide.ts';
import type { AccessState } from './held.ts';
import type { GrantDocument, PrincipalDocument, PrincipalKind, Subject } from './model.ts';
import type { Role } from './role.ts';

/** Whom a line of the review is about: a principal, or a group or role of claims, whose members are not known here. */
export type Reviewed = {
  readonly id: string;
  readonly name: string;
  readonly kind: PrincipalKind | 'entra-group' | 'app-role';
  readonly disabled: PrincipalDocument['disabled'] | undefined;
};

/** One rule as it reaches one of those. */
export type ReviewLine = {
  readonly who: Reviewed;
  readonly inWorkspace: string;
  readonly resource: Resource | undefined;
  readonly rule: GrantDocument['rule'];
  /** The subject by which it reaches them; `first-admin` for what the setting says. */
  readonly via: Subject | 'first-admin';
  readonly grantId: string | undefined;
  readonly grantedBy: string | undefined;
  readonly grantedAt: number | undefined;
  readonly reason: string | undefined;
  readonly expiresAt: number | undefined;
};

export type ReviewFilter = {
  /** Rules of this workspace, and those that reach into it from `*`. */
  readonly workspace?: string | undefined;
  /** In whatever case. */
  readonly principalId?: string | undefined;
};

/** Where a review goes on: behind this rule of this one. */
export type ReviewPosition = { readonly who: string; readonly grant: string };

/**
 * Every rule in force, once for each principal whom it reaches, be it through a group: by principal, then by rule.
 * All of it is of one moment, however long the reading takes. A principal whom no rule reaches has no line.
 */
export function* reviewOf(
  state: AccessState,
  settings: Pick<Settings, 'firstAdmin'>,
  now: number,
  { workspace, principalId }: ReviewFilter = {},
  after?: ReviewPosition,
): Generator<ReviewLine> {
  for (const who of everyone(state, settings)) {
    if (after && who.id < after.who) continue;
    if (principalId !== undefined && who.id.toLowerCase() !== principalId.toLowerCase()) continue;
    for (const line of linesOf(who, state, settings, now)) {
      if (after && who.id === after.who && (line.grantId ?? '') <= after.grant) continue;
      if (workspace === undefined || line.inWorkspace === '*' || line.inWorkspace === workspace) yield line;
    }
  }
}

/** Where a review goes on behind a line. */
export function positionOf({ who, grantId }: ReviewLine): ReviewPosition {
  return { who: who.id, grant: grantId ?? '' };
}

function linesOf(
  who: Reviewed,
  state: AccessState,
  settings: Pick<Settings, 'firstAdmin'>,
  now: number,
): ReviewLine[] {
  const lines: ReviewLine[] = [];
  for (const via of subjectsOf(who, state))
    for (const grant of state.grants.get(via)?.values() ?? [])
      if ((grant.expiresAt ?? Infinity) > now) lines.push(lineOf(who, via, grant));
  lines.sort((a, b) => ((a.grantId ?? '') < (b.grantId ?? '') ? -1 : 1));
  if (isFirstAdmin(who.id, settings)) lines.unshift(firstAdminLine(who));
  return lines;
}

function lineOf(who: Reviewed, via: Subject, grant: GrantDocument): ReviewLine {
  const { inWorkspace, resource, rule, grantId, grantedBy, grantedAt, reason, expiresAt } = grant;
  return { who, inWorkspace, resource, rule, via, grantId, grantedBy, grantedAt, reason, expiresAt };
}

function firstAdminLine(who: Reviewed): ReviewLine {
  return {
    who,
    inWorkspace: '*',
    resource: undefined,
    rule: { effect: 'allow', role: 'admin' satisfies Role },
    via: 'first-admin',
    grantId: undefined,
    grantedBy: undefined,
    grantedAt: undefined,
    reason: 'CAIRN_FIRST_ADMIN',
    expiresAt: undefined,
  };
}

function subjectsOf({ id, kind }: Reviewed, { groupsOf }: AccessState): Subject[] {
  if (kind === 'entra-group' || kind === 'app-role') return [id as Subject];
  return [`principal:${id}`, ...(groupsOf.get(id) ?? []).map((name): Subject => `group:${name}`)];
}

/** All who can be reached by a rule, by id: also those of whom there is no more than a rule or a group's word. */
function everyone(state: AccessState, settings: Pick<Settings, 'firstAdmin'>): Reviewed[] {
  const found = new Map<string, Reviewed>();
  const add = (id: string) => {
    const known = state.principals.get(id);
    const kind = known?.kind ?? (id.startsWith('entra:') ? 'entra' : 'user');
    found.set(id, { id, name: known?.name ?? id, kind, disabled: known?.disabled });
  };
  for (const id of state.principals.keys()) add(id);
  for (const id of state.groupsOf.keys()) add(id);
  if (settings.firstAdmin !== undefined) add(settings.firstAdmin.toLowerCase());
  for (const subject of state.grants.keys()) {
    const at = subject.indexOf(':');
    const [type, name] = [subject.slice(0, at), subject.slice(at + 1)];
    if (type === 'principal') add(name);
    if (type === 'entra-group' || type === 'app-role')
      found.set(subject, { id: subject, name, kind: type, disabled: undefined });
  }
  return [...found.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
