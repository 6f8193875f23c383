import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { decodeProfile, encodeProfile } from './codec.ts';
import type { EdgeSet } from './edges.ts';
import { type Profile, profileOf, type RowTable } from './profile.ts';

/** The version whose reference fixed the edges. */
export type Version = { readonly modelId: string; readonly version: number };

/** What a part of the log is of. */
export type PartOf = Version & {
  readonly endpoint: string;
  readonly digest: string;
  readonly source: 'realtime' | 'mirror' | 'batch';
  readonly hour: string;
  /** The name of the part. */
  readonly buffer: string;
};

const edgeSetsMax = 200;
const hourMilliseconds = 3_600_000;
/** How long an instance believes that a version has no edges. */
const absentMilliseconds = 60_000;

type Known = { readonly edges: EdgeSet | undefined; readonly readAt: number };
const known = new WeakMap<Stores, Map<string, Known>>();

/** The edge set of a version; `undefined` where it has none (yet), and then nothing is counted of it. */
export async function edgesFor(ctx: Context, version: Version): Promise<EdgeSet | undefined> {
  const cache = cacheOf(ctx.stores);
  const name = edgesName(ctx, version);
  const found = cache.get(name);
  if (found && (found.edges || isFresh(ctx, found))) return found.edges;
  const bytes = await ctx.stores.blobs('profiles').read(name);
  const edges = bytes && readEdges(bytes, name);
  cache.set(name, { edges, readAt: ctx.clock.now() });
  const [oldest] = cache.keys();
  if (cache.size > edgeSetsMax && oldest !== undefined) cache.delete(oldest);
  return edges;
}

/** Whether this instance knows that a version has no edge set. */
export function isWithoutEdges(ctx: Context, version: Version): boolean {
  const found = cacheOf(ctx.stores).get(edgesName(ctx, version));
  return found !== undefined && found.edges === undefined && isFresh(ctx, found);
}

/** A clock that was set back tells nothing about age. */
function isFresh({ clock }: Context, { readAt }: Known): boolean {
  const age = clock.now() - readAt;
  return age >= 0 && age < absentMilliseconds;
}

/** Keeps the edge set of a version, the first for good; says whether this one is. */
export async function keepEdges(ctx: Context, version: Version, edges: EdgeSet): Promise<boolean> {
  const name = edgesName(ctx, version);
  cacheOf(ctx.stores).delete(name);
  return ctx.stores
    .blobs('profiles')
    .write(name, Buffer.from(JSON.stringify(edges)), { createOnly: true, contentType: 'application/json' });
}

/**
 * Counts the rows of a part, and writes it under the name of the part. What is there already is of an earlier try, or
 * of an erasure, and stays, unless rows have gone: then it is replaced.
 */
export async function writePartProfile(
  ctx: Context,
  part: PartOf,
  table: RowTable,
  options: { readonly isReplaced?: boolean } = {},
): Promise<void> {
  const edges = await edgesFor(ctx, part);
  if (edges) await writeCounted(ctx, part, countedPart(part, table, edges), options);
}

/** The profile of the rows of a part, as it is stored. */
export function countedPart({ digest, source, hour }: PartOf, table: RowTable, edges: EdgeSet): Uint8Array {
  return encodeProfile(profileOf(table, { digest, edgeSet: edges.id, source, segment: '', hour }, edges));
}

/** Writes what {@link countedPart} made, as {@link writePartProfile} does. */
export async function writeCounted(
  ctx: Context,
  { endpoint, hour, buffer }: PartOf,
  profile: Uint8Array,
  { isReplaced = false }: { readonly isReplaced?: boolean } = {},
): Promise<void> {
  await writeBytes(ctx, partProfileName(ctx, endpoint, hour, buffer), profile, { createOnly: !isReplaced });
}

export async function readProfile(ctx: Context, name: string): Promise<Profile | undefined> {
  const bytes = await ctx.stores.blobs('profiles').read(name);
  return bytes && decodeProfile(bytes);
}

export async function writeProfile(
  ctx: Context,
  name: string,
  profile: Profile,
  options: WriteOptions = {},
): Promise<boolean> {
  return writeBytes(ctx, name, encodeProfile(profile), options);
}

type WriteOptions = { ifMatch?: string; createOnly?: boolean };

function writeBytes(ctx: Context, name: string, bytes: Uint8Array, options: WriteOptions): Promise<boolean> {
  const contentType = 'application/octet-stream';
  return ctx.stores.blobs('profiles').write(name, bytes, { contentType, ...options });
}

/** Folders in container `profiles`: what was counted of parts, and of hours. */
export function profileFolder(ctx: Context, endpoint: string, kind: 'parts' | 'hours', hour: string): string {
  const day = `${hour.slice(0, 4)}-${hour.slice(4, 6)}-${hour.slice(6, 8)}`;
  return `${ctx.workspace}/${endpoint}/${kind}/${day}/${hour.slice(8)}/`;
}

export function partProfileName(ctx: Context, endpoint: string, hour: string, buffer: string): string {
  return `${profileFolder(ctx, endpoint, 'parts', hour)}${buffer}.profile`;
}

/** Removes what was counted in an hour. */
export async function removeProfiles(ctx: Context, endpoint: string, hour: string): Promise<void> {
  const folders = (['parts', 'hours'] as const).map((kind) => profileFolder(ctx, endpoint, kind, hour));
  await Promise.all(folders.map((folder) => ctx.stores.blobs('profiles').removeBelow(folder)));
}

/**
 * Removes what was counted in hours that were over before `before`, in milliseconds since 1970: of jobs, whose rows are
 * in no log that would be removed with it.
 */
export async function removeProfilesBefore(ctx: Context, endpoint: string, before: number): Promise<void> {
  const container = ctx.stores.blobs('profiles');
  for (const kind of ['parts', 'hours']) {
    const root = `${ctx.workspace}/${endpoint}/${kind}/`;
    for await (const { name } of container.walk(root)) {
      const [day = '', hour = ''] = name.slice(root.length).split('/');
      if (Date.parse(`${day}T${hour}:00:00Z`) + hourMilliseconds <= before) await container.remove(name);
    }
  }
}

function edgesName(ctx: Context, { modelId, version }: Version): string {
  return `${ctx.workspace}/_edges/${modelId}/${version}.json`;
}

function readEdges(bytes: Buffer, name: string): EdgeSet {
  const edges = JSON.parse(bytes.toString()) as EdgeSet;
  if (edges.v === 1) return edges;
  throw new Error(
    `The edges at '${name}' are of format '${String(edges.v)}', which this release does not read.`,
  );
}

function cacheOf(stores: Stores): Map<string, Known> {
  const cache = known.get(stores) ?? new Map<string, Known>();
  known.set(stores, cache);
  return cache;
}
