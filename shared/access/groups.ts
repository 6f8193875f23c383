import type { Context } from '../context.ts';
import { CairnError, type Page } from '../http/index.ts';
import { changeAccess, readAccess } from './change.ts';
import { checkedReason, checkExpected, checkNumber, unknown } from './checks.ts';
import { endSubject } from './end.ts';
import { type Asked, pageBy } from './lists.ts';
import { accessId, type GroupDocument } from './model.ts';
import { canBeSubject } from './principals.ts';
import { accessState } from './state.ts';

const groupsMax = 1000;
const membersMax = 5000;
const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/**
 * Makes a group, or gives it other members. `expected` is the version it must be at, 0 where it must not be there
 * yet. Throws `conflict` where it is at another, `not-found` for a member that nobody is.
 */
export function putGroup(
  ctx: Context,
  name: string,
  wanted: readonly string[],
  expected?: number,
): Promise<GroupDocument> {
  if (!namePattern.test(name))
    throw new CairnError(
      'invalid',
      "A group's name has 1 to 63 lower-case letters, digits and . _ -, and begins with a letter or digit.",
      { field: 'name' },
    );
  const members = [...new Set(wanted.map((member) => member.toLowerCase()))].toSorted();
  if (members.length > membersMax)
    throw new CairnError('invalid', `A group has at most ${membersMax} members.`, { field: 'members' });
  return changeAccess(ctx, async (state) => {
    const before = await readAccess<GroupDocument>(ctx, 'group', name);
    const known = before?.doc.type === 'group' ? before.doc : undefined;
    if (known?.ending)
      throw new CairnError('conflict', `Group '${name}' is being deleted; try again shortly.`, {
        field: 'name',
      });
    checkExpected(`Group '${name}'`, expected, known?.seq ?? 0);
    if (!known) checkNumber('groups', state.groups.size, groupsMax);
    const stranger = members.find(
      (member) => !canBeSubject(ctx, state, member) && !known?.members.includes(member),
    );
    if (stranger !== undefined) throw unknown('principal', stranger, 'members');
    if (known && isSame(known.members, members)) return { edits: [], result: known };
    const after: GroupDocument = {
      id: accessId('group', name),
      type: 'group',
      v: 1,
      workspace: '*',
      seq: (before?.doc.seq ?? 0) + 1,
      name,
      members,
    };
    return { edits: [{ before, after, told: { type: 'group.changed', subject: { name } } }], result: after };
  });
}

/** Deletes a group and the rules about it. Throws `not-found`. */
export async function deleteGroup(ctx: Context, name: string, reason?: string): Promise<void> {
  await endSubject(ctx, 'group', name, checkedReason(reason));
}

/** A group by name. Throws `not-found`. */
export async function getGroup(ctx: Context, name: string): Promise<GroupDocument> {
  const found = (await accessState(ctx)).groups.get(name);
  if (found && !found.ending) return found;
  throw unknown('group', name, 'name');
}

/** All groups, by name. */
export async function listGroups(ctx: Context, asked: Asked): Promise<Page<GroupDocument>> {
  const { groups } = await accessState(ctx);
  const there = [...groups.values()].filter(({ ending }) => !ending);
  return pageBy(there, ({ name }) => name, asked);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((member, i) => member === b[i]);
}
