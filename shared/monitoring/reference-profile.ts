import type { Context } from '../context.ts';
import type { Cell } from '../datasets/index.ts';
import { type EdgeSet, type Profile, profileOf, type Segmentation, splitter } from '../profiles/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { readReferenceSet, type ReferenceSet } from './reference.ts';

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
  const set = await readReferenceSet(ctx, ready);
  // It is not said which value: the set may hold personal data.
  if ('why' in set)
    return { why: ready.reference ? 'The reference set of the version cannot be read.' : set.why };
  return { profile: countSet(set, ready, edges), uri: set.ref.uri, rows: set.table.rows };
}

/** What is counted of a reference set, or of one segment of it. */
export function countSet(
  { table, rows: drawn, sample }: ReferenceSet,
  { digest, signature }: VersionReady,
  edges: EdgeSet,
  part?: { readonly segment: string; readonly split: Segmentation },
): Profile {
  const isFloat32 = signature.inputs.length === 1 && signature.inputs[0]?.elementType === 'float32';
  const given = (cell: Cell) => (isFloat32 && typeof cell === 'number' ? Math.fround(cell) : cell);
  const key = { digest, edgeSet: edges.id, source: 'batch', hour: '' } as const;
  const isIn = part ? inSegment(table, part) : () => true;
  const rows = part ? Array.from({ length: table.rows }, (_, row) => row).filter(isIn) : undefined;
  const answered = drawn.flatMap((row, at) => (isIn(row) ? [at] : []));
  const answers: Readonly<Record<string, readonly Cell[]>> = {
    class: sample.classes ? answered.map((at) => sample.classes?.[at] ?? null) : [],
    score: sample.score ? answered.map((at) => sample.score?.[at] ?? null) : [],
    predictionId: [],
  };
  return profileOf(
    {
      rows: rows?.length ?? table.rows,
      columns: table.columns.map((name) => `in.${name}`),
      column(name) {
        if (Object.hasOwn(answers, name)) return answers[name] ?? [];
        const cells = table.column(name.slice('in.'.length));
        return rows ? rows.map((row) => given(cells[row] ?? null)) : cells.map(given);
      },
      hidden: new Map(),
    },
    { ...key, segment: part?.segment ?? '' },
    edges,
  );
}

function inSegment(
  table: ReferenceSet['table'],
  { segment, split }: { readonly segment: string; readonly split: Segmentation },
): (row: number) => boolean {
  if (!table.columns.includes(split.column)) return () => false;
  const cells = table.column(split.column);
  const segmentOf = splitter(split);
  return (row) => segmentOf(cells[row] ?? null) === segment;
}
