import { type Counts, isClassBin } from '../summaries/index.ts';

/** Groups of scores: classes as they are, numbers by about equal shares. */
export type Groups = { readonly count: number; of(bin: number): number };

const classesMax = 10;
const classShareMin = 0.01;
const numberGroups = 8;

/** Groups by what was counted; what is in none of them, above all what was never seen, is in the last. */
export function groupsOf(counts: Counts): Groups {
  const bins = [...counts];
  const total = bins.reduce((sum, [, count]) => sum + count, 0);
  const classes = bins
    .filter(([bin, count]) => isClassBin(bin) && count >= classShareMin * total)
    .toSorted(([a, m], [b, n]) => n - m || a - b)
    .slice(0, classesMax)
    .map(([bin]) => bin);
  const ends = numberEnds(bins.filter(([bin]) => !isClassBin(bin)));
  const count = classes.length + ends.length + 1;
  return {
    count,
    of(bin) {
      const group = isClassBin(bin) ? classes.indexOf(bin) : ends.findIndex((end) => bin <= end);
      if (group < 0) return count - 1;
      return isClassBin(bin) ? group : classes.length + group;
    },
  };
}

/** The last bin of each group of numbers. A number that many scores are is a group of its own: less is another. */
function numberEnds(bins: readonly (readonly [number, number])[]): number[] {
  const enough = bins.reduce((sum, [, count]) => sum + count, 0) / numberGroups;
  const ends = new Set<number>();
  let inGroup = 0;
  for (const [bin, count] of bins.toSorted(([a], [b]) => a - b)) {
    if (count >= enough) ends.add(bin - 1);
    inGroup = count >= enough ? count : inGroup + count;
    if (inGroup < enough) continue;
    ends.add(bin);
    inGroup = 0;
  }
  return [...ends];
}

export function grouped(groups: Groups, counts: Counts): number[] {
  const sums = new Array<number>(groups.count).fill(0);
  for (const [bin, times] of counts) {
    const group = groups.of(bin);
    sums[group] = (sums[group] ?? 0) + times;
  }
  return sums;
}
