/**
 * Two counts that are compared must be over the same bins or categories.
 *
 * @throws RangeError where they are not equally many
 */
export function expectSameBins(reference: ArrayLike<number>, current: ArrayLike<number>): void {
  if (reference.length === current.length) return;
  throw new RangeError(
    `The reference is counted over ${reference.length} bins and the current sample over ${current.length}: count both over the same bins.`,
  );
}
