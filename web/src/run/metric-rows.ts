import type { Metric } from '../api/types.ts';

/** A line of the grid: the title of a section, or metrics side by side. */
export type Row =
  | { readonly kind: 'head'; readonly title: string; readonly count: number }
  | { readonly kind: 'cards'; readonly metrics: readonly Metric[] };

/** What MLflow's clients measure of the machine itself. */
const systemPrefix = 'system/';

/**
 * Metrics by section and in rows: what the run measured, then what its machine did. Metrics of one prefix
 * (`train/loss`, `train/accuracy`) stand together; a section has a title only where there is more than one.
 */
export function rowsOf(metrics: readonly Metric[], columns: number): Row[] {
  const sections = Map.groupBy(metrics, ({ key }) => sectionOf(key));
  const titles = [...sections.keys()].toSorted(
    (a, b) => Number(a === systemTitle) - Number(b === systemTitle) || compare(a, b),
  );
  return titles.flatMap((title): Row[] => {
    const members = (sections.get(title) ?? []).toSorted((a, b) => compare(a.key, b.key));
    const rows = Array.from(
      { length: Math.ceil(members.length / columns) },
      (_, at): Row => ({
        kind: 'cards',
        metrics: members.slice(at * columns, (at + 1) * columns),
      }),
    );
    const titled = titles.length > 1 || title === systemTitle;
    return titled ? [{ kind: 'head', title: title || 'Metrics', count: members.length }, ...rows] : rows;
  });
}

const systemTitle = 'System metrics';

function sectionOf(key: string): string {
  if (key.startsWith(systemPrefix)) return systemTitle;
  const slash = key.indexOf('/');
  return slash === -1 ? '' : key.slice(0, slash);
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
