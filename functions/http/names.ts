import { accessState } from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';

/** Fields that say who did something, by the id of a principal. */
const people: ReadonlySet<string> = new Set([
  'user_id',
  'by',
  'requested_by',
  'author',
  'actor',
  'cancelled_by',
]);

/**
 * An answer with what those are called who stand in it by their ids: `names`, by id, of all whose name is another.
 * Ids are what is kept, since they stay; names are for people to read, and are those of now.
 */
export async function withNames<T extends object>(
  ctx: Context,
  answer: T,
): Promise<T & { names?: Readonly<Record<string, string>> }> {
  if (ctx.settings.auth === 'off') return answer;
  const { principals } = await accessState(ctx);
  const names = [...idsIn(answer)].flatMap((id) => {
    const name = principals.get(id)?.name;
    return name === undefined || name === id ? [] : [[id, name] as const];
  });
  return names.length === 0 ? answer : { ...answer, names: Object.fromEntries(names) };
}

function idsIn(value: object, found = new Set<string>()): ReadonlySet<string> {
  for (const [field, member] of Object.entries(value) as [string, unknown][])
    if (typeof member === 'string' && people.has(field)) found.add(member);
    else if (typeof member === 'object' && member !== null) idsIn(member, found);
  return found;
}
