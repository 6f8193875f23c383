/** How often each category occurs; a category is whatever text the caller chose for it. */
export type CategoryCounts = ReadonlyMap<string, number>;

/** Nulls are not counted: how many there are is a question of quality, not of distribution. */
export function countCategories(values: Iterable<string | null | undefined>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (value !== null && value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

/** Both counts over the same categories: the reference's in their order, then those only `current` has. */
export function alignCategories(
  reference: CategoryCounts,
  current: CategoryCounts,
): { categories: string[]; reference: Float64Array; current: Float64Array } {
  const categories = [...new Set([...reference.keys(), ...current.keys()])];
  const counts = (of: CategoryCounts) => Float64Array.from(categories, (category) => of.get(category) ?? 0);
  return { categories, reference: counts(reference), current: counts(current) };
}
