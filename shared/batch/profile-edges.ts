import type { Context } from '../context.ts';
import { CsvError } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { edgesFor, type EdgeSet, edgeSetOf, type ReferenceColumn, type RowTable } from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { loadModel } from '../serving/index.ts';
import { openRows } from './formats/open.ts';
import { predictorOf } from './formats/predicted.ts';
import type { RowBlock } from './formats/rows.ts';
import { BatchError } from './failure.ts';
import { type BatchChunk, noProgress } from './chunk.ts';
import type { BatchFile } from './file.ts';
import type { BatchJob, BatchModel } from './job.ts';
import type { JobOptions } from './options.ts';
import { rulesOfJob } from './personal.ts';
import { countedFolder } from './profile-folder.ts';
import { inputsOf, Logging } from './profile-table.ts';
import { type Run, BlockScorer } from './score.ts';

/** Rows of the first file that the edges of a job are made of, where its version has none. */
const edgeRowsMax = 10_000;
const rowsAtOnce = 1_000;

/** The edges between which all of a job is counted; `undefined` for one that an older release began. */
export async function jobEdges(ctx: Context, jobId: string): Promise<EdgeSet | undefined> {
  const bytes = await ctx.stores.blobs('profiles').read(edgesName(ctx, jobId));
  return bytes && (JSON.parse(bytes.toString()) as EdgeSet);
}

function edgesName(ctx: Context, jobId: string): string {
  return `${countedFolder(ctx, jobId)}edges.json`;
}

/**
 * Fixes, before its first chunk is recorded, between which edges a job is counted: those of its version, or where that
 * has none some of its own, made of the first rows. The first writer fixes them for good.
 */
export async function fixEdges(
  ctx: Context,
  job: BatchJob & { readonly model: BatchModel },
  file: BatchFile,
  { ready, options }: { readonly ready: VersionReady; readonly options: JobOptions },
): Promise<void> {
  const blobs = ctx.stores.blobs('profiles');
  const name = edgesName(ctx, job.jobId);
  if (await blobs.stat(name)) return;
  const edges = (await edgesFor(ctx, job.model)) ?? (await ownEdges(ctx, job, file, { ready, options }));
  const contentType = 'application/json';
  if (edges) await blobs.write(name, Buffer.from(JSON.stringify(edges)), { createOnly: true, contentType });
}

async function ownEdges(
  ctx: Context,
  job: BatchJob & { readonly model: BatchModel },
  file: BatchFile,
  { ready, options }: { readonly ready: VersionReady; readonly options: JobOptions },
): Promise<EdgeSet | undefined> {
  const rules = await rulesOfJob(ctx, job.owner, job.model);
  const { layout } = file;
  if (!layout || !rules) return undefined;
  const model = await loadModel(ctx, ready);
  const lenient: JobOptions = { ...options, badRows: { policy: 'skip', maxRows: null, maxPercent: null } };
  const scorer = new BlockScorer(ctx, model, predictorOf(model.outputs, ready, lenient), 'skip');
  const logging = new Logging(model, ready, rules);
  const looked = { input: job.input, options: lenient, plan: { ...job.plan, rowsAtOnce } };
  const columns = new Map<string, (string | number | null)[]>();
  const scores: number[] = [];
  const gather = (table: RowTable) => {
    for (const { name, cells } of inputsOf(table)) {
      const known = columns.get(name) ?? [];
      for (const cell of cells) known.push(cell);
      columns.set(name, known);
    }
    if (logging.roles?.task === 'regression')
      for (const score of table.column('score')) if (typeof score === 'number') scores.push(score);
  };
  let rows = 0;
  try {
    for await (const block of openRows(ctx, { job: looked, file, chunk: wholeOf(file) }, { ready, model })) {
      for (const run of await runsOf(scorer, block)) gather(logging.table(run));
      rows += block.read;
      if (rows >= edgeRowsMax) break;
    }
  } catch (error) {
    // Whoever scores these rows meets the same, and says so.
    if (!isOfInput(error)) throw error;
  }
  const found = [...columns].map(([name, cells]): ReferenceColumn => ({ name, cells }));
  return edgeSetOf(found, { score: scores });
}

/** What a model makes of some rows: nothing where it fails on them, of which the job will tell. */
async function runsOf(scorer: BlockScorer, block: RowBlock): Promise<readonly Run[]> {
  try {
    return (await scorer.score(block)).runs;
  } catch (error) {
    if (error instanceof CairnError || error instanceof BatchError) return [];
    throw error;
  }
}

function isOfInput(error: unknown): boolean {
  if (error instanceof CsvError || error instanceof BatchError) return true;
  return error instanceof CairnError && error.status < 500;
}

/** A chunk that is all of a file, for looking at its first rows. */
function wholeOf({ layout }: BatchFile): Pick<BatchChunk, 'first' | 'end' | 'row' | 'progress'> {
  if (layout?.format === 'parquet') return { first: 0, end: layout.rows, row: 1, progress: noProgress(0) };
  const first = layout?.first ?? 0;
  return { first, end: null, row: 1, progress: noProgress(first) };
}
