import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import {
  erasedRows,
  type Label,
  logFolder,
  type PartTable,
  placeOf,
  readLabels,
  readPart,
} from '../predictions/index.ts';
import { boundsOf } from '../profiles/index.ts';
import type { HourOutcomes } from './codec.ts';
import { type Joined, mergeOutcomes, type Outcome, outcomeOf } from './outcome.ts';

/** What the log has of an hour, by names and states. */
export type Listing = {
  /** The same where labels, parts and tombstones are the same. */
  readonly madeOf: string;
  readonly labels: number;
  /** Parts by what their rows' ids name them, with the name of their blob. */
  readonly parts: ReadonlyMap<string, string>;
  readonly tombstones: readonly string[];
};

const kinds = ['labels', 'parts', 'tombstones'] as const;
const joinColumns = ['predictionId', 'ts', 'digest', 'class', 'score', 'source'];

export async function listHour(ctx: Context, endpoint: string, hour: string): Promise<Listing> {
  const state = createHash('sha256');
  const names: Record<(typeof kinds)[number], string[]> = { labels: [], parts: [], tombstones: [] };
  for (const kind of kinds)
    for await (const { name, etag } of ctx.stores
      .blobs('predictions')
      .walk(logFolder(ctx, endpoint, kind, hour))) {
      state.update(`${name} ${etag}\n`);
      names[kind].push(name);
    }
  return {
    madeOf: state.digest('hex').slice(0, 32),
    labels: names.labels.length,
    parts: new Map(names.parts.map((name) => [bufferOf(name), name])),
    tombstones: names.tombstones,
  };
}

/**
 * Holds the labels of an hour against the predictions that they name: those that were not erased, and not the copies
 * that mirrors answered. Only parts that labels name are read; where the rows of some are in none of these, the others
 * are looked at, since rows out of a queue are in parts of other names. `within` leaves out rows of other times.
 */
export async function joinHour(
  ctx: Context,
  endpoint: string,
  hour: string,
  { madeOf, parts }: Listing,
  within: { readonly from: number; readonly to: number } = { from: 0, to: Infinity },
): Promise<HourOutcomes> {
  const { from, to } = boundsOf(hour);
  const labels = await readLabels(ctx, { endpoint, from, to });
  const erased = await erasedRows(ctx, endpoint, hour);
  for (const id of labels.keys()) if (erased.has(id)) labels.delete(id);
  const named = new Set([...labels.keys()].map((id) => placeOf(id).buffer));
  const first = [...parts.keys()].filter((part) => named.has(part));
  const others = [...parts.keys()].filter((part) => !named.has(part));
  const joined = new Map<string, { rows: number; hidden: number; pairs: Joined[] }>();
  for (const part of [...first, ...others]) {
    if (labels.size === 0) break;
    const bytes = await ctx.stores.blobs('predictions').read(parts.get(part) ?? '');
    if (!bytes) continue;
    if (!named.has(part) && !(await readPart(bytes, [])).isQueued) continue;
    const table = await readPart(bytes, joinColumns);
    const pairs = pairsOf(table, labels).filter(({ at }) => at >= within.from && at < within.to);
    if (pairs.length === 0) continue;
    const digest = String(table.column('digest')[0]);
    const of = joined.get(digest) ?? { rows: 0, hidden: 0, pairs: [] };
    joined.set(digest, of);
    of.rows += table.rows;
    // A label would say openly what the data policy keeps out of the log.
    if (isAnswerHidden(table)) of.hidden += pairs.length;
    else for (const pair of pairs) of.pairs.push(pair);
  }
  const byDigest = new Map<string, Outcome>();
  for (const [digest, { rows, hidden, pairs }] of joined) {
    const outcome = outcomeOf(hour, rows, pairs);
    byDigest.set(digest, { ...outcome, unusable: outcome.unusable + hidden });
  }
  return { hour, madeOf, unmatched: labels.size, byDigest };
}

/** The rows of a part that have a label, which is taken out of `labels`: a row that is in two parts is joined once. */
function pairsOf(table: PartTable, labels: Map<string, Label>): Joined[] {
  if (table.column('source')[0] === 'mirror') return [];
  const [ids, times, classes, scores] = ['predictionId', 'ts', 'class', 'score'].map((name) =>
    table.column(name),
  );
  const pairs: Joined[] = [];
  for (let row = 0; row < table.rows; row++) {
    const predictionId = String(ids?.[row]);
    const label = labels.get(predictionId);
    if (label === undefined) continue;
    labels.delete(predictionId);
    const [predicted, score] = [classes?.[row], scores?.[row]];
    pairs.push({
      predictionId,
      at: Number(times?.[row]),
      predicted: typeof predicted === 'string' ? predicted : null,
      score: typeof score === 'number' ? score : null,
      label,
    });
  }
  return pairs;
}

function isAnswerHidden({ hidden }: PartTable): boolean {
  return [...hidden.keys()].some((name) => name.startsWith('out.'));
}

/** All of some hours by digest, and how many labels found no prediction. */
export function sumOfHours(hours: readonly HourOutcomes[]): Pick<HourOutcomes, 'byDigest' | 'unmatched'> {
  const byDigest = new Map<string, Outcome>();
  let unmatched = 0;
  for (const hour of hours) {
    unmatched += hour.unmatched;
    for (const [digest, outcome] of hour.byDigest) {
      const before = byDigest.get(digest);
      byDigest.set(digest, before ? mergeOutcomes(before, outcome) : outcome);
    }
  }
  return { byDigest, unmatched };
}

function bufferOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace('.parquet', '');
}
