import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { type Cell, type DatasetRef, parseTable, resolveUri, type Table } from '../datasets/index.ts';
import { CairnError } from '../http/index.ts';
import { portsOf, type VersionReady } from '../registry/index.ts';
import { rulesOf } from '../endpoints/index.ts';
import { scoresOf } from '../predictions/index.ts';
import { answerAside, parseInvocation, parseScoringJson, readingOf, type Tensors } from '../serving/index.ts';
import type { DataSet } from './gates/drift.ts';
import type { Answers } from './gates/no-regression.ts';

/** What fits an instance of 512 MB beside two models. */
const tableLimits = { bytesMax: 64 * 1024 * 1024, cellsMax: 8_000_000 };
/** More rows make the verdict hardly surer, and the judging long. */
const rowsMax = 100_000;
const rowsPerBatch = 2_000;

/** Reads a set of rows. Throws `not-found`, `too-large`, or `invalid` where it is not the file that was named. */
export async function readSet(ctx: Context, ref: DatasetRef): Promise<DataSet> {
  const { container, blob } = await resolveUri(ctx, ref);
  const bytes = await ctx.stores.blobs(container).read(blob, tableLimits.bytesMax);
  if (!bytes) throw new CairnError('not-found', `There is no file at '${ref.uri}'.`, { field: 'uri' });
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (ref.digest?.startsWith('sha256:') && ref.digest !== digest)
    throw new CairnError('invalid', `The file at '${ref.uri}' is not the one whose digest was given.`, {
      field: 'digest',
    });
  return { uri: ref.uri, digest, table: await parseTable(bytes, tableLimits) };
}

/** The column that the reference declares, else the only one that is no feature. Throws `invalid` where neither tells. */
export function labelColumnOf(ref: DatasetRef, table: Table, ready: VersionReady): string {
  if (ref.labelColumn !== undefined) {
    table.column(ref.labelColumn);
    return ref.labelColumn;
  }
  const taken = new Set([...(ready.features ?? []), ...ready.signature.inputs.map(({ name }) => name)]);
  const [only, ...others] = table.columns.filter((name) => !taken.has(name));
  if (only !== undefined && others.length === 0) return only;
  throw new CairnError(
    'invalid',
    `'${ref.uri}' does not say which column holds the label; name it as labelColumn in the tag cairn.evaluation.`,
    { field: 'labelColumn' },
  );
}

/** The numbers of the rows that have a label; of very many, some evenly spread. */
export function labelledRows(labels: readonly Cell[]): number[] {
  const rows = labels.flatMap((label, row) => (label === null ? [] : [row]));
  if (rows.length <= rowsMax) return rows;
  return Array.from({ length: rowsMax }, (_, i) => rows[Math.floor((i * rows.length) / rowsMax)] ?? 0);
}

/**
 * What a version answers to rows of a table, a batch at a time; it is given them as a caller of its
 * endpoint would, by the names of the columns. Throws `conflict` for a model that gives no class or number.
 */
export async function answersOf(
  ctx: Context,
  ready: VersionReady,
  table: Table,
  rows: readonly number[],
  labelColumn: string,
): Promise<Answers> {
  const columns = table.columns.filter((name) => name !== labelColumn);
  const cells = columns.map((name) => table.column(name));
  const { modelId, version, digest } = ready;
  // What its author tagged as personal data is not quoted by what is wrong with a row.
  const rules = await rulesOf(ctx, {}, { modelId, stable: { version, digest } });
  const model = { ready, inputs: portsOf(ready.signature.inputs), rules };
  const reading = readingOf([model]);
  const batches: Tensors[] = [];
  for (let from = 0; from < rows.length; from += rowsPerBatch) {
    const batch = rows.slice(from, from + rowsPerBatch);
    const data = batch.map((row) => cells.map((column) => column[row] ?? null));
    const text = JSON.stringify({ dataframe_split: { columns, data } });
    batches.push(parseInvocation(parseScoringJson(text, reading), model).inputs);
  }
  const { roles, answers } = await answerAside(ctx, ready, batches);
  if (!roles)
    throw new CairnError(
      'conflict',
      `Version ${ready.version} answers with no class and no number, so its answers cannot be held against labels.`,
    );
  const classes: string[] = [];
  const values: number[] = [];
  const probabilities: number[] = [];
  for (const [at, outputs] of answers.entries()) {
    const scores = scoresOf(roles, outputs, Math.min(rowsPerBatch, rows.length - at * rowsPerBatch));
    for (const each of scores.classes ?? []) classes.push(each);
    for (const each of scores.scores) values.push(each);
    for (const each of scores.probabilities ?? []) probabilities.push(each);
  }
  if (roles.task === 'regression') return { kind: 'numbers', values };
  return {
    kind: 'classes',
    classes,
    probabilities: probabilities.length > 0 ? probabilities : null,
    labels: roles.classes,
  };
}
