import { ownTags, tagMap } from '../api/tags.ts';
import type { Run } from '../api/types.ts';
import type { Cell } from '../charts/dimensions.ts';
import { duration, moment } from '../parts/format.ts';

/** One thing said of what is compared, with a cell for each. */
export type CompareRow = {
  readonly section: string;
  readonly key: string;
  readonly cells: readonly Cell[];
  /** Whether not all say the same; to have nothing is to say something else. */
  readonly differs: boolean;
};

/** All that is said of `runs`, section by section, and in each what differs first. */
export function rowsOf(runs: readonly Run[]): CompareRow[] {
  return [
    // The experiment of all of them is said above the table.
    ...rowsIn('Run', runs.map(aboutRun), { sorted: false }).filter(
      ({ key, differs }) => key !== 'Experiment' || differs,
    ),
    ...rowsIn(
      'Params',
      runs.map(({ data }) => tagMap(data.params)),
    ),
    ...rowsIn('Metrics', runs.map(metricsOf)),
    ...rowsIn(
      'Tags',
      runs.map(({ data }) => tagMap(ownTags(data.tags))),
    ),
  ];
}

/** A section of what is said of each, what differs first; by name unless the order is to be kept. */
export function rowsIn(
  section: string,
  said: readonly ReadonlyMap<string, Cell>[],
  { sorted = true }: { readonly sorted?: boolean } = {},
): CompareRow[] {
  const keys = [...new Set(said.flatMap((each) => [...each.keys()]))];
  if (sorted) keys.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const rows = keys.map((key) => {
    const cells = said.map((each) => each.get(key));
    // NaN is the same as NaN here.
    return { section, key, cells, differs: cells.some((cell) => !Object.is(cell, cells[0])) };
  });
  return [...rows.filter(({ differs }) => differs), ...rows.filter(({ differs }) => !differs)];
}

/** A param or metric as charts take it; `id` tells which in an address. */
export type Field = { readonly id: string; readonly label: string; readonly row: CompareRow };

/** What charts can be made of: metrics and params, those that differ first. */
export function fieldsOf(rows: readonly CompareRow[]): Field[] {
  const charted = rows.filter(({ section }) => section === 'Params' || section === 'Metrics');
  return [...charted.filter(({ differs }) => differs), ...charted.filter(({ differs }) => !differs)].map(
    (row) => ({
      id: `${row.section === 'Params' ? 'params' : 'metrics'}.${row.key}`,
      label: row.key,
      row,
    }),
  );
}

function aboutRun({ info, data }: Run): ReadonlyMap<string, Cell> {
  const tags = tagMap(data.tags);
  const about: [string, Cell][] = [
    ['Status', info.status.toLowerCase()],
    ['Started', moment(info.start_time)],
    ['Took', info.end_time === undefined ? undefined : duration(info.end_time - info.start_time)],
    ['User', info.user_id],
    ['Source', tags.get('mlflow.source.name')],
    ['Commit', tags.get('mlflow.source.git.commit')],
    ['Experiment', info.experiment_id],
  ];
  return new Map(about.filter(([, cell]) => cell !== undefined && cell !== ''));
}

function metricsOf({ data }: Run): ReadonlyMap<string, Cell> {
  return new Map(data.metrics?.map(({ key, value }) => [key, Number(value)]));
}
