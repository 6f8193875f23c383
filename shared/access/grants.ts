import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { CairnError, type Page, pageOf, positionIn } from '../http/index.ts';
import type { Access, Resource } from './access.ts';
import { changeAccess } from './change.ts';
import { checkedReason, checkedText, unknown } from './checks.ts';
import { grantEnd } from './end.ts';
import { checkRoom, granting, isSameAbout, mayManage } from './granting.ts';
import type { AccessState } from './held.ts';
import type { Asked } from './lists.ts';
import { type GrantDocument, guid, type Subject } from './model.ts';
import { canBeSubject } from './principals.ts';
import type { Role } from './role.ts';
import { accessState } from './state.ts';
import { isWorkspace } from './workspaces.ts';

export type NewGrant = {
  readonly subject: string;
  /** The workspace, or `*` for every one. */
  readonly workspace: string;
  /** That it exists is for the caller to see to. */
  readonly resource?: Resource | undefined;
  readonly effect: 'allow' | 'deny';
  readonly role?: Role | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
  readonly reason?: string | undefined;
};

const objectId = new RegExp(`^${guid}$`, 'i');

/**
 * Makes a rule. `there` is what the caller may do in its workspace: they must be admin of what it is about, so
 * that nobody gives more than they hold. Throws `forbidden` where they are not, `not-found` for an unknown subject
 * or workspace, `conflict` where such a rule stands.
 */
export async function createGrant(ctx: Context, there: Access, input: NewGrant): Promise<GrantDocument> {
  const { workspace: inWorkspace, resource, expiresAt } = input;
  if (!mayManage(there, { inWorkspace, resource })) {
    if (inWorkspace === '*')
      throw new CairnError('forbidden', "Needs admin in the whole deployment to grant in workspace '*'.");
    there.require('admin', resource);
  }
  const rule = ruleOf(input);
  const now = ctx.clock.now();
  if (resource && inWorkspace === '*')
    throw new CairnError('invalid', "A rule about one resource is of the resource's workspace, not of '*'.", {
      field: 'workspace',
    });
  if (expiresAt !== undefined && expiresAt <= now)
    throw new CairnError(
      'invalid',
      `expires_at is in the past: it is ${now} now, in milliseconds since 1970.`,
      {
        field: 'expires_at',
      },
    );
  const reason = checkedReason(input.reason);
  const grantId = ctx.ids.hex(8);
  return changeAccess(ctx, (state) => {
    const subject = checkedSubject(ctx, state, input.subject);
    if (inWorkspace !== '*' && !isWorkspace(state, inWorkspace))
      throw unknown('workspace', inWorkspace, 'workspace');
    checkRoom(state, { inWorkspace, resource });
    const edit = granting(ctx, { grantId, subject, inWorkspace, resource, rule, expiresAt, reason });
    checkNotThere(state, edit.after, now);
    return { edits: [edit], result: edit.after };
  });
}

/**
 * Deletes a rule. `accessIn` tells what the caller may do in a workspace. Throws `not-found`, also where they may
 * not manage it: whoever is no admin there need not know that it exists.
 */
export function deleteGrant(
  ctx: Context,
  accessIn: (workspace: string) => Promise<Access> | Access,
  grantId: string,
  reason?: string,
): Promise<void> {
  const why = checkedReason(reason);
  return changeAccess(ctx, async (state) => {
    const grant = find(state, grantId);
    if (!grant || !mayManage(await accessIn(grant.inWorkspace), grant)) throw unknown('grant', grantId, 'id');
    return { edits: [await grantEnd(ctx, grant, why)], result: undefined };
  });
}

export type GrantFilter = {
  readonly subject?: string | undefined;
  readonly workspace?: string | undefined;
  readonly resourceType?: string | undefined;
  readonly resourceId?: string | undefined;
};

/** The rules that `isShown`, newest first. */
export async function listGrants(
  ctx: Context,
  { subject, workspace, resourceType, resourceId }: GrantFilter,
  isShown: (grant: GrantDocument) => boolean,
  { limit, pageToken }: Asked,
): Promise<Page<GrantDocument>> {
  const after = positionIn(pageToken, { at: 0, id: '' });
  const rows: GrantDocument[] = [];
  for (const grant of newestFirst(await accessState(ctx))) {
    if (after && !isBehind(grant, after)) continue;
    if (subject !== undefined && grant.subject !== subject) continue;
    if (workspace !== undefined && grant.inWorkspace !== workspace) continue;
    if (resourceType !== undefined && grant.resource?.type !== resourceType) continue;
    if (resourceId !== undefined && grant.resource?.id !== resourceId) continue;
    if (!isShown(grant)) continue;
    if (rows.push(grant) > limit) break;
  }
  return pageOf(rows, limit, ({ grantedAt, grantId }) => ({ at: grantedAt, id: grantId }));
}

/**
 * Takes away the rules about what is gone for good: subscriber of its last event. Serving it again changes nothing.
 * Batch jobs of endpoints and models stay, with what came out: to whom these were denied, they still are.
 */
export async function dropGrants(ctx: Context, { type, subject, at }: CairnEvent): Promise<void> {
  const { modelId, experimentId, endpoint } = subject;
  // The name of an endpoint can be given again: what was granted since is about that one.
  if (type === 'endpoint.deleted' && endpoint !== undefined)
    await dropAbout(
      ctx,
      { type: 'endpoint', id: endpoint },
      (grant) => grant.grantedAt <= at && isGiven(grant),
    );
  if (type === 'model.deleted' && modelId !== undefined)
    await dropAbout(ctx, { type: 'model', id: modelId }, isGiven);
  if (type === 'experiment.purged' && experimentId !== undefined)
    await dropAbout(ctx, { type: 'experiment', id: experimentId });
}

function isGiven({ rule }: GrantDocument): boolean {
  return rule.effect === 'allow';
}

async function dropAbout(
  ctx: Context,
  resource: Resource,
  isDropped: (grant: GrantDocument) => boolean = () => true,
): Promise<void> {
  const reason = `the ${resource.type} is gone for good`;
  for (let left = true; left; )
    left = await changeAccess(ctx, async (state) => {
      const about = newestFirst(state).filter(
        (grant) => isDropped(grant) && isSameAbout(grant, { inWorkspace: ctx.workspace, resource }),
      );
      const now = about.slice(0, grantsAtOnce);
      const edits = await Promise.all(now.map((grant) => grantEnd(ctx, grant, reason)));
      return { edits, result: about.length > now.length };
    });
}

const grantsAtOnce = 40;

const sorted = new WeakMap<AccessState, readonly GrantDocument[]>();

function newestFirst(state: AccessState): readonly GrantDocument[] {
  const known = sorted.get(state);
  if (known) return known;
  const all = [...state.grants.values()].flatMap((grants) => [...grants.values()]);
  const order = all.toSorted((a, b) => b.grantedAt - a.grantedAt || (a.grantId < b.grantId ? -1 : 1));
  sorted.set(state, order);
  return order;
}

function isBehind(grant: GrantDocument, { at, id }: { at: number; id: string }): boolean {
  return grant.grantedAt < at || (grant.grantedAt === at && grant.grantId > id);
}

function find(state: AccessState, grantId: string): GrantDocument | undefined {
  for (const grants of state.grants.values()) {
    const grant = grants.get(grantId);
    if (grant) return grant;
  }
  return undefined;
}

function ruleOf({ effect, role }: NewGrant): GrantDocument['rule'] {
  if (effect === 'deny' && role !== undefined)
    throw new CairnError('invalid', 'A denial takes every role away and names none; leave role out.', {
      field: 'role',
    });
  if (effect === 'deny') return { effect };
  if (role === undefined)
    throw new CairnError('invalid', 'What is allowed is a role; name one as role.', { field: 'role' });
  return { effect, role };
}

function checkedSubject(ctx: Context, state: AccessState, text: string): Subject {
  const [, type = '', name = ''] = /^([a-z-]+):(.+)$/s.exec(text) ?? [];
  checkedText(name, 'subject', 300);
  switch (type) {
    case 'principal': {
      const id = name.toLowerCase();
      if (!canBeSubject(ctx, state, id)) throw unknown('principal', id, 'subject');
      return `principal:${id}`;
    }
    case 'group': {
      const group = state.groups.get(name);
      if (!group || group.ending) throw unknown('group', name, 'subject');
      return `group:${name}`;
    }
    case 'entra-group': {
      if (!objectId.test(name))
        throw new CairnError(
          'invalid',
          'A group of Entra ID is named by its object id: entra-group:<GUID>.',
          {
            field: 'subject',
          },
        );
      return `entra-group:${name.toLowerCase()}`;
    }
    case 'app-role':
      return `app-role:${name}`;
    default:
      throw new CairnError(
        'invalid',
        "A subject is 'principal:<id>', 'group:<name>', 'entra-group:<object id>' or 'app-role:<value>'.",
        { field: 'subject' },
      );
  }
}

/** Refuses a rule that says no more than one that stands. */
function checkNotThere(state: AccessState, grant: GrantDocument, now: number): void {
  const roleOf = ({ rule }: GrantDocument) => (rule.effect === 'allow' ? rule.role : 'deny');
  for (const other of state.grants.get(grant.subject)?.values() ?? [])
    if (
      isSameAbout(other, grant) &&
      roleOf(other) === roleOf(grant) &&
      (other.expiresAt ?? Infinity) > now &&
      (other.expiresAt ?? Infinity) >= (grant.expiresAt ?? Infinity)
    )
      throw new CairnError('conflict', `Grant '${other.grantId}' says so already.`, { field: 'subject' });
}
