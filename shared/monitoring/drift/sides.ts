import { type EdgeSet, edgeSetOf, type Profile, profileOf } from '../../profiles/index.ts';
import type { Column, Sample } from '../sample.ts';

/** One side of a comparison: what was counted of its rows, and the values of some of them. */
export type Side = {
  readonly rows: number;
  readonly profile: Profile;
  /** `null` where the log has none of the rows. */
  readonly sample: Sample | null;
};

/** A window and what it is held against, counted between the same edges. */
export type Sides = {
  readonly edges: EdgeSet;
  /** `exact` where only the samples are counted: of a version that has no edges of its own. */
  readonly basis: 'profile' | 'exact';
  readonly reference: Side;
  readonly current: Side;
};

/** A side of which nothing was counted but its sample. */
export function sampledSide(sample: Sample, edges: EdgeSet): Side {
  return { rows: sample.rows, profile: profileOfSample(sample, edges), sample };
}

/** Edges for two samples, by the values of the reference. */
export function edgesOfSample({ features, score, classes }: Sample): EdgeSet {
  const columns = [...features].flatMap(([name, column]) =>
    column.hidden === 'mask' || column.hidden === 'mixed' ? [] : [{ name, cells: cellsOf(column) }],
  );
  return edgeSetOf(columns, { score: classes || !score ? [] : score });
}

function profileOfSample({ rows, features, score, classes }: Sample, edges: EdgeSet): Profile {
  const hidden = [...features].filter(([, column]) => column.hidden === 'mask' || column.hidden === 'mixed');
  const answers: Readonly<Record<string, readonly (string | number | null)[]>> = {
    class: classes ?? [],
    score: score ? Array.from(score, (value) => (Number.isNaN(value) ? null : value)) : [],
    predictionId: [],
  };
  return profileOf(
    {
      rows,
      columns: [...features.keys()].map((name) => `in.${name}`),
      column(name) {
        if (Object.hasOwn(answers, name)) return answers[name] ?? [];
        const column = features.get(name.slice('in.'.length));
        return column ? cellsOf(column) : [];
      },
      hidden: new Map(hidden.map(([name, column]) => [`in.${name}`, column.hidden])),
    },
    { digest: '', edgeSet: edges.id, source: 'realtime', segment: '', hour: '' },
    edges,
  );
}

function cellsOf(column: Column): readonly (string | number | null)[] {
  if (column.kind === 'categorical') return column.values;
  return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
}
