import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import {
  type HoursLog,
  type Profile,
  type ProfileKey,
  type Segmentation,
  segmentNames,
  segmentsOf,
  Spans,
  sumOf,
  wholeHours,
} from '../profiles/index.ts';
import { countHour, isCounted } from './counted.ts';
import { hourFolder } from './prediction-id.ts';

export type WindowProfile = {
  /** The whole hours that have the window, in milliseconds since 1970: what was counted. */
  readonly from: number;
  readonly to: number;
  /** By the digest of the version. */
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Rows counted between other edges than most of their digest: its bytes are registered with two reference sets. */
  readonly leftOut: number;
  /** Versions that answered and are not counted, since they have no reference set: `<model id>/<version>`. */
  readonly uncounted: readonly string[];
};

/**
 * What was counted of an endpoint in a window, by version: of all rows, or of one segment as `segmentNames` names it. It
 * is read in the fewest months, days and hours that have it; what has not been made of these yet, or follows from hours
 * that have changed, is made first. Throws `invalid` for a segment that the endpoint is not split by.
 */
export async function windowProfile(
  ctx: Context,
  endpoint: string,
  window: { readonly from: number; readonly to: number },
  { source = 'realtime', segment = '' }: { source?: ProfileKey['source']; segment?: string } = {},
): Promise<WindowProfile> {
  const segmentation = segment === '' ? undefined : await splitBy(ctx, endpoint, segment);
  const spans = spansOfLog(ctx, endpoint, segmentation);
  const found = await spans.window(window, (key) => key.source === source && key.segment === segment);
  const profiles = new Map<string, Profile>();
  let leftOut = 0;
  // Most rows first; of as many, the first by edge set.
  for (const profile of sumOf(found).toSorted((a, b) => b.rows - a.rows))
    if (profiles.has(profile.key.digest)) leftOut += profile.rows;
    else profiles.set(profile.key.digest, profile);
  const uncounted = new Set(found.flatMap((each) => each.uncounted.versions));
  return { ...wholeHours(window), profiles, leftOut, uncounted: [...uncounted].toSorted() };
}

async function splitBy(ctx: Context, endpoint: string, segment: string): Promise<Segmentation> {
  const segmentation = await segmentsOf(ctx, endpoint);
  if (segmentation && segmentNames(segmentation).includes(segment)) return segmentation;
  throw new CairnError('invalid', `What is counted of '${endpoint}' is not split by '${segment}'.`, {
    field: 'segment',
  });
}

/** What was counted of an endpoint by spans of time, as its log has it. */
export function spansOfLog(ctx: Context, endpoint: string, segmentation: Segmentation | undefined): Spans {
  const days = new Map<string, Promise<readonly string[]>>();
  const log: HoursLog = {
    daysOf: (month) => daysOf(ctx, endpoint, month),
    hoursOf(day) {
      const known = days.get(day) ?? hoursOf(ctx, endpoint, day);
      days.set(day, known);
      return known;
    },
    fold: (hour) => countHour(ctx, endpoint, hour, segmentation),
    isCounted: (version) => isCounted(ctx, version),
  };
  return new Spans(ctx, endpoint, segmentation?.id ?? '', log);
}

/** Hours of a day of which the log has parts, or what was counted of calls that are not logged. */
export async function hoursOf(ctx: Context, endpoint: string, day: string): Promise<string[]> {
  const folder = hourFolder(`${day}00`).slice(0, -2);
  return (await below(ctx, endpoint, folder)).map((hour) => `${day}${hour.slice(folder.length)}`);
}

async function daysOf(ctx: Context, endpoint: string, month: string): Promise<string[]> {
  const days = await below(ctx, endpoint, hourFolder(`${month}0100`).slice(0, -5));
  return days.map((day) => day.replaceAll('-', ''));
}

/** The folders of parts whose names begin so, each once, in order. */
async function below(ctx: Context, endpoint: string, begin: string): Promise<string[]> {
  const root = `${ctx.workspace}/${endpoint}/parts/`;
  const folders = new Set<string>();
  for (const container of ['predictions', 'profiles'] as const)
    for await (const { name } of ctx.stores.blobs(container).list(`${root}${begin}`))
      folders.add(name.slice(root.length).replace(/\/$/, ''));
  return [...folders].toSorted();
}
