import { type DatasetRef, parseDatasetRef } from '../datasets/index.ts';
import type { ModelVersion } from '../registry/index.ts';
import { datasetLocation, type WholeRun } from '../tracking/index.ts';
import type { PromotionFacts } from './promotions.ts';

/** Rows that a version was made, judged or is watched by. */
export type DataFacts = {
  /** `reference` and `evaluation` are named by the version; `input` is what its run logged. */
  readonly role: 'reference' | 'evaluation' | 'input';
  readonly name: string | null;
  readonly uri: string | null;
  /** As whoever named it gave it. */
  readonly digest: string | null;
  /** As a gate of the last promotion that read it found it, where one did. */
  readonly judged: { readonly digest: string; readonly promotion: number } | null;
  readonly rows: number | null;
  /** Of an input, such as `training`. */
  readonly context: string | null;
};

/** The sets that a version names by its tags, and those that its run logged as inputs. */
export function dataOf(
  version: ModelVersion,
  inputs: NonNullable<WholeRun['datasets']>,
  promotions: readonly PromotionFacts[],
): readonly DataFacts[] {
  return [
    ...named(version, 'reference', promotions),
    ...named(version, 'evaluation', promotions),
    ...inputs
      .map(
        ({ name, digest, context, source }): DataFacts => ({
          role: 'input',
          name,
          uri: datasetLocation(source) ?? (source || null),
          digest,
          judged: null,
          rows: null,
          context: context ?? null,
        }),
      )
      .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)),
  ];
}

function named(
  version: ModelVersion,
  role: 'reference' | 'evaluation',
  promotions: readonly PromotionFacts[],
): DataFacts[] {
  const ref = refOf(version, role);
  if (!ref) return [];
  const { uri, digest = null, rows = null } = ref;
  const judged = judgedBy(promotions, role, uri);
  return [{ role, name: null, uri, digest, judged, rows, context: null }];
}

/** The digest of a set as gates wrote it beside their verdicts; the version may have named another set then. */
function judgedBy(
  promotions: readonly PromotionFacts[],
  role: 'reference' | 'evaluation',
  uri: string,
): DataFacts['judged'] {
  for (const { number, gates } of promotions.toReversed())
    for (const { inputs } of gates) {
      const read = inputs[role] as { readonly uri?: unknown; readonly digest?: unknown } | null | undefined;
      if (read?.uri === uri && typeof read.digest === 'string')
        return { digest: read.digest, promotion: number };
    }
  return null;
}

/** A set that a version names, as inspected; one that cannot be served names it by its tag all the same. */
export function refOf(
  { inspection, tags }: ModelVersion,
  role: 'reference' | 'evaluation',
): DatasetRef | undefined {
  if (inspection.state === 'ready') return inspection.ready[role];
  const text = tags[`cairn.${role}`];
  return text ? parseDatasetRef(text) : undefined;
}

function sortKey({ context, name, digest }: DataFacts): string {
  return JSON.stringify([context, name, digest]);
}
