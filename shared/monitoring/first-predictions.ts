import type { Context } from '../context.ts';
import type { Cell } from '../datasets/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { inputColumns, readPredictions } from '../predictions/index.ts';
import type { Monitor } from './model.ts';
import type { ReferenceSource } from './model.ts';
import { answersOf, columnOf, type Hidden, hiddenAs, hidings, type Sample } from './sample.ts';
import { settleSeconds } from './windows.ts';

/** The rows that were answered first, once there are enough. */
export type FirstReference = { readonly source: ReferenceSource; readonly sample: Sample | null };

/** Rows that become the reference of a version which names none. */
const firstPredictionsRows = 1000;

/** The stored reference of a version, or a new one when it has answered enough settled rows. */
export async function firstPredictions(
  ctx: Context,
  monitor: Monitor,
  ready: VersionReady,
  since: number,
  why: string,
): Promise<FirstReference> {
  const blobs = ctx.stores.blobs('monitoring');
  const name = `${referencesFolder(ctx, monitor.monitorId)}${ready.digest.replace('sha256:', '')}.json`;
  const stored = await blobs.read(name);
  if (stored) return fromFirst(JSON.parse(stored.toString()) as First, why);
  const wanted = Math.max(firstPredictionsRows, monitor.minRows);
  const first = await collectFirst(ctx, monitor.endpoint, ready.digest, since, wanted);
  if (first.rows.length < wanted)
    return {
      source: {
        source: 'none',
        why: `${why} Its first ${wanted} predictions will be the reference; there are ${first.rows.length}.`,
      },
      sample: null,
    };
  // Create-only: two checks at once agree on the first one written.
  const isNew = await blobs.write(name, Buffer.from(JSON.stringify(first)), {
    createOnly: true,
    contentType: 'application/json',
  });
  return isNew ? fromFirst(first, why) : firstPredictions(ctx, monitor, ready, since, why);
}

/** Where the first rows of versions are kept for a monitor, in container `monitoring`. */
export function referencesFolder(ctx: Context, monitorId: string): string {
  return `${ctx.workspace}/${monitorId}/references/`;
}

/** The first rows of a version: cells by `features`, and the time of the last one. Format 1 knows no ids. */
export type First = {
  readonly v: 1 | 2;
  readonly features: readonly string[];
  readonly hidden?: Readonly<Record<string, Hidden>>;
  readonly until: number;
  readonly rows: readonly {
    readonly id?: string;
    readonly cells: readonly Cell[];
    readonly score: number | null;
    readonly class?: string | null;
  }[];
};

type Found = {
  readonly at: number;
  readonly id: string;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly score: number | null;
  readonly class: string | null;
};

function fromFirst({ features, hidden, rows, until }: First, why: string): FirstReference {
  const columns = features.map(
    (name, i) =>
      [name, hiddenAs(columnOf(rows.map(({ cells }) => cells[i] ?? null)), hidden?.[name])] as const,
  );
  return {
    source: { source: 'first-predictions', why, rows: rows.length, until },
    sample: {
      rows: rows.length,
      features: new Map(columns),
      ...answersOf(
        rows.map((row) => row.score),
        rows.map((row) => row.class ?? null),
      ),
    },
  };
}

/** The earliest `wanted` settled rows of a version, by time and id. Parts come hour by hour. */
async function collectFirst(
  ctx: Context,
  endpoint: string,
  digest: string,
  since: number,
  wanted: number,
): Promise<First> {
  const to = ctx.clock.now() - settleSeconds * 1000;
  const features = new Set<string>();
  const hidden = hidings();
  let first: Found[] = [];
  let hour = '';
  if (since < to)
    for await (const table of readPredictions(ctx, { endpoint, from: since, to })) {
      const ids = table.column('predictionId');
      const partHour = String(ids[0]).slice(0, 10);
      if (partHour !== hour && first.length >= wanted) break;
      hour = partHour;
      // A part has rows of one version.
      if (table.column('digest')[0] !== digest) continue;
      const [times, scores, classes] = ['ts', 'score', 'class'].map((name) => table.column(name));
      const inputs = inputColumns(table);
      for (const [name] of inputs) features.add(name);
      hidden.add(
        table,
        inputs.map(([name]) => name),
      );
      const rows = ids.map(
        (id, row): Found => ({
          at: Number(times?.[row]),
          id: String(id),
          cells: new Map(inputs.map(([name, column]) => [name, missingAsNull(column[row])])),
          score: missingAsNull(scores?.[row]) as number | null,
          class: missingAsNull(classes?.[row]) as string | null,
        }),
      );
      // Cut after each part, so that memory follows what is wanted and not how busy the hour was.
      first = [...first, ...rows].toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)).slice(0, wanted);
    }
  return {
    v: 2,
    features: [...features],
    hidden: hidden.all(),
    until: first.at(-1)?.at ?? 0,
    rows: first.map(({ id, cells, score, class: answered }) => ({
      id,
      cells: [...features].map((name) => cells.get(name) ?? null),
      score,
      class: answered,
    })),
  };
}

function missingAsNull(cell: Cell | undefined): Cell {
  return cell === undefined || Number.isNaN(cell) ? null : cell;
}
