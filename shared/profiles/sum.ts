import { mergeCategories } from './categorical.ts';
import { addNumbers, copyOfNumbers, type NumericCounts } from './numeric.ts';
import { type FeatureCounts, joinRanges, type Profile, type ProfileKey, type RowRange } from './profile.ts';
import { type SampledRow, sampleMax, sampleOf } from './sample.ts';
import { mergeScores, type ScoresByClass } from './scores.ts';

type Counts = {
  readonly features: Map<string, FeatureCounts>;
  readonly scores: NumericCounts;
  classes: ScoresByClass;
};

/**
 * The profile of the rows of many: the same to the last bit as merging them one after the other, and made in place, so
 * that thousands take the room of a few. Profiles of any time may be added.
 */
export class ProfileSum {
  readonly #key: ProfileKey;
  readonly #withPlaces: boolean;
  #rows = 0;
  #counts: Counts | undefined;
  #logged: RowRange[] = [];
  #sample: SampledRow[] = [];

  /** Without places it does not say which rows it counted, nor which are its sample: of days they would be too many. */
  constructor(key: ProfileKey, { withPlaces }: { readonly withPlaces: boolean }) {
    this.#key = key;
    this.#withPlaces = withPlaces;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Throws where it is counted of other rows, or between other edges. */
  add(profile: Profile): void {
    const { digest, edgeSet, source, segment } = this.#key;
    const other = profile.key;
    if (
      other.digest !== digest ||
      other.edgeSet !== edgeSet ||
      other.source !== source ||
      other.segment !== segment
    )
      throw new Error(
        `Profiles of ${JSON.stringify(this.#key)} and ${JSON.stringify(other)} cannot be added.`,
      );
    this.#rows += profile.rows;
    if (this.#withPlaces) this.#addPlaces(profile);
    if (!this.#counts) this.#counts = copyOf(profile);
    else addTo(this.#counts, profile);
  }

  /** Of all so far. Throws where nothing has been added. */
  get profile(): Profile {
    if (!this.#counts) throw new Error('Nothing has been added.');
    return {
      key: this.#key,
      rows: this.#rows,
      logged: joinRanges(this.#logged),
      ...this.#counts,
      sample: sampleOf(this.#sample),
      parts: [],
    };
  }

  #addPlaces({ logged, sample }: Profile): void {
    for (const range of logged) this.#logged.push(range);
    for (const row of sample) this.#sample.push(row);
    if (this.#sample.length > 4 * sampleMax) this.#sample = sampleOf(this.#sample);
  }
}

function copyOf({ features, scores, classes }: Profile): Counts {
  const own = [...features].map(
    ([name, counts]) => [name, counts.kind === 'numeric' ? copyOfNumbers(counts) : counts] as const,
  );
  return { features: new Map(own), scores: copyOfNumbers(scores), classes };
}

function addTo(counts: Counts, more: Profile): void {
  for (const [name, into] of counts.features) {
    const from = more.features.get(name);
    if (into.kind === 'numeric' && from?.kind === 'numeric') addNumbers(into, from);
    else if (into.kind === 'categorical' && from?.kind === 'categorical')
      counts.features.set(name, mergeCategories(into, from));
    else throw new Error('Profiles of one edge set have the same features.');
  }
  addNumbers(counts.scores, more.scores);
  counts.classes = mergeScores(counts.classes, more.classes);
}
