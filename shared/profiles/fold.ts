import type { Context } from '../context.ts';
import { lost, swap } from '../swap.ts';
import { inTurns } from '../turns.ts';
import { decodeProfile } from './codec.ts';
import type { Profile, ProfileKey, RowRange } from './profile.ts';
import { decodeRollUp, type RollUp, type Uncounted } from './roll-up.ts';
import { isSettled } from './spans.ts';
import {
  profileFolder,
  readRollUp,
  rollUpName,
  spanFolder,
  type StoredRollUp,
  writeRollUp,
} from './store.ts';
import { ProfileSum } from './sum.ts';

/** What knows the log: profiles know nothing of it. */
export type HourLog = {
  /**
   * Counts the parts of the log that are not among those counted, and says which it could not; without looking at
   * them where these are as many as they were, of versions that still cannot be counted.
   */
  countOthers(
    counted: ReadonlySet<string>,
    before: Uncounted | undefined,
  ): Promise<{ readonly uncounted: Uncounted; readonly isAnyCounted: boolean }>;
  /** Whether all of these rows are new; they are known from then on. Only rows out of a queue come twice. */
  isNew(rows: readonly RowRange[]): boolean;
  /** The profiles of those rows of a part that no part before had. */
  again(part: string): Promise<readonly Profile[]>;
};

/** Parts that are read while others are added. */
const readsAtOnce = 16;

/**
 * What was counted in an hour, of all rows or by the segments of a split: a pure function of what was counted of its
 * parts, kept with the list of what it was made of, and made again where that has changed. Done twice or by two at once
 * it says the same. `open` gives the log as it is before anything of it is read.
 */
export function foldHour(
  ctx: Context,
  endpoint: string,
  hour: string,
  segmentation: string,
  open: () => HourLog,
): Promise<StoredRollUp> {
  const name = rollUpName(ctx, endpoint, hour, segmentation);
  return swap(ctx, `The profile of '${endpoint}'`, async () => {
    const log = open();
    const kept = await readRollUp(ctx, name);
    const list = () => countedParts(ctx, endpoint, hour, segmentation);
    const before = await list();
    const { uncounted, isAnyCounted } = await log.countOthers(new Set(before.keys()), kept?.uncounted);
    const parts = isAnyCounted ? await list() : before;
    const sources = [...parts.values()];
    const madeAt = ctx.clock.now();
    if (kept && isSame(kept.sources, sources) && isSame(kept.uncounted.versions, uncounted.versions)) {
      const isLasting = isSettled(hour, kept.madeAt) || !isSettled(hour, madeAt);
      if (isLasting && kept.uncounted.parts === uncounted.parts) return kept;
      const isWritten = await writeRollUp(ctx, name, { ...kept, uncounted, madeAt }, kept.etag);
      return (isWritten && (await readRollUp(ctx, name))) || lost;
    }
    const profiles = await addedUp(ctx, endpoint, hour, segmentation, [...parts.keys()], log);
    const rollUp: RollUp = { span: hour, madeAt, sources, uncounted, profiles };
    if (!(await writeRollUp(ctx, name, rollUp, kept?.etag))) return lost;
    await removeOthers(ctx, endpoint, hour);
    // A part that lost rows while this was made must not be in what stays.
    const now = new Set((await list()).values());
    const isLasting = sources.every((source) => now.has(source));
    return (isLasting && (await readRollUp(ctx, name))) || lost;
  });
}

/** Counted parts in order of name, each with its state. */
async function countedParts(
  ctx: Context,
  endpoint: string,
  hour: string,
  segmentation: string,
): Promise<Map<string, string>> {
  const folder = profileFolder(ctx, endpoint, 'parts', hour);
  const end = endOf(segmentation);
  const parts = new Map<string, string>();
  for await (const { name, etag } of ctx.stores.blobs('profiles').walk(folder)) {
    if (!name.endsWith(end)) continue;
    const part = name.slice(folder.length, -end.length);
    parts.set(part, `${part} ${etag}`);
  }
  return parts;
}

/** Adds parts up in the order of their names, some read ahead: as little of them is in memory as must be. */
async function addedUp(
  ctx: Context,
  endpoint: string,
  hour: string,
  segmentation: string,
  parts: readonly string[],
  log: HourLog,
): Promise<Profile[]> {
  const folder = profileFolder(ctx, endpoint, 'parts', hour);
  const sums = new ProfileSums({ hour, withPlaces: segmentation === '' });
  const readFrom = async (first: number) =>
    inTurns(parts.slice(first, first + readsAtOnce), readsAtOnce, (part) =>
      ctx.stores.blobs('profiles').read(`${folder}${part}${endOf(segmentation)}`),
    );
  let ahead = readFrom(0);
  for (let first = 0; first < parts.length; first += readsAtOnce) {
    const some = parts.slice(first, first + readsAtOnce);
    const read = await ahead;
    ahead = readFrom(first + readsAtOnce);
    // Its failure is thrown when it is waited for.
    ahead.catch(() => undefined);
    for (const [i, part] of some.entries()) {
      const bytes = read[i];
      if (!bytes) continue;
      const { rows, profiles } = segmentation === '' ? wholePart(bytes) : splitPart(bytes);
      for (const profile of log.isNew(rows) ? profiles : await log.again(part)) sums.add(profile);
    }
  }
  return sums.profiles();
}

type CountedPart = { readonly rows: readonly RowRange[]; readonly profiles: readonly Profile[] };

function wholePart(bytes: Uint8Array): CountedPart {
  const profile = decodeProfile(bytes);
  return { rows: profile.logged, profiles: [profile] };
}

function splitPart(bytes: Uint8Array): CountedPart {
  const { sources, profiles } = decodeRollUp(bytes);
  const rows = sources.map((source) => {
    const [buffer = '', first, count] = source.split(' ');
    return { buffer, first: Number(first), rows: Number(count) };
  });
  return { rows, profiles };
}

/** Sums by what is counted together. */
export class ProfileSums {
  readonly #hour: string;
  readonly #withPlaces: boolean;
  readonly #sums = new Map<string, ProfileSum>();

  constructor({ hour, withPlaces }: { readonly hour: string; readonly withPlaces: boolean }) {
    this.#hour = hour;
    this.#withPlaces = withPlaces;
  }

  add(profile: Profile): void {
    const key: ProfileKey = { ...profile.key, hour: this.#hour };
    const { digest, edgeSet, source, segment } = key;
    const name = JSON.stringify([digest, edgeSet, source, segment]);
    const sum = this.#sums.get(name) ?? new ProfileSum(key, { withPlaces: this.#withPlaces });
    this.#sums.set(name, sum);
    sum.add(profile);
  }

  /** In order of their keys. */
  profiles(): Profile[] {
    return [...this.#sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum.profile);
  }
}

/** Removes what another release, or nobody any more, has of an hour. */
async function removeOthers(ctx: Context, endpoint: string, hour: string): Promise<void> {
  const container = ctx.stores.blobs('profiles');
  for await (const { name } of container.walk(spanFolder(ctx, endpoint, hour)))
    if (name.endsWith('.profile')) await container.remove(name);
}

function endOf(segmentation: string): string {
  return segmentation === '' ? '.profile' : `.${segmentation}.segments`;
}

export function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each, i) => each === others[i]);
}
