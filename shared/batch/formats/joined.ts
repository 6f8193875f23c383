import { CsvError } from '../../datasets/index.ts';
import type { JobOptions } from '../options.ts';

/** Which columns of a file stand in the output too, by their places. Throws {@link CsvError} for one it does not have. */
export function joinedOf(columns: readonly string[], join: JobOptions['output']['join']): number[] {
  if (join === 'none') return [];
  if (join === 'all') return columns.map((_, at) => at);
  // Of several of one name the first counts.
  const places = new Map(columns.map((name, at): [string, number] => [name, at]).toReversed());
  return join.map((name) => {
    const at = places.get(name);
    if (at === undefined)
      throw new CsvError({ row: 0, column: name, reason: 'The column is missing, and output.join names it' });
    return at;
  });
}

const storedIndex = /^__index_level_\d+__$/;

/** What a model that names no columns takes of a Parquet file: all but the index that pandas stores among them. */
export function withoutIndex(columns: readonly string[]): readonly string[] {
  return columns.filter((name) => !storedIndex.test(name));
}
