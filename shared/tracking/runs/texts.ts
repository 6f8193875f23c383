import type { Context } from '../../context.ts';
import type { Document } from '../../documents.ts';
import { runPartition, unknownRun } from '../ids.ts';
import type { DatasetDetail, Pair, Run, Texts, WholeRun } from '../model.ts';
import { copyOf, shortened, textAt } from '../texts.ts';
import { readTexts, type Wanted } from './overflow.ts';

type Kind = 'params' | 'tags';

/** Whether a run has this param or tag, and with just this value. */
export function hasText(run: Run, kind: Kind, { key, value }: Pair): boolean {
  const { prefix, digest } = shortened(value);
  return textAt(run[kind], key) === prefix && textAt(run.long?.[kind] ?? {}, key) === digest;
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

/** Stands where storage has lost a text. */
const gone = '… (gone from storage)';

/** The run without a tag. */
export function withoutTag(run: Run, key: string): Run {
  const tags = copyOf(run.tags);
  const long = copyOf(run.long?.tags);
  delete tags[key];
  delete long[key];
  return withLong({ ...run, tags }, 'tags', long);
}

/** The run with whole params, tags and datasets. Throws `not-found` where it has been purged since it was read. */
export async function completeRun(ctx: Context, run: Run): Promise<WholeRun> {
  const [whole] = await completeRuns(ctx, [run]);
  if (whole) return whole;
  throw unknownRun(run.runId);
}

/**
 * Runs with whole params, tags and datasets, in as few reads as there are; none where nothing is long. Those
 * that have been purged since they were read are left out; of a text that is gone from storage its beginning
 * is shown, with {@link gone} behind it.
 */
export async function completeRuns(ctx: Context, runs: readonly Run[]): Promise<WholeRun[]> {
  const texts = await readTexts(ctx, runs.map(wantedBy));
  const whole: WholeRun[] = [];
  for (const run of runs) {
    const isWhole = wantedBy(run).digests.every((digest) => texts.has(digest));
    if (!isWhole && !(await isThere(ctx, run))) continue;
    // As after a restore of metadata alone: what is left of it is worth more than an error.
    if (!isWhole) ctx.log.error('a text that a run refers to is gone from storage', { run: run.runId });
    whole.push(wholeRun(run, texts));
  }
  return whole;
}

function withLong(run: Run, kind: Kind, texts: Texts): Run {
  const { long: before, ...rest } = run;
  const { [kind]: _, ...others } = before ?? {};
  const long = Object.keys(texts).length > 0 ? { ...others, [kind]: texts } : others;
  return Object.keys(long).length > 0 ? { ...rest, long } : rest;
}

async function isThere(ctx: Context, run: Run): Promise<boolean> {
  const stored = await ctx.stores.documents('runs').read<Document>(runPartition(run), run.runId);
  return stored?.doc.type === 'run';
}

function wantedBy({ experimentId, runId, long, datasets = [] }: Run): Wanted {
  const digests = [
    ...Object.values(long?.params ?? {}),
    ...Object.values(long?.tags ?? {}),
    ...datasets.map(({ detail }) => detail),
  ];
  return { experimentId, runId, digests };
}

function detailIn(text: string | undefined): DatasetDetail {
  return text === undefined ? { sourceType: '', source: gone } : (JSON.parse(text) as DatasetDetail);
}

function wholeRun(run: Run, found: ReadonlyMap<string, string>): WholeRun {
  const { long, datasets, ...rest } = run;
  const whole = (texts: Texts, digests: Texts | undefined): Texts => {
    if (!digests) return texts;
    const all = copyOf(texts);
    for (const [key, digest] of Object.entries(digests))
      all[key] = found.get(digest) ?? `${texts[key] ?? ''}${gone}`;
    return all;
  };
  return {
    ...rest,
    params: whole(run.params, long?.params),
    tags: whole(run.tags, long?.tags),
    ...(datasets && {
      datasets: datasets.map((dataset) => ({
        ...dataset,
        ...detailIn(found.get(dataset.detail)),
      })),
    }),
  };
}
