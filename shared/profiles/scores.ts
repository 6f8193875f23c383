import type { ByteReader, ByteWriter } from './bytes.ts';

/** Bins between 0 and 1; one more before them for what is below, and one behind for what is above. */
export const scoreBins = 1_024;

/**
 * So far beyond 0 or 1 a score is one of either: sums of float32, as of a softmax, end up to some ten of their last digits
 * (2⁻²³, 1.2e-7) above 1. It is a thousandth of a bin.
 */
export const scoreRounding = 1e-6;

/** The scores of one predicted class, in `scoreBins` bins [a, b) of equal width over [0, 1], the last one closed. */
export type ScoreCounts = { readonly counts: Float64Array; readonly without: number };

/** By predicted class; `''` stands for all where there are more than 256, or one of them is named so. */
export type ScoresByClass = ReadonlyMap<string, ScoreCounts>;

const classesMax = 256;

/** Counts the scores of rows that have a class; `without` are those that have a class alone. */
export function countScores(
  classes: ArrayLike<string | number | null>,
  scores: ArrayLike<string | number | null>,
): ScoresByClass {
  const found = new Map<string, { counts: Float64Array; without: number }>();
  for (let row = 0; row < classes.length; row++) {
    const predicted = classes[row];
    if (typeof predicted !== 'string') continue;
    const of = found.get(predicted) ?? { counts: new Float64Array(scoreBins + 2), without: 0 };
    found.set(predicted, of);
    const score = scores[row];
    if (typeof score !== 'number' || Number.isNaN(score)) of.without++;
    else of.counts[binOf(score)]++;
  }
  return few(found);
}

/** However they were split before: what has been put together stays so, and the rest goes to it. */
function few(scores: ScoresByClass): ScoresByClass {
  if (scores.size <= classesMax && !scores.has('')) return scores;
  return new Map([['', [...scores.values()].reduce(sumOf)]]);
}

function sumOf(a: ScoreCounts, b: ScoreCounts): ScoreCounts {
  return { counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), without: a.without + b.without };
}

function binOf(score: number): number {
  if (score < -scoreRounding) return 0;
  if (score > 1 + scoreRounding) return scoreBins + 1;
  return 1 + Math.min(Math.max(Math.floor(score * scoreBins), 0), scoreBins - 1);
}

export function mergeScores(a: ScoresByClass, b: ScoresByClass): ScoresByClass {
  const merged = new Map(a);
  for (const [predicted, more] of b) {
    const some = merged.get(predicted);
    merged.set(predicted, some ? sumOf(some, more) : more);
  }
  return few(merged);
}

export function writeScores(writer: ByteWriter, scores: ScoresByClass): void {
  writer.count(scores.size);
  for (const [predicted, { counts, without }] of [...scores].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    writer.text(predicted);
    writer.count(without);
    writer.sparse(counts, (count) => writer.count(count));
  }
}

export function readScores(reader: ByteReader): ScoresByClass {
  return new Map(
    reader.list(() => {
      const predicted = reader.text();
      const without = reader.count();
      const counts = reader.sparse(new Float64Array(scoreBins + 2), () => reader.count());
      return [predicted, { counts, without }] as const;
    }),
  );
}
