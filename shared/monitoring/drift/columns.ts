import type { DriftPreset } from '../../stats/index.ts';
import type { Column, Hidden, Sample } from '../sample.ts';
import type { Item } from '../signal.ts';
import {
  type Counted,
  countedClasses,
  countedFeature,
  countedScores,
  type Overlay,
  overlayOf,
} from './counted.ts';
import { type Figure, figureOfCounts, figureOfValues } from './figures.ts';
import type { Side, Sides } from './sides.ts';

/** A column of both sides, or why it cannot be compared. */
export type Pair = { readonly name: string } & (
  | { readonly why: string }
  | {
      readonly reference: Half;
      readonly current: Half;
      /** That its numbers were counted between. */
      readonly edges: ArrayLike<number>;
      /** Whether what was counted is of more rows than the values. */
      readonly isCounted: boolean;
    }
);

type Half = { readonly counted: Counted | null; readonly column: Column | undefined };

/** What is kept of an item beside what the result says: the figure that decided and the other one, and both sides. */
export type ItemDetail = Item & {
  readonly profile?: Figure;
  readonly exact?: Figure;
  readonly missing?: { readonly reference: number; readonly current: number };
  readonly overlay?: Overlay;
};

export type ComparedPair = {
  readonly pair: Pair;
  /** The figure that decides. */
  readonly figure?: Figure;
  readonly profile?: Figure;
  readonly exact?: Figure;
};

/** The features of both sides. */
export function featurePairs(sides: Sides): Pair[] {
  const { reference, current, edges, basis } = sides;
  const byName = new Map(edges.features.map((each) => [each.name, each]));
  const names = new Set([
    ...namesOf(reference),
    ...(basis === 'profile' ? current.profile.features.keys() : []),
    ...(current.sample?.features.keys() ?? []),
  ]);
  return [...names].map((name): Pair => {
    const [from, to] = [halfOf(reference, name), halfOf(current, name)];
    const why = whyNot(from, to, current, name);
    if (why !== undefined) return { name, why };
    const feature = byName.get(name);
    const isCounted =
      basis === 'profile' && from.counted !== null && to.counted !== null && !isHiddenIn(current, name);
    return {
      name,
      reference: from,
      current: to,
      edges: feature?.kind === 'numeric' ? feature.edges : [],
      isCounted,
    };
  });
}

/** What was answered: the score, and of a classifier the classes. */
export function answerPairs({ reference, current, edges, basis }: Sides): Pair[] {
  const isCounted = basis === 'profile';
  const pairs: Pair[] = [];
  const scores = [reference, current].map((side): Half => {
    const values = side.sample?.score;
    return {
      counted: countedScores(side.profile),
      column: values ? { kind: 'numeric', values } : undefined,
    };
  });
  const classes = [reference, current].map((side): Half => {
    const values = side.sample?.classes;
    return {
      counted: countedClasses(side.profile),
      column: values ? { kind: 'categorical', values } : undefined,
    };
  });
  for (const [name, [from, to]] of [
    ['score', scores],
    ['class', classes],
  ] as const)
    if (from?.counted && to?.counted)
      pairs.push({ name, reference: from, current: to, edges: edges.score, isCounted });
  return pairs;
}

/** The figures of a column by the test of a preset. */
export function comparePair(pair: Pair, preset: DriftPreset, psiMax: number): ComparedPair {
  if ('why' in pair) return { pair };
  const { reference, current, edges, isCounted } = pair;
  const exact =
    reference.column && current.column && figureOfValues(preset, reference.column, current.column, psiMax);
  const profile =
    isCounted && reference.counted && current.counted
      ? figureOfCounts(preset, reference.counted, current.counted, edges, psiMax, exact)
      : undefined;
  const figure = profile ?? exact;
  if (!figure)
    return {
      pair: {
        name: pair.name,
        why:
          reference.column && current.column
            ? `It is ${reference.column.kind} in the reference and ${current.column.kind} in the window.`
            : `Preset '${preset}' needs values, and the log has none of these rows.`,
      },
    };
  return { pair, figure, ...(profile ? { profile } : {}), ...(exact ? { exact } : {}) };
}

/** What is kept of an item in the detail of a result. */
export function detailOf(item: Item, { pair, profile, exact }: ComparedPair): ItemDetail {
  if ('why' in pair) return item;
  const [from, to] = [pair.reference.counted, pair.current.counted];
  // Hashes of people's values are not to be read anywhere but in the log.
  const isHidden = (pair.reference.column?.hidden ?? pair.current.column?.hidden) !== undefined;
  const overlay = isHidden ? undefined : overlayOf(from, to, pair.edges);
  return {
    ...item,
    ...(profile ? { profile } : {}),
    ...(exact ? { exact } : {}),
    ...(from && to ? { missing: { reference: from.missing, current: to.missing } } : {}),
    ...(overlay ? { overlay } : {}),
  };
}

function namesOf({ profile, sample }: Side): string[] {
  return [...profile.features.keys(), ...(sample?.features.keys() ?? [])];
}

function halfOf({ profile, sample }: Side, name: string): Half {
  const counts = profile.features.get(name);
  return { counted: counts ? countedFeature(counts) : null, column: sample?.features.get(name) };
}

function whyNot(from: Half, to: Half, current: Side, name: string): string | undefined {
  if (!from.counted && !from.column) return 'The reference does not have it.';
  const counts = current.profile.features.get(name);
  const isAbsent = counts ? counts.missing.absent === current.rows : !to.column;
  if (isAbsent && current.rows > 0) return 'The predictions of the window do not have it.';
  const hidden = whyHidden(from.column, to.column);
  if (hidden !== undefined) return hidden;
  // Not in the sample of the window, and hidden from what was counted.
  if (counts && counts.missing.hidden > 0 && !to.column) return 'The data policy masks or hashes it.';
  return undefined;
}

/** Why a column cannot be compared that holds personal data; hashes by one key can. */
function whyHidden(reference: Column | undefined, current: Column | undefined): string | undefined {
  const [from, to] = [reference?.hidden, current?.hidden];
  if (from === 'mask' || to === 'mask') return 'The data policy masks it.';
  const isAlike = (hidden: Hidden | undefined, other: Hidden | undefined) =>
    hidden === other && hidden !== 'mixed';
  if (reference && current ? isAlike(from, to) : from === undefined && to === undefined) return undefined;
  return 'Its data policy, or the key it is hashed by, changed between the rows that are compared.';
}

function isHiddenIn({ profile }: Side, name: string): boolean {
  return (profile.features.get(name)?.missing.hidden ?? 0) > 0;
}

/** The rows of a sample that are in a segment. */
export function rowsOfSample(
  sample: Sample,
  isIn: (cell: string | number | null) => boolean,
  column: string,
): Sample {
  const by = sample.features.get(column);
  const cells: readonly (string | number | null)[] =
    by === undefined || by.hidden !== undefined ? [] : Array.from<string | number | null>(by.values);
  const rows = cells.flatMap((cell, row) => (isIn(Number.isNaN(cell) ? null : cell) ? [row] : []));
  const some = <T>(values: readonly T[]) => rows.map((row) => values[row]);
  const numbers = (values: Float64Array) => Float64Array.from(rows, (row) => values[row] ?? Number.NaN);
  return {
    rows: rows.length,
    features: new Map(
      [...sample.features].map(([name, each]): [string, Column] => [
        name,
        each.kind === 'numeric'
          ? { ...each, values: numbers(each.values) }
          : { ...each, values: some(each.values) },
      ]),
    ),
    score: sample.score && numbers(sample.score),
    classes: sample.classes && some(sample.classes),
  };
}
