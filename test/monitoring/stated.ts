import type { Watched } from './stationary.ts';

/** At most so many checks in which nothing changed are a breach: as the documentation states it. */
export const rates: Readonly<Record<Watched, number>> = {
  'feature-drift': 0.0001,
  'prediction-drift': 0.001,
  'data-quality': 0.002,
  performance: 0.005,
  'estimated-performance': 0.001,
  'concept-drift': 0.001,
  traffic: 0.003,
  latency: 0.02,
};

/** Of so many checks an alert fires at most in one: two breaches of three, where references are lucky for all windows. */
export const alertRate = 0.001;

/** The least count that a binomial distribution exceeds in less than one case of a thousand. */
export function mostOf(checks: number, rate: number): number {
  let [count, probability] = [0, (1 - rate) ** checks];
  for (let sum = probability; sum < 0.999; sum += probability) {
    probability *= ((checks - count) / (count + 1)) * (rate / (1 - rate));
    count++;
  }
  return count;
}
