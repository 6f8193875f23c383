import type { Bounds, Item, Verdict } from '../signal.ts';

/** Below `lower` or above `upper` is a breach; at a bound, or without bounds, is none. */
export function isOutside(value: number, { lower, upper }: Bounds): boolean {
  return (lower !== undefined && value < lower) || (upper !== undefined && value > upper);
}

/**
 * How far a value lies beyond its bounds, as a share of the bound it is nearest to crossing: above 0 for a breach, below 0
 * within. Where the bound is 0 it is in units of the value. −∞ without bounds.
 */
export function excess(value: number, { lower, upper }: Bounds): number {
  const over = (bound: number | undefined, beyond: (bound: number) => number) =>
    bound === undefined ? -Infinity : beyond(bound) / (bound === 0 ? 1 : Math.abs(bound));
  return Math.max(
    over(lower, (bound) => bound - value),
    over(upper, (bound) => value - bound),
  );
}

/** What items say together: a breach if one is breached, else no verdict if none has one. */
export function verdictOf(items: readonly Pick<Item, 'verdict'>[]): Verdict {
  if (items.some(({ verdict }) => verdict === 'breached')) return 'breached';
  return items.some(({ verdict }) => verdict === 'ok') ? 'ok' : 'insufficient-data';
}

/** An item of a figure by its bounds: without any it is told, and judged by nothing. */
export function judgedItem(
  of: Pick<Item, 'name' | 'metric' | 'basis'>,
  value: number,
  bounds: Bounds | null,
): Item {
  const { name, metric, basis } = of;
  return {
    name,
    metric,
    value,
    bounds,
    verdict: bounds !== null && isOutside(value, bounds) ? 'breached' : 'ok',
    basis,
  };
}

/** An item that has no verdict, and why; with its value where there is one. */
export function unjudgedItem(
  of: Pick<Item, 'name' | 'metric' | 'basis'>,
  reason: string,
  value: number | null = null,
): Item {
  const { name, metric, basis } = of;
  return { name, metric, value, bounds: null, verdict: 'insufficient-data', basis, reason };
}
