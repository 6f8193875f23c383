import type { Context } from '../context.ts';
import type { DatasetDetail, Run, Texts, WholeRun } from './model.ts';
import { digestOf, readTexts, type Wanted } from './overflow.ts';

/** UTF-8 bytes of a param or tag that stay in the run's document and are searched; the whole of a longer one is kept beside it. */
const inlineBytesMax = 1024;

export type Pair = { readonly key: string; readonly value: string };
type Kind = 'params' | 'tags';

/** What a run's document holds of a text: the text, or its longest prefix of whole characters and the digest of all of it. */
export function shortened(text: string): { readonly prefix: string; readonly digest?: string } {
  if (!isLong(text)) return { prefix: text };
  const bytes = Buffer.from(text);
  let end = inlineBytesMax;
  // A byte 10xxxxxx continues a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { prefix: bytes.toString('utf8', 0, end), digest: digestOf(text) };
}

/** Those of the values that are too long for a run's document, to be kept before it is written. */
export function longTexts(pairs: readonly Pair[]): string[] {
  return pairs.map(({ value }) => value).filter(isLong);
}

/** Whether a run has this param or tag, and with just this value. */
export function hasText(run: Run, kind: Kind, { key, value }: Pair): boolean {
  const { prefix, digest } = shortened(value);
  const held = run.long?.[kind];
  const heldDigest = held && Object.hasOwn(held, key) ? held[key] : undefined;
  return Object.hasOwn(run[kind], key) && run[kind][key] === prefix && heldDigest === digest;
}

/** The run with these params or tags as well; the last of one key wins. Long values must have been kept. */
export function withTexts(run: Run, kind: Kind, pairs: readonly Pair[]): Run {
  if (pairs.length === 0) return run;
  const texts = copyOf(run[kind]);
  const long = copyOf(run.long?.[kind]);
  for (const { key, value } of pairs) {
    const { prefix, digest } = shortened(value);
    texts[key] = prefix;
    if (digest === undefined) delete long[key];
    else long[key] = digest;
  }
  return withLong({ ...run, [kind]: texts }, kind, long);
}

/** The run without a tag. */
export function withoutTag(run: Run, key: string): Run {
  const tags = copyOf(run.tags);
  const long = copyOf(run.long?.tags);
  delete tags[key];
  delete long[key];
  return withLong({ ...run, tags }, 'tags', long);
}

/** The run with whole params, tags and datasets. */
export async function completeRun(ctx: Context, run: Run): Promise<WholeRun> {
  return wholeRun(run, await readTexts(ctx, wantedBy([run])));
}

/** Runs with whole params, tags and datasets, in as few reads as there are; none where nothing is long. */
export async function completeRuns(ctx: Context, runs: readonly Run[]): Promise<WholeRun[]> {
  const texts = await readTexts(ctx, wantedBy(runs));
  return runs.map((run) => wholeRun(run, texts));
}

/** A map from user keys, safe for every key. Later entries win. */
export function textMap(pairs: readonly Pair[]): Record<string, string> {
  const map = copyOf(undefined);
  for (const { key, value } of pairs) map[key] = value;
  return map;
}

function isLong(text: string): boolean {
  // No UTF-16 unit takes more than three bytes: most texts need no count.
  return text.length * 3 > inlineBytesMax && Buffer.byteLength(text) > inlineBytesMax;
}

function copyOf(texts: Texts | undefined): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, texts);
}

function withLong(run: Run, kind: Kind, texts: Texts): Run {
  const { long: before, ...rest } = run;
  const { [kind]: _, ...others } = before ?? {};
  const long = Object.keys(texts).length > 0 ? { ...others, [kind]: texts } : others;
  return Object.keys(long).length > 0 ? { ...rest, long } : rest;
}

function wantedBy(runs: readonly Run[]): Wanted[] {
  return runs
    .map(({ experimentId, runId, long, datasets = [] }) => ({
      experimentId,
      runId,
      digests: [
        ...Object.values(long?.params ?? {}),
        ...Object.values(long?.tags ?? {}),
        ...datasets.map(({ detail }) => detail),
      ],
    }))
    .filter(({ digests }) => digests.length > 0);
}

function wholeRun(run: Run, found: ReadonlyMap<string, string>): WholeRun {
  const { long, datasets, ...rest } = run;
  const whole = (texts: Texts, digests: Texts | undefined): Texts => {
    if (!digests) return texts;
    const all = copyOf(texts);
    for (const [key, digest] of Object.entries(digests)) all[key] = found.get(digest) ?? '';
    return all;
  };
  return {
    ...rest,
    params: whole(run.params, long?.params),
    tags: whole(run.tags, long?.tags),
    ...(datasets && {
      datasets: datasets.map((dataset) => ({
        ...dataset,
        ...(JSON.parse(found.get(dataset.detail) ?? '{}') as DatasetDetail),
      })),
    }),
  };
}
