import type { Context } from '../context.ts';
import { type Cell, readTable, type Table } from '../datasets/index.ts';
import { type EdgeSet, type Profile, profileOf } from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { isUnreadable, scoreTable, spread } from './reference.ts';

/** What was counted of the reference set of a version, or why there is nothing to count. */
export type CountedReference =
  | { readonly profile: Profile; readonly uri: string; readonly rows: number }
  | { readonly why: string };

/** Counts the reference set of a version between its edges, as its predictions are counted. */
export async function referenceProfile(
  ctx: Context,
  ready: VersionReady,
  edges: EdgeSet,
): Promise<CountedReference> {
  const { reference, digest, signature } = ready;
  if (!reference) return { why: 'The version names no reference set.' };
  try {
    const table = await readTable(ctx, reference);
    const isFloat32 = signature.inputs.length === 1 && signature.inputs[0]?.elementType === 'float32';
    const given = (cell: Cell) => (isFloat32 && typeof cell === 'number' ? Math.fround(cell) : cell);
    const { classes, scores } = await answersOf(ctx, ready, table);
    const key = { digest, edgeSet: edges.id, source: 'batch', segment: '', hour: '' } as const;
    const columns: Readonly<Record<string, readonly Cell[]>> = {
      class: classes,
      score: scores,
      predictionId: [],
    };
    const counted = profileOf(
      {
        rows: table.rows,
        columns: table.columns.map((name) => `in.${name}`),
        column: (name) =>
          Object.hasOwn(columns, name)
            ? (columns[name] ?? [])
            : table.column(name.slice('in.'.length)).map(given),
        hidden: new Map(),
      },
      key,
      edges,
    );
    return { profile: counted, uri: reference.uri, rows: table.rows };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    // It is not said which value: the set may hold personal data.
    return { why: `The reference set of the version cannot be read (${error.code}).` };
  }
}

/** What the version answers to some of its reference; nothing where it cannot be asked. */
async function answersOf(ctx: Context, ready: VersionReady, table: Table) {
  try {
    const { classes, scores } = await scoreTable(ctx, ready, table, spread(table.rows));
    return { classes: classes ?? [], scores: Array.from(scores) };
  } catch (error) {
    if (isUnreadable(error)) return { classes: [], scores: [] };
    throw error;
  }
}
