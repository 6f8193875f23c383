import type { Context } from '../context.ts';
import type { Document, Stored } from '../documents.ts';
import { eventWrite, relay } from '../events/index.ts';
import { CairnError } from '../http/index.ts';
import { getLogged } from '../endpoints/index.ts';
import { type PartTable } from '../predictions/index.ts';
import { lost, swap } from '../swap.ts';
import { isSameSubject, type NamedSubject, searcher, type Subject, subjectOf } from './subject.ts';

/** What must not be removed for now: all of an endpoint, all rows of a person, or this person's of that endpoint. */
export type Hold = {
  readonly holdId: string;
  readonly endpoint?: string;
  readonly subject?: Subject;
  readonly reason: string;
  readonly placedAt: number;
  readonly placedBy: string;
};

/** Those in force, in one document, so that whoever removes anything reads all of them at once as they are. */
type Holds = Document & { readonly type: 'holds'; readonly holds: readonly Hold[] };

const id = 'holds';
const holdsMax = 200;

export type NewHold = {
  readonly endpoint?: string | undefined;
  readonly subject?: NamedSubject | undefined;
  readonly reason: string;
};

/** The holds in force, oldest first. */
export async function listHolds(ctx: Context): Promise<readonly Hold[]> {
  return (await read(ctx))?.doc.holds ?? [];
}

/**
 * Holds an endpoint, a person, or both back from erasure and from expiring. What is being erased at this moment
 * stops before the next part. Throws `not-found` for the endpoint, `invalid` where neither is named.
 */
export async function placeHold(ctx: Context, input: NewHold): Promise<Hold> {
  if (input.endpoint === undefined && input.subject === undefined)
    throw new CairnError('invalid', "Name what to hold: 'endpoint', 'subject', or both.", {
      field: 'endpoint',
    });
  if (input.endpoint !== undefined) await getLogged(ctx, input.endpoint);
  const hold: Hold = {
    holdId: `hold-${ctx.ids.hex(8)}`,
    ...(input.endpoint === undefined ? {} : { endpoint: input.endpoint }),
    ...(input.subject === undefined ? {} : { subject: await subjectOf(ctx, input.subject) }),
    reason: input.reason,
    placedAt: ctx.clock.now(),
    placedBy: ctx.principal.id,
  };
  await change(ctx, hold, 'hold.placed', input.reason, (holds) => {
    if (holds.length >= holdsMax)
      throw new CairnError(
        'conflict',
        `There are ${holdsMax} holds in force, the most there can be; release one.`,
      );
    return [...holds, hold];
  });
  return hold;
}

/** Ends a hold; what waited for it goes on within a minute. Throws `not-found`. */
export async function releaseHold(ctx: Context, holdId: string, reason?: string): Promise<void> {
  const hold = (await listHolds(ctx)).find((each) => each.holdId === holdId);
  if (!hold) throw noHold(holdId);
  await change(ctx, hold, 'hold.released', reason, (holds) => {
    if (!holds.some((each) => each.holdId === holdId)) throw noHold(holdId);
    return holds.filter((each) => each.holdId !== holdId);
  });
}

/** The hold that keeps an erasure of a subject at an endpoint from going on. */
export function holdOf(holds: readonly Hold[], endpoint: string, subject: Subject): Hold | undefined {
  return holds.find(
    (hold) =>
      (hold.endpoint ?? endpoint) === endpoint && (!hold.subject || isSameSubject(hold.subject, subject)),
  );
}

/** The hold over all that an endpoint has. */
export function holdOfAll(holds: readonly Hold[], endpoint: string): Hold | undefined {
  return holds.find((hold) => hold.endpoint === endpoint && !hold.subject);
}

export type HeldRows = {
  readonly holds: readonly Hold[];
  /** What {@link HeldRows.find} looks at. */
  readonly columns: readonly string[];
  find(part: PartTable): { readonly hold: Hold; readonly rows: readonly number[] }[];
};

/** What finds the rows of held people among those of an endpoint; `undefined` where nobody is held. */
export async function heldRows(
  ctx: Context,
  holds: readonly Hold[],
  endpoint: string,
): Promise<HeldRows | undefined> {
  const held = holds.flatMap((hold) =>
    hold.subject && (hold.endpoint ?? endpoint) === endpoint ? [{ hold, subject: hold.subject }] : [],
  );
  if (held.length === 0) return undefined;
  const searches = await Promise.all(
    held.map(async ({ hold, subject }) => ({ hold, search: await searcher(ctx, subject) })),
  );
  return {
    holds: held.map(({ hold }) => hold),
    columns: held.map(({ subject }) => `in.${subject.column}`),
    find: (part) =>
      searches
        .map(({ hold, search }) => ({ hold, rows: search(part).rows }))
        .filter(({ rows }) => rows.length > 0),
  };
}

async function change(
  ctx: Context,
  hold: Hold,
  type: 'hold.placed' | 'hold.released',
  reason: string | undefined,
  next: (holds: readonly Hold[]) => readonly Hold[],
): Promise<void> {
  await swap(ctx, 'The holds', async () => {
    const stored = await read(ctx);
    const holds = next(stored?.doc.holds ?? []);
    const doc: Holds = { id, type: 'holds', v: 1, workspace: ctx.workspace, holds };
    const isPlaced = type === 'hold.placed';
    const event = eventWrite(
      ctx,
      {
        type,
        aggregate: `hold/${hold.holdId}`,
        seq: isPlaced ? 1 : 2,
        subject: {
          holdId: hold.holdId,
          ...(hold.endpoint === undefined ? {} : { endpoint: hold.endpoint }),
          ...(hold.subject === undefined ? {} : { column: hold.subject.column }),
        },
        ...(isPlaced ? { after: hold } : { before: hold }),
        ...(reason === undefined ? {} : { reason }),
      },
      { workspace: ctx.workspace },
    );
    const { outcome } = await ctx.stores
      .documents('endpoints')
      .batch(
        [ctx.workspace],
        [stored ? { op: 'replace', doc, etag: stored.etag } : { op: 'create', doc }, event],
      );
    if (outcome !== 'applied') return lost;
    relay(ctx, 'endpoints', [ctx.workspace], event);
    return undefined;
  });
}

function read(ctx: Context): Promise<Stored<Holds> | undefined> {
  return ctx.stores.documents('endpoints').read<Holds>([ctx.workspace], id);
}

function noHold(holdId: string): CairnError {
  return new CairnError('not-found', `There is no hold '${holdId.slice(0, 100)}' in force.`, { field: 'id' });
}
