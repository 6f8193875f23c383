import type { Context } from '../../context.ts';
import { type Addition, type HeadDocument, hourOf, readHead } from './documents.ts';

/** How far apart the clocks of two instances may be without an event getting a second entry. */
const clocksApartMilliseconds = 5 * 60_000;

/**
 * Those that no closed hour holds. An event can have been entered in any hour since it happened. The hours before
 * the open one are closed, so what is found here stays true: nothing is added to them any more.
 */
export async function recordedBefore(
  ctx: Context,
  head: HeadDocument,
  additions: readonly Addition[],
): Promise<readonly Addition[]> {
  const sinceOf = ({ draft }: Addition) => hourOf(draft.at - clocksApartMilliseconds);
  let left = additions;
  let { previous } = head;
  while (previous !== undefined) {
    const segment: string = previous;
    const possible = left.filter((addition) => sinceOf(addition) <= segment);
    if (possible.length === 0) return left;
    const unrecorded = new Set(await recordedIn(ctx, segment, possible));
    left = left.filter((addition) => !possible.includes(addition) || unrecorded.has(addition));
    previous = (await readHead(ctx, segment))?.doc.previous;
  }
  return left;
}

/** Those that an hour does not hold. */
export async function recordedIn(
  ctx: Context,
  segment: string,
  additions: readonly Addition[],
): Promise<readonly Addition[]> {
  const values = Object.fromEntries(additions.map(({ id }, i) => [`id${i}`, id]));
  const found = await ctx.stores.documents('audit').query<string>(
    {
      text: `SELECT VALUE c.id FROM c WHERE c.id IN (${Object.keys(values)
        .map((name) => `@${name}`)
        .join(', ')})`,
      values,
    },
    { key: [segment], consistency: 'strong' },
  );
  const recorded = new Set(found);
  return additions.filter(({ id }) => !recorded.has(id));
}
