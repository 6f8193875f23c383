import { expect, test } from 'vitest';
import { alertRate, mostOf, rates } from './stated.ts';
import { checkStationary } from './stationary.ts';

const long = process.env['CAIRN_TEST'] === 'long';
const [endpoints, windows] = long ? [10, 100] : [4, 25];

test.each([200, 1_000, 5_000])(
  'where nothing changes, checks of %i rows are a breach no more often than stated',
  (rows) => {
    const found = checkStationary(1_000 + rows, { rows, endpoints, windows });
    const checks = endpoints * windows;
    // A verdict each time: one that is silent raises no false alarm either.
    expect([...found].filter(([, each]) => each.checks !== checks)).toEqual([]);
    expect([...found].filter(([name, each]) => each.breached > mostOf(checks, rates[name]))).toEqual([]);
    expect([...found].filter(([, each]) => each.fired > mostOf(checks, alertRate))).toEqual([]);
  },
);
