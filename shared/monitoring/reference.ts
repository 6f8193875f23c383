import type { Context } from '../context.ts';
import { type Cell, type DatasetRef, readTable, type Table } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { loadModel } from '../serving/index.ts';
import { firstPredictions } from './first-predictions.ts';
import type { Baseline, Monitor } from './model.ts';
import { columnOf, type Reference } from './sample.ts';

/** Rows of a reference that a check reads, spread evenly over what there is. */
const referenceRowsMax = 10_000;

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

function numberOf(cell: Cell): number {
  if (typeof cell === 'string')
    throw new CairnError('invalid', `'${cell.slice(0, 40)}' is not a number, which the model needs.`);
  return cell ?? Number.NaN;
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
