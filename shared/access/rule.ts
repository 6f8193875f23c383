import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import type { Access, Resource } from './access.ts';
import { changeAccess } from './change.ts';
import { unknown } from './checks.ts';
import { accessOf } from './decide.ts';
import { grantEnd } from './end.ts';
import { checkRoom, granting, isSameAbout, mayManage } from './granting.ts';
import type { AccessState } from './held.ts';
import type { GrantDocument, PrincipalDocument } from './model.ts';
import { canBeSubject } from './principals.ts';

/** What a rule is about: one principal over one resource of a workspace, over a workspace, or over all (`*`). */
export type Place = {
  readonly principalId: string;
  readonly workspace: string;
  readonly resource?: Resource | undefined;
};

/** Whether a rule must stand already for another to take its place, must not, or may. */
export type Standing = 'present' | 'absent' | 'any';

/**
 * Makes `rule` all that is said of a principal at one place, in one change; without `rule` nothing is said any more.
 * Who asks must be admin of it. Throws `forbidden`, `not-found` for an unknown principal and where a rule must
 * stand and none does, `already-exists` where none must.
 */
export function setRule(
  ctx: Context,
  there: Access,
  { principalId, workspace: inWorkspace, resource }: Place,
  rule: GrantDocument['rule'] | undefined,
  standing: Standing = 'any',
): Promise<void> {
  if (!mayManage(there, { inWorkspace, resource })) there.require('admin', resource);
  return changeAccess(ctx, async (state) => {
    if (!canBeSubject(ctx, state, principalId)) throw unknown('user', principalId, 'username');
    const place = { principalId, workspace: inWorkspace, resource };
    const now = rulesAt(state, place, ctx.clock.now());
    if (standing === 'present' && now.length === 0)
      throw new CairnError('not-found', `'${principalId}' has no permission of its own there.`, {
        field: 'username',
      });
    if (standing === 'absent' && now.length > 0)
      throw new CairnError('already-exists', `'${principalId}' has a permission there already; update it.`, {
        field: 'username',
      });
    if (rule && now.length === 1 && isSame(now[0]?.rule, rule)) return { edits: [], result: undefined };
    if (rule && now.length === 0) checkRoom(state, { inWorkspace, resource });
    const ends = await Promise.all(now.map((grant) => grantEnd(ctx, grant, undefined)));
    if (!rule) return { edits: ends, result: undefined };
    const subject = `principal:${principalId}` as const;
    const made = granting(ctx, { grantId: ctx.ids.hex(8), subject, inWorkspace, resource, rule });
    return { edits: [...ends, made], result: undefined };
  });
}

/** The rules that name a principal itself at one place, and no group of it, of which none has ended. */
export function rulesAt(state: AccessState, place: Place, now: number): GrantDocument[] {
  const { principalId, workspace, resource } = place;
  return [...(state.grants.get(`principal:${principalId}`)?.values() ?? [])].filter(
    (grant) =>
      isSameAbout(grant, { inWorkspace: workspace, resource }) && (grant.expiresAt ?? Infinity) > now,
  );
}

/** What a principal may do in a workspace by what is kept here: groups and roles of its claims are not known. */
export function accessOfPrincipal(
  ctx: Context,
  state: AccessState,
  { principalId, name, kind }: Pick<PrincipalDocument, 'principalId' | 'name' | 'kind'>,
  workspace: string,
): Access {
  const identity = {
    principal: { id: principalId, name },
    kind,
    via: 'nothing',
    subjects: [`principal:${principalId}`],
  } as const;
  return accessOf(identity, state, workspace, ctx.settings, ctx.clock.now());
}

function isSame(a: GrantDocument['rule'] | undefined, b: GrantDocument['rule']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
