import type { Context } from '../context.ts';
import { loggedHours, logFolder } from '../predictions/index.ts';
import { boundsOf, profileFolder, spanAt, wholeHours } from '../profiles/index.ts';
import { lost, swap } from '../swap.ts';
import { inTurns } from '../turns.ts';
import { decodeOutcomes, encodeOutcomes, type HourOutcomes } from './codec.ts';
import { joinHour, listHour, sumOfHours } from './join.ts';
import type { Outcome } from './outcome.ts';

export type WindowOutcomes = {
  /** The whole hours that have the window, or with `isCut` the window, in milliseconds since 1970: whose labels these are. */
  readonly from: number;
  readonly to: number;
  /** By the digest of the version. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Labels of predictions that the log does not have: not yet, or no longer. */
  readonly unmatched: number;
};

const hoursAtOnce = 4;

/**
 * What turned out of the predictions of an endpoint in a window, as far as labels have come by now. An hour is joined
 * again only where its labels, parts or tombstones have changed; late labels change the hours of their predictions. With
 * `isCut` the hours that the window cuts are joined each time, and only the rows that it has.
 */
export async function outcomesOf(
  ctx: Context,
  endpoint: string,
  window: { readonly from: number; readonly to: number },
  { isCut = false }: { readonly isCut?: boolean } = {},
): Promise<WindowOutcomes> {
  const { from, to } = isCut ? window : wholeHours(window);
  const hours = await labelledHours(ctx, endpoint, window);
  const found = await inTurns(hours, hoursAtOnce, async (hour) => {
    const bounds = boundsOf(hour);
    if (bounds.from >= from && bounds.to <= to) return hourOutcomes(ctx, endpoint, hour);
    return joinHour(ctx, endpoint, hour, await listHour(ctx, endpoint, hour), { from, to });
  });
  const { byDigest, unmatched } = sumOfHours(found);
  return { from, to, outcomes: byDigest, unmatched };
}

/** By hour that has labels, a text that is another one where its labels, or the rows that they are of, have changed. */
export async function labelStates(
  ctx: Context,
  endpoint: string,
  window: { readonly from: number; readonly to: number },
): Promise<ReadonlyMap<string, string>> {
  const hours = await labelledHours(ctx, endpoint, window);
  const states = await inTurns(
    hours,
    hoursAtOnce,
    async (hour) => (await listHour(ctx, endpoint, hour)).madeOf,
  );
  return new Map(hours.map((hour, at) => [hour, states[at] ?? '']));
}

async function labelledHours(
  ctx: Context,
  endpoint: string,
  window: { readonly from: number; readonly to: number },
): Promise<string[]> {
  const { from, to } = wholeHours(window);
  const hours: string[] = [];
  const before = spanAt(from - 1, 'hour');
  for await (const hour of loggedHours(ctx, endpoint, ['labels'], before)) {
    if (boundsOf(hour).from >= to) break;
    hours.push(hour);
  }
  return hours;
}

/**
 * What turned out in an hour: a pure function of its labels and of the parts that they name, kept with the state of
 * both, and made again where that has changed. Done twice or by two at once it says the same.
 */
async function hourOutcomes(ctx: Context, endpoint: string, hour: string): Promise<HourOutcomes> {
  const container = ctx.stores.blobs('profiles');
  const name = `${profileFolder(ctx, endpoint, 'outcomes', hour)}all.outcomes`;
  return swap(ctx, `The outcomes of '${endpoint}'`, async () => {
    const kept = await container.readStored(name);
    const listing = await listHour(ctx, endpoint, hour);
    const known = kept && decodeOutcomes(kept.bytes);
    if (known?.madeOf === listing.madeOf) return known;
    const made = await joinHour(ctx, endpoint, hour, listing);
    const how = kept ? { ifMatch: kept.etag } : { createOnly: true };
    if (!(await container.write(name, encodeOutcomes(made), how))) return lost;
    // An erasure that goes on beside it either finds these outcomes, behind its tombstones, or is found.
    const tombstones = new Set(listing.tombstones);
    for await (const { name: tombstone } of ctx.stores
      .blobs('predictions')
      .walk(logFolder(ctx, endpoint, 'tombstones', hour)))
      if (!tombstones.has(tombstone)) return lost;
    return made;
  });
}
