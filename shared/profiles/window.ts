import type { Context } from '../context.ts';
import { lost, swap } from '../swap.ts';
import { inTurns } from '../turns.ts';
import { isSame, ProfileSums } from './fold.ts';
import type { Profile, ProfileKey } from './profile.ts';
import type { RollUp } from './roll-up.ts';
import { boundsOf, isSettled, type Span, spanAt, spansOf } from './spans.ts';
import { readRollUp, rollUpName, spanFolder, type StoredRollUp, writeRollUp } from './store.ts';

/** What knows the log of an endpoint, hour by hour. */
export type HoursLog = {
  /** Days of a month of which there is anything. */
  daysOf(month: Span): Promise<readonly Span[]>;
  /** Hours of a day of which there is anything. */
  hoursOf(day: Span): Promise<readonly Span[]>;
  /** What was counted in an hour, made again where it has changed. */
  fold(hour: Span): Promise<StoredRollUp>;
  /** Whether a version (`<model id>/<version>`) that had no edges has some now. */
  isCounted(version: string): Promise<boolean>;
};

export type Wanted = (key: Omit<ProfileKey, 'hour'>) => boolean;

const readsAtOnce = 8;
const daysAtOnce = 2;

/**
 * What was counted in spans of time, of all rows or by the segments of a split: each file is read if it follows from the
 * hours as they are now, and else made of them. Days and months are kept once they have settled.
 */
export class Spans {
  readonly #ctx: Context;
  readonly #endpoint: string;
  readonly #segmentation: string;
  readonly #log: HoursLog;
  /** Listings of hours that have been begun, by day or month. */
  readonly #listed = new Map<string, Promise<ReadonlyMap<Span, string>>>();

  constructor(ctx: Context, endpoint: string, segmentation: string, log: HoursLog) {
    this.#ctx = ctx;
    this.#endpoint = endpoint;
    this.#segmentation = segmentation;
    this.#log = log;
  }

  /** The fewest files that have a window of whole hours, in order, with the profiles that are wanted. */
  async window(window: { readonly from: number; readonly to: number }, isWanted: Wanted): Promise<RollUp[]> {
    const spans = spansOf(window, this.#ctx.clock.now());
    const found = await inTurns(spans, readsAtOnce, (span) => this.#of(span, isWanted));
    return found.filter((each) => each !== undefined);
  }

  /** Makes what was counted in a day or a month that has settled, where it is not there as it should be. */
  async make(span: Span): Promise<void> {
    await this.#of(span, () => false);
  }

  #of(span: Span, isWanted: Wanted): Promise<RollUp | undefined> {
    return span.length === 10 ? this.#hour(span, isWanted) : this.#longer(span, isWanted);
  }

  async #hour(hour: Span, isWanted: Wanted = () => true): Promise<StoredRollUp | undefined> {
    const isKept = (await this.#hours(hour.slice(0, 8))).has(hour);
    const name = rollUpName(this.#ctx, this.#endpoint, hour, this.#segmentation);
    const kept = isKept ? await readRollUp(this.#ctx, name, isWanted) : undefined;
    if (kept && isSettled(hour, kept.madeAt) && !(await this.#isOutdated(kept))) return kept;
    if (!kept && !(await this.#log.hoursOf(hour.slice(0, 8))).includes(hour)) return undefined;
    const made = await this.#log.fold(hour);
    return { ...made, profiles: made.profiles.filter(({ key }) => isWanted(key)) };
  }

  async #longer(span: Span, isWanted: Wanted): Promise<RollUp> {
    const name = rollUpName(this.#ctx, this.#endpoint, span, this.#segmentation);
    const kept = await readRollUp(this.#ctx, name, isWanted);
    if (kept && isSame(kept.sources, sourcesOf(await this.#hours(span))) && !(await this.#isOutdated(kept)))
      return kept;
    let before: StoredRollUp | undefined = kept;
    const made = await swap(this.#ctx, `The profile of '${this.#endpoint}'`, async () => {
      const rollUp = await this.#madeOf(span);
      const isWritten = await writeRollUp(this.#ctx, name, rollUp, before?.etag);
      // An hour that lost rows while this was made must not be in what stays.
      this.#listed.clear();
      const now = new Set(sourcesOf(await this.#hours(span)));
      if (isWritten && rollUp.sources.every((source) => now.has(source))) return rollUp;
      before = await readRollUp(this.#ctx, name, () => false);
      return lost;
    });
    return { ...made, profiles: made.profiles.filter(({ key }) => isWanted(key)) };
  }

  /** A day is made of its hours, a month of its days; both remember the hours. */
  async #madeOf(span: Span): Promise<RollUp> {
    const below = span.length === 6 ? await this.#daysOfMonth(span) : await this.#hoursOfDay(span);
    const sums = new ProfileSums({ hour: span, withPlaces: false });
    for (const { profiles } of below) for (const profile of profiles) sums.add(profile);
    const versions = new Set(below.flatMap(({ uncounted }) => uncounted.versions));
    const parts = below.reduce((sum, { uncounted }) => sum + uncounted.parts, 0);
    return {
      span,
      madeAt: this.#ctx.clock.now(),
      sources: below.flatMap(({ sources }) => sources),
      uncounted: { parts, versions: [...versions].toSorted() },
      profiles: sums.profiles(),
    };
  }

  async #daysOfMonth(month: Span): Promise<RollUp[]> {
    const hours = [...(await this.#hours(month)).keys()];
    const days = new Set([...hours.map((hour) => hour.slice(0, 8)), ...(await this.#log.daysOf(month))]);
    return inTurns([...days].toSorted(), daysAtOnce, (day) => this.#longer(day, () => true));
  }

  async #hoursOfDay(day: Span): Promise<RollUp[]> {
    const hours = new Set([...(await this.#hours(day)).keys(), ...(await this.#log.hoursOf(day))]);
    const found = await inTurns([...hours].toSorted(), readsAtOnce, (hour) => this.#hour(hour));
    return found.flatMap((each) => (each ? [{ ...each, sources: [sourceOf(each.span, each.etag)] }] : []));
  }

  /** A version that could not be counted when it was made can be now. */
  async #isOutdated({ uncounted }: RollUp): Promise<boolean> {
    for (const version of uncounted.versions) if (await this.#log.isCounted(version)) return true;
    return false;
  }

  /** The hours of a day or a month that are kept, with their etags. */
  #hours(span: Span): Promise<ReadonlyMap<Span, string>> {
    const known = this.#listed.get(span);
    if (known) return known;
    const listing = this.#list(span);
    this.#listed.set(span, listing);
    return listing;
  }

  async #list(span: Span): Promise<ReadonlyMap<Span, string>> {
    const { from } = boundsOf(span);
    const first = spanFolder(this.#ctx, this.#endpoint, spanAt(from, 'hour'));
    const root = first.slice(0, -'yyyy-mm-dd/hh/'.length);
    const name = rollUpName(this.#ctx, this.#endpoint, spanAt(from, 'hour'), this.#segmentation);
    const file = name.slice(first.length);
    const prefix = first.slice(0, root.length + (span.length === 6 ? 'yyyy-mm'.length : 'yyyy-mm-dd'.length));
    const hours = new Map<Span, string>();
    for await (const { name: found, etag } of this.#ctx.stores.blobs('profiles').walk(prefix)) {
      const [day = '', hour = '', each] = found.slice(root.length).split('/');
      if (each === file) hours.set(`${day.replaceAll('-', '')}${hour}`, etag);
    }
    return hours;
  }
}

function sourcesOf(hours: ReadonlyMap<Span, string>): string[] {
  return [...hours].map(([hour, etag]) => sourceOf(hour, etag));
}

/** A listing gives etags without the quotes that they have elsewhere. */
function sourceOf(hour: Span, etag: string): string {
  return `${hour} ${etag.replaceAll('"', '')}`;
}

/** All of a window by key, as one. */
export function sumOf(rollUps: readonly RollUp[]): Profile[] {
  const sums = new ProfileSums({ hour: '', withPlaces: false });
  for (const { profiles } of rollUps) for (const profile of profiles) sums.add(profile);
  return sums.profiles();
}
