import { isDeepStrictEqual } from 'node:util';
import type { Write } from '../../azure/index.ts';
import type { Context } from '../../context.ts';
import type { CairnEvent } from '../../events/index.ts';
import { unlessCode } from '../../http/index.ts';
import { contended, jitter, swapTries } from '../../swap.ts';
import { inTurns } from '../../turns.ts';
import type { Logged, RunKey } from '../model.ts';
import { runPartition } from '../ids.ts';
import { readRun } from '../runs/runs.ts';
import { type Columns, placeAt, union, unpacked, without } from './points.ts';
import { type Bounds, compareTimes, type Points, readBlock, readSeries, seriesDocuments } from './store.ts';

/** The work message that asks for folding. */
export type FoldMessage = { readonly kind: 'fold-run'; readonly runId: string };

/** A run is folded after so many more log calls or points. */
const everyCalls = 64;
const everyPoints = 32_768;
/** So few documents are read as quickly as they are, and are not worth folding. */
const leftCalls = 16;

/** Bounds of what is folded at once. */
const documentsMax = 100;
const keysAtOnceMax = 32;
/** Bounds of one batch, inside 100 operations and 2 MB. */
const writesMax = 100;
const bytesMax = 1_500_000;

/**
 * Whether between two counts a run became due to be folded. Runs that log at one beat are not due at one
 * beat, but each at its own call of {@link everyCalls}. Nothing counts back: a run whose message is lost
 * is due again.
 */
export function isFoldDue(runId: string, before: Logged, after: Logged): boolean {
  const phase = (Number.parseInt(runId.slice(-4), 16) || 0) / 0x10000;
  const turns = ([calls, points]: Logged) => [
    Math.floor(calls / everyCalls + phase),
    Math.floor(points / everyPoints + phase),
  ];
  return !isDeepStrictEqual(turns(before), turns(after));
}

/** Folds what is left when a run ends. */
export async function foldFinishedRun(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { runId = '' } = subject;
  await foldRun(ctx, { kind: 'fold-run', runId });
}

/**
 * Moves points from the documents of log calls into the series of their metrics, until few documents are
 * left. Every write is conditional and adds points that a series does not have, and a document goes when all
 * of its points have been added: whatever breaks off is repeated without harm, by anybody, also at once.
 */
export async function foldRun(ctx: Context, { runId }: FoldMessage): Promise<void> {
  const run = await unlessCode(readRun(ctx, runId), 'not-found');
  if (!run) return;
  for (let tries = 0; tries < swapTries; ) {
    const documents = await unfolded(ctx, run.doc);
    if (documents.length <= leftCalls) return;
    await addPoints(ctx, run.doc, documents);
    if (await deleteAll(ctx, run.doc, documents)) tries = 0;
    else await jitter(ctx, tries++);
  }
  throw contended(`The history of run ${runId}`);
}

type Unfolded = Pick<Points, 'id' | 'series'> & { readonly etag: string };

/** Documents of log calls, as many as are folded at once. */
async function unfolded(ctx: Context, run: RunKey): Promise<Unfolded[]> {
  const documents: Unfolded[] = [];
  let bytes = 0;
  const rows = ctx.stores
    .documents('runs')
    .stream<Unfolded>(
      { text: "SELECT c.id, c._etag AS etag, c.series FROM c WHERE c.type = 'points'" },
      { key: runPartition(run), limit: documentsMax, consistency: 'strong' },
    );
  for await (const row of rows) {
    documents.push(row);
    for (const { points } of row.series) bytes += points.length;
    if (documents.length === documentsMax || bytes > bytesMax) break;
  }
  return documents;
}

type Change = { readonly key: string; readonly added: Columns; readonly writes: readonly Write[] };

/** Adds the points of documents to the series of their metrics; those that are there already change nothing. */
async function addPoints(ctx: Context, run: RunKey, documents: readonly Unfolded[]): Promise<void> {
  const packedSeries = documents.flatMap(({ series }) => series);
  let left = [...Map.groupBy(packedSeries, ({ key }) => key)].map(([key, parts]) => ({
    key,
    added: union(parts.map(({ points }) => unpacked(points))),
  }));
  for (let tries = 0; left.length > 0; tries++) {
    if (tries === swapTries) throw contended(`The history of run ${run.runId}`);
    if (tries > 0) await jitter(ctx, tries);
    const lost: Change[] = [];
    for (let i = 0; i < left.length; i += keysAtOnceMax) {
      const keys = left.slice(i, i + keysAtOnceMax);
      const changes = await inTurns(keys, keys.length, ({ key, added }) => changeOf(ctx, run, key, added));
      for (const batch of batchesOf(changes)) {
        const writes = batch.flatMap((change) => change.writes);
        const { outcome } = await ctx.stores.documents('runs').batch(runPartition(run), writes);
        if (outcome !== 'applied') lost.push(...batch);
      }
    }
    left = lost;
  }
}

/** The writes that add points to one series: none where it has them all. They must be one batch. */
async function changeOf(ctx: Context, run: RunKey, key: string, added: Columns): Promise<Change> {
  const stored = await readSeries(ctx, run, key);
  const sealed = stored?.doc.sealed ?? [];
  const touched = [...sealed.keys()].filter((number) => overlaps(sealed[number], added));
  const blocks = await inTurns(touched, keysAtOnceMax, (number) => readBlock(ctx, run, key, number));
  const loose = stored ? unpacked(stored.doc.points) : union([]);
  const points = union([loose, without(added, blocks)]);
  if (stored && points.values.length === loose.values.length) return { key, added, writes: [] };
  const documents = seriesDocuments(ctx, run, key, sealed, points);
  return {
    key,
    added,
    writes: [
      stored
        ? { op: 'replace', doc: documents.series, etag: stored.etag }
        : { op: 'create', doc: documents.series },
      ...documents.blocks.map((doc): Write => ({ op: 'create', doc })),
    ],
  };
}

/** Whether some of the points may be in the block of these bounds. */
function overlaps(bounds: Bounds | undefined, points: Columns): boolean {
  const count = points.values.length;
  if (!bounds || count === 0) return false;
  const [first, last] = [placeAt(points, 0), placeAt(points, count - 1)];
  return (
    compareTimes([last.timestamp, last.step], bounds.first) >= 0 &&
    compareTimes([first.timestamp, first.step], bounds.last) <= 0
  );
}

/** Changes in batches, each whole in one. */
function batchesOf(changes: readonly Change[]): Change[][] {
  const batches: Change[][] = [];
  let [writes, bytes] = [writesMax, 0];
  for (const change of changes) {
    if (change.writes.length === 0) continue;
    const size = change.writes.reduce((sum, write) => sum + bytesOf(write), 0);
    writes += change.writes.length;
    bytes += size;
    if (writes > writesMax || bytes > bytesMax) {
      batches.push([]);
      [writes, bytes] = [change.writes.length, size];
    }
    batches.at(-1)?.push(change);
  }
  return batches;
}

function bytesOf(write: Write): number {
  return 'doc' in write ? JSON.stringify(write.doc).length : 0;
}

/** Whether the documents were there to be deleted, all of them. */
async function deleteAll(ctx: Context, run: RunKey, documents: readonly Unfolded[]): Promise<boolean> {
  const writes = documents.map(({ id, etag }): Write => ({ op: 'delete', id, etag }));
  const { outcome } = await ctx.stores.documents('runs').batch(runPartition(run), writes);
  return outcome === 'applied';
}
