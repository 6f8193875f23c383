import type { FacetMap } from './event.ts';

/** A facet as it was last sent, and when; `undefined` where it was taken away, or is too long to keep. */
export type KeptFacet = {
  readonly at: number;
  readonly facet?: Readonly<Record<string, unknown>> | undefined;
  readonly left?: 'deleted' | 'too-large';
};
export type KeptFacets = Readonly<Record<string, KeptFacet>>;

const facetCharsMax = 32 * 1024;
const allCharsMax = 256 * 1024;
const facetsMax = 100;
const nameCharsMax = 200;
/** The store takes 128 levels, of which the envelope has some. */
const levelsMax = 64;

/**
 * The facets of a thing with those of an event that was of `at`: the later of one name counts, also where
 * events come in another order. What is too long, nests too deeply or is one too many is noted by its name.
 */
export function withFacets(
  kept: KeptFacets,
  at: number,
  ...given: readonly (FacetMap | undefined)[]
): KeptFacets {
  const all = new Map(Object.entries(kept));
  let chars = [...all.values()].reduce((sum, { facet }) => sum + charsOf(facet), 0);
  for (const [name, facet] of given.flatMap((map) => Object.entries(map ?? {}))) {
    const held = all.get(name);
    if ((held && held.at > at) || name.length > nameCharsMax || (!held && all.size >= facetsMax)) continue;
    if (facet._deleted) {
      all.set(name, { at, left: 'deleted' });
      continue;
    }
    const room = allCharsMax - (chars - charsOf(held?.facet));
    const isKept = isFlat(facet, levelsMax) && charsOf(facet) <= Math.min(facetCharsMax, room);
    chars += (isKept ? charsOf(facet) : 0) - charsOf(held?.facet);
    all.set(name, isKept ? { at, facet } : { at, left: 'too-large' });
  }
  return Object.fromEntries(all);
}

/** The facets there are, by name. */
export function presentFacets(kept: KeptFacets): Record<string, Readonly<Record<string, unknown>>> {
  return Object.fromEntries(
    Object.entries(kept).flatMap(([name, { facet }]) => (facet ? [[name, facet]] : [])),
  );
}

function charsOf(facet: KeptFacet['facet']): number {
  return facet === undefined ? 0 : JSON.stringify(facet).length;
}

function isFlat(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isFlat(member, levels - 1));
}
