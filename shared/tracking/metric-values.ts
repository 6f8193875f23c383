/** A metric's value as a document and its index can hold it: NaN is 0, and an infinity the last double before it. */
export function storedValue(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

/** The value that was logged, of a {@link storedValue} and the note that it was NaN. */
export function loggedValue(stored: number, isNaN: boolean): number {
  if (isNaN) return Number.NaN;
  return Math.abs(stored) === Number.MAX_VALUE ? stored * 2 : stored;
}
