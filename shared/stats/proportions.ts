import { chiSquareTail } from './chi-square.ts';

export type ProportionsTest = { readonly statistic: number; readonly pValue: number };

/** How many of how many rows have what is asked for. */
export type Proportion = { readonly hits: number; readonly rows: number };

/**
 * Do two samples have something equally often? z = (p₁ − p₂) / √(p (1 − p) (1/n₁ + 1/n₂)) with p the share of both
 * together, and P(|Z| ≥ |z|) of the normal law, two-sided; by Q(½, z²/2), which keeps its digits however small it is.
 * Where all rows of both have it, or none has, nothing differs: z = 0, p = 1. NaN where a side has no rows.
 */
export function twoProportions(reference: Proportion, current: Proportion): ProportionsTest {
  if (reference.rows === 0 || current.rows === 0) return { statistic: Number.NaN, pValue: Number.NaN };
  const pooled = (reference.hits + current.hits) / (reference.rows + current.rows);
  if (pooled === 0 || pooled === 1) return { statistic: 0, pValue: 1 };
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / reference.rows + 1 / current.rows));
  const statistic = (reference.hits / reference.rows - current.hits / current.rows) / error;
  return { statistic, pValue: chiSquareTail(statistic ** 2, 1) };
}
