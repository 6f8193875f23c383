import { mix32 } from './random.ts';

/**
 * Parts rows by a hash of their key, so that a row stays on its side whatever else the data holds and
 * however often it is extended. Keys that are equal stay together.
 *
 * @param keys one per row
 * @param testShare of the rows, in [0, 1], on average
 * @returns indexes into `keys`, in order
 */
export function splitByKey(
  keys: readonly string[],
  { testShare, seed = 0 }: { testShare: number; seed?: number },
): { train: number[]; test: number[] } {
  const train: number[] = [];
  const test: number[] = [];
  keys.forEach((key, row) => (hash(key, seed) / 2 ** 32 < testShare ? test : train).push(row));
  return { train, test };
}

/** FNV-1a over UTF-16 code units, mixed: FNV alone leaves the high bits of short keys alike. */
function hash(key: string, seed: number): number {
  let state = 0x811c9dc5 ^ mix32(seed);
  for (let at = 0; at < key.length; at++) state = Math.imul(state ^ key.charCodeAt(at), 0x01000193);
  return mix32(state);
}
