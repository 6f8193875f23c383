import type { Context } from '../context.ts';
import type { ColumnRules } from '../privacy/index.ts';
import { type EdgeSet, type Profile, type Segmentation, splitter } from '../profiles/index.ts';
import { countedWindow } from '../predictions/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { rowsOfSample } from './drift/columns.ts';
import { edgesOfSample, sampledSide, type Side, type Sides } from './drift/sides.ts';
import { firstPredictions } from './first-predictions.ts';
import type { Monitor, ReferenceSource } from './model.ts';
import { countSet } from './reference-profile.ts';
import { readReferenceSet } from './reference.ts';
import type { Sample } from './sample.ts';
import { windowSample } from './window-sample.ts';
import type { Window } from './windows.ts';

/** What a window is held against. */
export type Reference = {
  readonly source: ReferenceSource;
  /** `null` where there is nothing to compare with. */
  readonly rows: {
    /** Values of all or some of its rows. */
    readonly sample: Sample;
    /** What was counted of a segment, `''` for all; absent where the version has no edges. */
    readonly counted?: (segment: string) => Promise<Profile | undefined>;
  } | null;
  /** Rows of the window up to then are the reference itself. */
  readonly until: number;
};

type Asked = {
  readonly monitor: Monitor;
  readonly ready: VersionReady;
  /** Of the version; `undefined` where it has none. */
  readonly edges: EdgeSet | undefined;
  readonly rules: ColumnRules;
  readonly split: Segmentation | undefined;
  /** When the version can first have answered for the endpoint. */
  readonly since: number;
};

/**
 * What the version was meant for: its reference set, scored by the version itself; where it names none that can be read,
 * the first rows it answered, once there are enough of them.
 */
export async function versionReference(
  ctx: Context,
  { monitor, ready, edges, rules, split, since }: Asked,
): Promise<Reference> {
  const set = await readReferenceSet(ctx, ready, rules);
  if ('why' in set) {
    const { source, sample } = await firstPredictions(ctx, monitor, ready, since, set.why);
    const until = source.source === 'first-predictions' ? source.until : 0;
    return { source, rows: sample && { sample }, until };
  }
  const { ref, table, sample } = set;
  const { uri, digest } = ref;
  const source = {
    source: 'dataset',
    uri,
    ...(digest === undefined ? {} : { digest }),
    rows: table.rows,
  } as const;
  const counted = edges && {
    counted: (segment: string) =>
      Promise.resolve(countSet(set, ready, edges, segment === '' || !split ? undefined : { segment, split })),
  };
  return { source, rows: { sample, ...counted }, until: 0 };
}

/** What the version answered in an earlier window. */
export async function windowReference(
  ctx: Context,
  { monitor, ready, edges }: Asked,
  window: Window,
): Promise<Reference> {
  const { reference: setting, endpoint } = monitor;
  const kind = setting.kind === 'fixed' ? 'fixed' : 'rolling';
  const range = referenceWindow(monitor, window);
  const none = (why: string): Reference => ({ source: { source: 'none', why }, rows: null, until: 0 });
  if (range.to > window.from && range.from < window.to)
    return none('The window lies in its own reference (reference.from to reference.to).');
  const counted = async (segment: string) =>
    (await countedWindow(ctx, endpoint, range, { segment })).profiles.get(ready.digest);
  const names = edges?.features.map(({ name }) => name) ?? [];
  const sample = await windowSample(ctx, endpoint, range, ready, { names });
  const whole = edges && (await counted(''));
  const rows = whole?.rows ?? sample.rows;
  if (rows === 0) return none(`Version ${ready.version} answered nothing in the reference window.`);
  return {
    source: { source: 'window', kind, ...range, rows },
    rows: { sample, ...(whole ? { counted } : {}) },
    until: 0,
  };
}

function referenceWindow({ reference }: Monitor, window: Window): Window {
  if (reference.kind === 'fixed') return { from: reference.from, to: reference.to };
  if (reference.kind === 'version') return window;
  const to = window.from - reference.offsetSeconds * 1000;
  return { from: to - reference.lengthSeconds * 1000, to };
}

/** Both sides of a comparison, of all rows or of a segment; a reason where there is none. */
export async function sidesOf(
  reference: Reference,
  current: { readonly sample: Sample; readonly counted: (segment: string) => Promise<Profile | undefined> },
  edges: EdgeSet | undefined,
  segment: string,
  split: Segmentation | undefined,
): Promise<Sides | { readonly why: string }> {
  const { source, rows } = reference;
  if (!rows) return { why: source.source === 'none' ? source.why : 'There is no reference.' };
  const samples = [rows.sample, current.sample].map((sample) => inSegment(sample, segment, split));
  const [from, to] = samples as [Sample, Sample];
  if (edges && rows.counted) {
    const [a, b] = await Promise.all([rows.counted(segment), current.counted(segment)]);
    return a && b
      ? { edges, basis: 'profile', reference: sideOf(a, from), current: sideOf(b, to) }
      : { why: `The ${a ? 'window' : 'reference'} has no rows${segment === '' ? '' : ` of ${segment}`}.` };
  }
  const own = edgesOfSample(rows.sample);
  return { edges: own, basis: 'exact', reference: sampledSide(from, own), current: sampledSide(to, own) };
}

function sideOf(profile: Profile, sample: Sample): Side {
  return { rows: profile.rows, profile, sample: sample.rows === 0 ? null : sample };
}

function inSegment(sample: Sample, segment: string, split: Segmentation | undefined): Sample {
  if (segment === '' || !split) return sample;
  const segmentOf = splitter(split);
  return rowsOfSample(sample, (cell) => segmentOf(cell) === segment, split.column);
}
