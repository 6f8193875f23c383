import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { decodeProfile, encodeProfile } from './codec.ts';
import type { EdgeSet } from './edges.ts';
import { type Profile, profileOf, rangesOf, type RowTable } from './profile.ts';
import { decodeRollUp, encodeRollUp, type RollUp } from './roll-up.ts';
import { segmentProfiles, type Segmentation, segmentsOf } from './segments.ts';
import type { Span } from './spans.ts';

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

/** What was counted of a part, as it is stored: of all its rows, and where these are split, by segment. */
export type CountedFiles = {
  readonly profile?: Uint8Array;
  readonly segments?: { readonly id: string; readonly bytes: Uint8Array };
};

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
  if (!edges) return;
  const segmentation = await segmentsOf(ctx, part.endpoint);
  await writeCounted(ctx, part, countedPart(part, table, edges, segmentation), options);
}

/** What is counted of the rows of a part. */
export function countedPart(
  part: PartOf,
  table: RowTable,
  edges: EdgeSet,
  segmentation: Segmentation | undefined,
): CountedFiles {
  const whole = profileOf(table, { ...keyOf(part, edges), segment: '' }, edges);
  return {
    profile: encodeProfile(whole),
    ...(segmentation ? { segments: countedSegments(part, table, edges, segmentation) } : {}),
  };
}

/** The same by segment alone. */
export function countedSegments(
  part: PartOf,
  table: RowTable,
  edges: EdgeSet,
  segmentation: Segmentation,
): NonNullable<CountedFiles['segments']> {
  const profiles = segmentProfiles(table, keyOf(part, edges), edges, segmentation);
  const logged = rangesOf(table.column('predictionId').map(String));
  const sources = logged.map(({ buffer, first, rows }) => `${buffer} ${first} ${rows}`);
  const uncounted = { parts: 0, versions: [] };
  return {
    id: segmentation.id,
    bytes: encodeRollUp({ span: part.hour, madeAt: 0, sources, uncounted, profiles }),
  };
}

export function keyOf({ digest, source, hour }: PartOf, edges: EdgeSet) {
  return { digest, edgeSet: edges.id, source, hour } as const;
}

/** Writes what {@link countedPart} made, as {@link writePartProfile} does. */
export async function writeCounted(
  ctx: Context,
  { endpoint, hour, buffer }: PartOf,
  { profile, segments }: CountedFiles,
  { isReplaced = false }: { readonly isReplaced?: boolean } = {},
): Promise<void> {
  const options = { createOnly: !isReplaced };
  const name = (segmentation: string) => partProfileName(ctx, endpoint, hour, buffer, segmentation);
  // The whole last: where it is there, the part has been counted.
  if (segments) await writeBytes(ctx, name(segments.id), segments.bytes, options);
  if (profile) await writeBytes(ctx, name(''), profile, options);
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

/** What was counted in a span, with its etag; with the profiles that are wanted. */
export async function readRollUp(
  ctx: Context,
  name: string,
  isWanted?: Parameters<typeof decodeRollUp>[1],
): Promise<StoredRollUp | undefined> {
  const stored = await ctx.stores.blobs('profiles').readStored(name);
  return stored && { ...decodeRollUp(stored.bytes, isWanted), etag: stored.etag };
}

export type StoredRollUp = RollUp & { readonly etag: string };

/** Writes a roll-up where it is still the one with this etag, or is not there; says whether it did. */
export function writeRollUp(
  ctx: Context,
  name: string,
  rollUp: RollUp,
  etag: string | undefined,
): Promise<boolean> {
  const how = etag === undefined ? { createOnly: true } : { ifMatch: etag };
  return writeBytes(ctx, name, encodeRollUp(rollUp), how);
}

function writeBytes(ctx: Context, name: string, bytes: Uint8Array, options: WriteOptions): Promise<boolean> {
  const contentType = 'application/octet-stream';
  return ctx.stores.blobs('profiles').write(name, bytes, { contentType, ...options });
}

/** Folders in container `profiles`: what was counted of parts and of hours, and what was true of predictions. */
export function profileFolder(
  ctx: Context,
  endpoint: string,
  kind: 'parts' | 'hours' | 'outcomes',
  hour: string,
): string {
  const day = `${hour.slice(0, 4)}-${hour.slice(4, 6)}-${hour.slice(6, 8)}`;
  return `${ctx.workspace}/${endpoint}/${kind}/${day}/${hour.slice(8)}/`;
}

/** What was counted of a part: of all its rows, or by the segments of a split. */
export function partProfileName(
  ctx: Context,
  endpoint: string,
  hour: string,
  buffer: string,
  segmentation = '',
): string {
  const end = segmentation === '' ? 'profile' : `${segmentation}.segments`;
  return `${profileFolder(ctx, endpoint, 'parts', hour)}${buffer}.${end}`;
}

/** The folder of what was counted in an hour, a day or a month. */
export function spanFolder(ctx: Context, endpoint: string, span: Span): string {
  const root = `${ctx.workspace}/${endpoint}`;
  const [year, month] = [span.slice(0, 4), span.slice(4, 6)];
  if (span.length === 6) return `${root}/months/${year}/${month}/`;
  if (span.length === 8) return `${root}/days/${year}-${month}/${span.slice(6)}/`;
  return profileFolder(ctx, endpoint, 'hours', span);
}

/** Of all rows, or by the segments of a split. */
export function rollUpName(ctx: Context, endpoint: string, span: Span, segmentation: string): string {
  return `${spanFolder(ctx, endpoint, span)}${segmentation === '' ? 'all' : segmentation}.profiles`;
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
