import { compareValues, typeOf, TYPE, type Value } from './values.ts';

/** Collects the values of one aggregate over the rows of one group. */
export type Accumulator = { add: (value: Value) => void; result: () => Value };

/**
 * The aggregate functions by name. Undefined values do not count; a value of a wrong type makes the result
 * undefined. SUM over nothing is 0, AVG, MIN and MAX over nothing are undefined.
 */
export const AGGREGATES: ReadonlyMap<string, () => Accumulator> = new Map([
  ['COUNT', count],
  ['SUM', sum],
  ['AVG', average],
  ['MIN', () => extreme(-1)],
  ['MAX', () => extreme(1)],
]);

function count(): Accumulator {
  let n = 0;
  return {
    add: (value) => {
      if (value !== undefined) n++;
    },
    result: () => n,
  };
}

function sum(): Accumulator {
  let total: number | undefined = 0;
  return {
    add: (value) => {
      if (value === undefined || total === undefined) return;
      total = typeof value === 'number' ? total + value : undefined;
    },
    result: () => total,
  };
}

function average(): Accumulator {
  const total = sum();
  let n = 0;
  return {
    add: (value) => {
      total.add(value);
      if (value !== undefined) n++;
    },
    result: () => {
      const value = total.result();
      return typeof value === 'number' && n > 0 ? value / n : undefined;
    },
  };
}

function extreme(sign: 1 | -1): Accumulator {
  let best: Value;
  let failed = false;
  return {
    add: (value) => {
      if (value === undefined) return;
      if (typeOf(value) >= TYPE.array) failed = true;
      else if (best === undefined || compareValues(value, best) * sign > 0) best = value;
    },
    result: () => (failed ? undefined : best),
  };
}
