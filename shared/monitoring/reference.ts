import type { Context } from '../context.ts';
import { type DatasetRef, readTable, type Table } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { loadModel, readPredictions } from '../serving/index.ts';
import type { Baseline, Monitor, ReferenceSource } from './model.ts';
import { columnOf, type Sample } from './sample.ts';
import { settleSeconds } from './windows.ts';

/** Rows of a reference that a check reads, spread evenly over what there is. */
const referenceRowsMax = 10_000;
/** Rows that become the reference of a version which names none. */
const firstPredictionsRows = 1000;

export type Reference = { readonly source: ReferenceSource; readonly sample: Sample | null };

/**
 * What a version's predictions are held against: its reference set, scored by the version itself; where
 * it names none that can be read, the first rows it answered, once there are enough of them.
 */
export async function readReference(
  ctx: Context,
  monitor: Monitor,
  ready: VersionReady,
  since: number,
): Promise<Reference> {
  if (ready.reference === undefined)
    return firstPredictions(ctx, monitor, ready, since, 'The version names no reference set.');
  try {
    return await datasetReference(ctx, ready, ready.reference);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return firstPredictions(ctx, monitor, ready, since, `The reference set cannot be read: ${error.message}`);
  }
}

/**
 * Accuracy of a version on the evaluation set it names; `undefined` where it names none that can be
 * read and scored.
 */
export async function evaluationBaseline(ctx: Context, ready: VersionReady): Promise<Baseline | undefined> {
  const { evaluation } = ready;
  if (evaluation === undefined) return undefined;
  try {
    const table = await readTable(ctx, evaluation);
    const labels = table.column(labelColumn(ready, evaluation, table));
    const { classes } = await scoreTable(ctx, ready, table, [...labels.keys()]);
    if (!classes || table.rows === 0) return undefined;
    const correct = classes.filter((predicted, row) => predicted === String(labels[row])).length;
    return { source: 'evaluation-set', accuracy: correct / table.rows, rows: table.rows };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    ctx.log.warn('evaluation set not usable', {
      modelId: ready.modelId,
      version: ready.version,
      reason: error.message,
    });
    return undefined;
  }
}

/** The column that the reference declares, else the only one that is no feature. */
function labelColumn(ready: VersionReady, ref: DatasetRef, table: Table): string {
  if (ref.labelColumn !== undefined) return ref.labelColumn;
  const [only, ...others] = table.columns.filter((name) => !ready.features?.includes(name));
  if (only !== undefined && others.length === 0) return only;
  throw new CairnError('invalid', `'${ref.uri}' does not say which column holds the label; add labelColumn.`);
}

async function datasetReference(ctx: Context, ready: VersionReady, ref: DatasetRef): Promise<Reference> {
  const table = await readTable(ctx, ref);
  const rows = spread(table.rows);
  const names = (ready.features ?? table.columns).filter(
    (name) => name !== ref.labelColumn && table.columns.includes(name),
  );
  const features = new Map(
    names.map((name) => {
      const column = table.column(name);
      return [name, columnOf(rows.map((row) => column[row] ?? null))];
    }),
  );
  const score = await scoreTable(ctx, ready, table, rows).then(
    ({ scores }) => (scores.every(Number.isNaN) ? null : scores),
    (error: unknown) => {
      // Features can still be compared.
      if (isUnreadable(error)) return null;
      throw error;
    },
  );
  return {
    source: {
      source: 'dataset',
      uri: ref.uri,
      ...(ref.digest === undefined ? {} : { digest: ref.digest }),
      rows: table.rows,
    },
    sample: { rows: rows.length, features, score },
  };
}

async function scoreTable(ctx: Context, ready: VersionReady, table: Table, rows: readonly number[]) {
  if (!ready.features)
    throw new CairnError(
      'invalid',
      `Version ${ready.version} does not declare its features, so a table cannot be scored.`,
    );
  const columns = ready.features.map((name) => table.column(name));
  const matrix = new Float32Array(rows.length * columns.length);
  for (const [i, row] of rows.entries())
    for (const [j, column] of columns.entries())
      matrix[i * columns.length + j] = numberOf(column[row] ?? null);
  const model = await loadModel(ctx, ready);
  return model.score(matrix, rows.length);
}

function numberOf(cell: string | number | null): number {
  if (typeof cell === 'string')
    throw new CairnError('invalid', `'${cell.slice(0, 40)}' is not a number, which the model needs.`);
  return cell ?? Number.NaN;
}

/** The stored reference of a version, or a new one when it has answered enough settled rows. */
async function firstPredictions(
  ctx: Context,
  monitor: Monitor,
  ready: VersionReady,
  since: number,
  why: string,
): Promise<Reference> {
  const blobs = ctx.stores.blobs('monitoring');
  const name = `${ctx.workspace}/${monitor.monitorId}/references/${ready.digest.replace('sha256:', '')}.json`;
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

type Cell = string | number | null;
/** The first rows of a version: cells by `features`, and the time of the last one. Format 1. */
type First = {
  readonly v: 1;
  readonly features: readonly string[];
  readonly until: number;
  readonly rows: readonly { readonly cells: readonly Cell[]; readonly score: number | null }[];
};

function fromFirst({ features, rows, until }: First, why: string): Reference {
  const columns = features.map(
    (name, i) => [name, columnOf(rows.map(({ cells }) => cells[i] ?? null))] as const,
  );
  const score = Float64Array.from(rows, (row) => row.score ?? Number.NaN);
  return {
    source: { source: 'first-predictions', why, rows: rows.length, until },
    sample: {
      rows: rows.length,
      features: new Map(columns),
      score: score.every(Number.isNaN) ? null : score,
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
  const found: { at: number; id: string; cells: ReadonlyMap<string, Cell>; score: number | null }[] = [];
  const features = new Set<string>();
  let hour = '';
  if (since < to)
    for await (const table of readPredictions(ctx, { endpoint, from: since, to })) {
      const ids = table.column('predictionId');
      const partHour = String(ids[0]).slice(0, 10);
      if (partHour !== hour && found.length >= wanted) break;
      hour = partHour;
      const [times, digests, scores] = ['ts', 'digest', 'score'].map((name) => table.column(name));
      const inputs = table.columns
        .filter((name) => name.startsWith('in.'))
        .map((name) => [name.slice(3), table.column(name)] as const);
      for (const [name] of inputs) features.add(name);
      for (let row = 0; row < table.rows; row++) {
        const at = Number(times?.[row]);
        if (digests?.[row] !== digest) continue;
        const cells = new Map(inputs.map(([name, column]) => [name, missingAsNull(column[row])]));
        found.push({ at, id: String(ids[row]), cells, score: missingAsNull(scores?.[row]) as number | null });
      }
    }
  const first = found.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)).slice(0, wanted);
  return {
    v: 1,
    features: [...features],
    until: first.at(-1)?.at ?? 0,
    rows: first.map(({ cells, score }) => ({
      cells: [...features].map((name) => cells.get(name) ?? null),
      score,
    })),
  };
}

function missingAsNull(cell: Cell | undefined): Cell {
  return cell === undefined || Number.isNaN(cell) ? null : cell;
}

/** At most {@link referenceRowsMax} row numbers, evenly spread over `rows`. */
function spread(rows: number): number[] {
  const count = Math.min(rows, referenceRowsMax);
  return Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
}

/** What a bad or missing file, or a model that cannot score it, fails with; not what a busy store does. */
function isUnreadable(error: unknown): error is CairnError {
  return error instanceof CairnError && error.status < 500 && error.code !== 'too-many';
}
