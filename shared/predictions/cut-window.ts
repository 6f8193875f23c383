import type { Context } from '../context.ts';
import {
  edgesFor,
  mergeProfiles,
  type Profile,
  profileOf,
  segmentationOf,
  segmentProfiles,
  segmentsOf,
  wholeHours,
} from '../profiles/index.ts';
import { readPredictions } from './predictions.ts';
import { type WindowProfile, windowProfile } from './window-profile.ts';

const hourMilliseconds = 3_600_000;

/**
 * What {@link windowProfile} says of a window that begins or ends within an hour: its whole hours as they were counted,
 * and of the hours that are cut the rows of the log. Calls of these that are not logged are not among them.
 */
export async function countedWindow(
  ctx: Context,
  endpoint: string,
  window: { readonly from: number; readonly to: number },
  { segment = '' }: { readonly segment?: string } = {},
): Promise<WindowProfile> {
  const { from, to } = window;
  const outer = wholeHours(window);
  if (outer.from === from && outer.to === to) return windowProfile(ctx, endpoint, window, { segment });
  const inner = {
    from: Math.ceil(from / hourMilliseconds) * hourMilliseconds,
    to: Math.floor(to / hourMilliseconds) * hourMilliseconds,
  };
  const isAnyWhole = inner.from < inner.to;
  const whole = isAnyWhole ? await windowProfile(ctx, endpoint, inner, { segment }) : undefined;
  const cut = isAnyWhole
    ? [
        { from, to: inner.from },
        { from: inner.to, to },
      ]
    : [window];
  const found = [...(whole?.profiles.values() ?? [])];
  const uncounted = new Set(whole?.uncounted);
  for (const range of cut) {
    const counted = await countRange(ctx, endpoint, range, segment);
    found.push(...counted.profiles);
    for (const version of counted.uncounted) uncounted.add(version);
  }
  const sums = new Map<string, Profile>();
  for (const profile of found) {
    const key = `${profile.key.digest} ${profile.key.edgeSet}`;
    const before = sums.get(key);
    sums.set(key, before ? mergeProfiles(before, profile) : profile);
  }
  const profiles = new Map<string, Profile>();
  let leftOut = whole?.leftOut ?? 0;
  for (const profile of [...sums.values()].toSorted((a, b) => b.rows - a.rows))
    if (profiles.has(profile.key.digest)) leftOut += profile.rows;
    else profiles.set(profile.key.digest, profile);
  return { from, to, profiles, leftOut, uncounted: [...uncounted].toSorted() };
}

async function countRange(
  ctx: Context,
  endpoint: string,
  range: { readonly from: number; readonly to: number },
  segment: string,
): Promise<{ readonly profiles: readonly Profile[]; readonly uncounted: readonly string[] }> {
  const split = segment === '' ? undefined : await segmentsOf(ctx, endpoint);
  const profiles: Profile[] = [];
  const uncounted: string[] = [];
  for await (const part of readPredictions(ctx, { endpoint, ...range })) {
    const [digest, modelId, version] = ['digest', 'modelId', 'version'].map((name) => part.column(name)[0]);
    const edges = await edgesFor(ctx, { modelId: String(modelId), version: Number(version) });
    if (!edges) {
      uncounted.push(`${String(modelId)}/${String(version)}`);
      continue;
    }
    const key = { digest: String(digest), edgeSet: edges.id, source: 'realtime', hour: '' } as const;
    const counted = split
      ? segmentProfiles(part, key, edges, segmentationOf(split)).filter(
          (each) => each.key.segment === segment,
        )
      : [profileOf(part, { ...key, segment: '' }, edges)];
    profiles.push(...counted);
  }
  return { profiles, uncounted };
}
