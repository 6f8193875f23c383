/** A column of numbers, NaN where one is missing, or of categories, `null` where one is. */
export type Feature =
  | { readonly kind: 'numeric'; readonly values: ArrayLike<number> }
  | { readonly kind: 'categorical'; readonly values: readonly (string | null)[] };

/** How a score is held against a threshold: it has drifted where `score comparison threshold` holds. */
export type Comparison = '<' | '<=' | '>' | '>=';

/** What a test says of a column, and what made it drift or not. */
export type FeatureDrift = {
  readonly test: string;
  /** A p-value or a distance, whichever is held against the threshold; NaN where a side has no values. */
  readonly score: number;
  readonly comparison: Comparison;
  /** NaN where none could be learnt. */
  readonly threshold: number;
  /** False where the score or the threshold is NaN. */
  readonly isDrifted: boolean;
};

export function judged(test: string, score: number, comparison: Comparison, threshold: number): FeatureDrift {
  const holds = {
    '<': score < threshold,
    '<=': score <= threshold,
    '>': score > threshold,
    '>=': score >= threshold,
  };
  return { test, score, comparison, threshold, isDrifted: holds[comparison] };
}

/** @throws RangeError for two columns of different kinds */
export function expectSameKind(reference: Feature, current: Feature): void {
  if (reference.kind !== current.kind)
    throw new RangeError(
      `The reference is ${reference.kind} and the current sample ${current.kind}: compare columns of one kind.`,
    );
}

/** The numbers that are finite. */
export function finiteOf(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).filter(Number.isFinite);
}

/** The numbers that are there, infinite ones among them. */
export function numbersOf(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).filter((value) => !Number.isNaN(value));
}
