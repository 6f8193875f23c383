import { expect, test } from 'vitest';
import { checkStationary, type Watched } from './stationary.ts';

const long = process.env['CAIRN_TEST'] === 'long';
const [endpoints, windows] = long ? [10, 100] : [4, 25];

/** At most so many checks in which nothing changed are a breach: as the documentation states it. */
const rates: Readonly<Record<Watched, number>> = {
  'feature-drift': 0.0001,
  'prediction-drift': 0.001,
  'data-quality': 0.01,
  performance: 0.005,
  'estimated-performance': 0.001,
  'concept-drift': 0.001,
  traffic: 0.003,
  latency: 0.02,
};

/** Of so many checks an alert fires at most in one: two breaches of three, where references are lucky for all windows. */
const alertRate = 0.001;

/** The least count that a binomial distribution exceeds in less than one case of a thousand. */
function mostOf(checks: number, rate: number): number {
  let [count, probability] = [0, (1 - rate) ** checks];
  for (let sum = probability; sum < 0.999; sum += probability) {
    probability *= ((checks - count) / (count + 1)) * (rate / (1 - rate));
    count++;
  }
  return count;
}

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
