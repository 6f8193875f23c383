import type { Context } from '../context.ts';
import { lost, swap } from '../swap.ts';
import { decodeProfile } from './codec.ts';
import { keyText, mergeProfiles, type Profile } from './profile.ts';
import { profileFolder, writeProfile } from './store.ts';

/** Rows of parts that a queue brought: each is in one of them or in several. */
export type Repeats = {
  /** Whether all of a profile's rows are new; they are known from then on. */
  isNew(profile: Profile): boolean;
  /** The profile of those rows of a part that no part before had; `undefined` where the part is gone. */
  again(part: string): Promise<Profile | undefined>;
};

/**
 * What was counted in an hour, by key: a pure function of the profiles of its parts, kept beside them with the list of
 * what it was made of, and made again where that has changed. Done twice or by two at once it says the same.
 */
export async function foldHour(
  ctx: Context,
  endpoint: string,
  hour: string,
  repeats: Repeats,
): Promise<Profile[]> {
  return swap(ctx, `The profile of '${endpoint}'`, async () => {
    const parts: { name: string; state: string }[] = [];
    const container = ctx.stores.blobs('profiles');
    for await (const { name, etag } of container.walk(profileFolder(ctx, endpoint, 'parts', hour)))
      parts.push({ name, state: `${name.slice(name.lastIndexOf('/') + 1)} ${etag}` });
    const kept = await keptHours(ctx, endpoint, hour);
    const states = parts.map(({ state }) => state).toSorted();
    const known = [...kept.values()].flatMap(({ profile }) => profile.parts).toSorted();
    if (known.length === states.length && known.every((state, i) => state === states[i]))
      return [...kept.values()].map(({ profile }) => profile);
    const folded = await merged(ctx, parts, repeats);
    for (const [name, profile] of folded) {
      const whole = `${profileFolder(ctx, endpoint, 'hours', hour)}${name}`;
      const etag = kept.get(whole)?.etag;
      const how = etag === undefined ? { createOnly: true } : { ifMatch: etag };
      if (!(await writeProfile(ctx, whole, profile, how))) return lost;
    }
    for (const name of kept.keys())
      if (!folded.has(name.slice(name.lastIndexOf('/') + 1))) await container.remove(name);
    return [...folded.values()];
  });
}

async function keptHours(ctx: Context, endpoint: string, hour: string) {
  const kept = new Map<string, { profile: Profile; etag: string }>();
  const container = ctx.stores.blobs('profiles');
  for await (const { name } of container.walk(profileFolder(ctx, endpoint, 'hours', hour))) {
    const stored = await container.readStored(name);
    if (stored) kept.set(name, { profile: decodeProfile(stored.bytes), etag: stored.etag });
  }
  return kept;
}

async function merged(
  ctx: Context,
  parts: readonly { name: string; state: string }[],
  repeats: Repeats,
): Promise<Map<string, Profile>> {
  const byKey = new Map<string, Profile>();
  for (const { name, state } of parts) {
    const bytes = await ctx.stores.blobs('profiles').read(name);
    if (!bytes) continue;
    const read = decodeProfile(bytes);
    const buffer = name.slice(name.lastIndexOf('/') + 1).replace('.profile', '');
    const counted = repeats.isNew(read) ? read : await repeats.again(buffer);
    if (!counted) continue;
    const profile = { ...counted, parts: [state] };
    const before = byKey.get(keyText(profile.key));
    byKey.set(keyText(profile.key), before ? mergeProfiles(before, profile) : profile);
  }
  const named = [...byKey.values()].map((profile) => [nameOf(profile), profile] as const);
  return new Map(named);
}

/** By what the key has beside the hour. */
function nameOf({ key: { digest, edgeSet, source, segment } }: Profile): string {
  const plain = segment === '' ? '' : `-${Buffer.from(segment).toString('hex')}`;
  return `${digest.replace('sha256:', '').slice(0, 32)}-${edgeSet}-${source}${plain}.profile`;
}
