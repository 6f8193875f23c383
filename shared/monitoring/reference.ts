import type { Context } from '../context.ts';
import { type Cell, CsvError, type DatasetRef, readTable, type Table } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { columnHasher, type ColumnRules, noRules, ruleOf } from '../privacy/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { loadModel } from '../serving/index.ts';
import { firstPredictions } from './first-predictions.ts';
import type { Baseline, Monitor } from './model.ts';
import { type Column, columnOf, type Reference } from './sample.ts';

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
  rules: ColumnRules = noRules,
): Promise<Reference> {
  if (ready.reference === undefined)
    return firstPredictions(ctx, monitor, ready, since, 'The version names no reference set.');
  try {
    return await datasetReference(ctx, ready, ready.reference, rules);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const why = `The reference set cannot be read: ${reasonOf(error, rules)}`;
    return firstPredictions(ctx, monitor, ready, since, why);
  }
}

/**
 * Accuracy of a version on the evaluation set it names; `undefined` where it names none that can be
 * read and scored.
 */
export async function evaluationBaseline(
  ctx: Context,
  ready: VersionReady,
  rules: ColumnRules = noRules,
): Promise<Baseline | undefined> {
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
      reason: reasonOf(error, rules),
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

async function datasetReference(
  ctx: Context,
  ready: VersionReady,
  ref: DatasetRef,
  rules: ColumnRules,
): Promise<Reference> {
  const table = await readTable(ctx, ref);
  const rows = spread(table.rows);
  const names = (ready.features ?? table.columns).filter(
    (name) => name !== ref.labelColumn && table.columns.includes(name),
  );
  const features = new Map(
    names.map((name) => {
      const column = table.column(name);
      const cells = rows.map((row) => column[row] ?? null);
      return [name, asLogged(ready, name, cells, rules)];
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

/** What a version answers to some rows of a table. Throws what {@link isUnreadable} tells where it cannot. */
export async function scoreTable(ctx: Context, ready: VersionReady, table: Table, rows: readonly number[]) {
  if (!ready.features)
    throw new CairnError(
      'invalid',
      `Version ${ready.version} does not declare its features, so a table cannot be scored.`,
    );
  const columns = ready.features.map((name) => table.column(name));
  const matrix = new Float32Array(rows.length * columns.length);
  for (const [i, row] of rows.entries())
    for (const [j, column] of columns.entries())
      matrix[i * columns.length + j] = numberOf(column[row] ?? null, row, ready.features[j] ?? '');
  const model = await loadModel(ctx, ready);
  return model.score(matrix, rows.length);
}

function numberOf(cell: Cell, row: number, column: string): number {
  if (typeof cell === 'string')
    throw new CsvError({
      row: row + 1,
      column,
      value: cell,
      reason: 'is not a number, which the model needs',
    });
  return cell ?? Number.NaN;
}

/** A column of the reference as the log has it: what is hashed there is hashed here, so that both can be compared. */
function asLogged(
  { signature, features }: VersionReady,
  name: string,
  cells: readonly Cell[],
  rules: ColumnRules,
): Column {
  const [input] = signature.inputs;
  const tensor = features?.includes(name) && input ? input.name : name;
  const isSingle = signature.inputs.length === 1 && input?.elementType === 'float32';
  switch (ruleOf(rules, { side: 'in', tensor, name })) {
    case 'mask':
      return { ...columnOf(cells.map(() => null)), hidden: 'mask' };
    case 'hash': {
      if (!rules.key) return { ...columnOf(cells.map(() => null)), hidden: 'mask' };
      const hash = columnHasher(rules.key, name);
      // The log has what the model was given.
      const given = (cell: Cell) => (isSingle && typeof cell === 'number' ? Math.fround(cell) : cell);
      return {
        kind: 'categorical',
        values: cells.map((cell) => hash(given(cell))),
        hidden: `hash:${rules.key.id}`,
      };
    }
    case undefined:
      return columnOf(cells);
  }
}

/** Why a set could not be used; where it has personal data, without the value that was wrong. */
function reasonOf(error: CairnError, { columns }: ColumnRules): string {
  if (columns.size === 0) return error.message;
  return error instanceof CsvError ? error.withoutValue().message : error.message;
}

/** At most {@link referenceRowsMax} row numbers, evenly spread over `rows`. */
export function spread(rows: number): number[] {
  const count = Math.min(rows, referenceRowsMax);
  return Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
}

/** What a bad or missing file, or a model that cannot score it, fails with; not what a busy store does. */
export function isUnreadable(error: unknown): error is CairnError {
  return error instanceof CairnError && error.status < 500 && error.code !== 'too-many';
}
