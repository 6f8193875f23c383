import type { Context } from '../context.ts';
import { type Cell, CsvError, type DatasetRef, readTable, type Table } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { columnHasher, type ColumnRules, noRules, ruleOf } from '../privacy/index.ts';
import { type Joined, type Outcome, outcomeOf } from '../outcomes/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { loadModel } from '../serving/index.ts';
import { answersOf, type Column, columnOf, type Sample } from './sample.ts';

/** Rows of a reference whose values a check reads, spread evenly over what there is. */
const referenceRowsMax = 10_000;

/** The reference set of a version, with what the version itself answers to some of its rows. */
export type ReferenceSet = {
  readonly ref: DatasetRef;
  readonly table: Table;
  /** The rows that were drawn and scored, by their numbers. */
  readonly rows: readonly number[];
  readonly sample: Sample;
};

/**
 * The reference set of a version, scored by the version; a reason where it names none that can be read.
 */
export async function readReferenceSet(
  ctx: Context,
  ready: VersionReady,
  rules: ColumnRules = noRules,
): Promise<ReferenceSet | { readonly why: string }> {
  const { reference } = ready;
  if (reference === undefined) return { why: 'The version names no reference set.' };
  try {
    return await referenceSetOf(ctx, ready, reference, rules);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { why: `The reference set cannot be read: ${reasonOf(error, rules)}` };
  }
}

/**
 * What turns out of a version's answers to the evaluation set that it names; `undefined` where it names none that can be read and scored.
 */
export async function evaluationOutcome(
  ctx: Context,
  ready: VersionReady,
  rules: ColumnRules = noRules,
): Promise<Outcome | undefined> {
  const { evaluation } = ready;
  if (evaluation === undefined) return undefined;
  try {
    const table = await readTable(ctx, evaluation);
    const labels = table.column(labelColumn(ready, evaluation, table));
    const { classes, scores } = await scoreTable(ctx, ready, table, [...labels.keys()]);
    const joined = labels.flatMap((label, row): Joined[] =>
      label === null
        ? []
        : [
            {
              predictionId: String(row).padStart(10, '0'),
              at: 0,
              predicted: classes?.[row] ?? null,
              score: scores[row] ?? null,
              label,
            },
          ],
    );
    return outcomeOf('', table.rows, joined);
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

async function referenceSetOf(
  ctx: Context,
  ready: VersionReady,
  ref: DatasetRef,
  rules: ColumnRules,
): Promise<ReferenceSet> {
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
  const answers = await scoreTable(ctx, ready, table, rows).then(
    ({ scores, classes }) => answersOf(Array.from(scores), classes ?? []),
    (error: unknown) => {
      // Features can still be compared.
      if (isUnreadable(error)) return answersOf([], []);
      throw error;
    },
  );
  return { ref, table, rows, sample: { rows: rows.length, features, ...answers } };
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
