import type { Metric } from '../api/types.ts';

/** A line of the grid: the title of a section, or metrics side by side. */
export type Row =
  | { readonly kind: 'head'; readonly title: string; readonly count: number }
  | { readonly kind: 'cards'; readonly metrics: readonly Metric[] };

/** What MLflow's clients measure of the machine itself. */
const systemPrefix = 'system/';

/**
 * Metrics in rows, in the order of their names, so that those of one prefix (`train/loss`,
 * `train/accuracy`) stand together. What the machine did comes last, under a title of its own.
 */
export function rowsOf(metrics: readonly Metric[], columns: number): Row[] {
  const own = metrics.filter(({ key }) => !key.startsWith(systemPrefix));
  const system = metrics.filter(({ key }) => key.startsWith(systemPrefix));
  if (system.length === 0) return cardsOf(own, columns);
  return [...sectionOf('Model metrics', own, columns), ...sectionOf('System metrics', system, columns)];
}

function sectionOf(title: string, metrics: readonly Metric[], columns: number): Row[] {
  if (metrics.length === 0) return [];
  return [{ kind: 'head', title, count: metrics.length }, ...cardsOf(metrics, columns)];
}

function cardsOf(metrics: readonly Metric[], columns: number): Row[] {
  const sorted = metrics.toSorted((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true }));
  return Array.from({ length: Math.ceil(sorted.length / columns) }, (_, at) => ({
    kind: 'cards',
    metrics: sorted.slice(at * columns, (at + 1) * columns),
  }));
}
