/**
 * What a detector says after a value of a stream. After a drift it starts anew with the next value.
 *
 * The state of a detector is a plain object that JSON keeps: whoever watches a stream may store it between two runs and
 * go on from there with the same outcome.
 */
export type Detection = 'none' | 'warning' | 'drift';

/** @throws RangeError for a value that is no finite number, which would spoil the state for good. */
export function expectFinite(value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`A stream has finite numbers; it was given ${value}.`);
}

/** @throws RangeError for a value that says neither 'right' (0) nor 'wrong' (1). */
export function expectError(value: number): void {
  if (value !== 0 && value !== 1)
    throw new RangeError(
      `A stream of errors has a 1 where a prediction is wrong and else a 0; it was given ${value}.`,
    );
}
