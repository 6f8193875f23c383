import type { RunColumns, RunRow } from '../api/runRows.ts';

export type ColumnKind = 'attributes' | 'metrics' | 'params' | 'tags';

/** A column of the table of runs. */
export type Column = {
  /** `metrics.val/auc`: what stands in the page's address. */
  readonly id: string;
  readonly kind: ColumnKind;
  readonly key: string;
  readonly title: string;
  readonly width: number;
};

const attributes: Readonly<Record<string, readonly [title: string, width: number]>> = {
  start_time: ['Started', 130],
  duration: ['Took', 110],
  end_time: ['Ended', 130],
  user: ['User', 120],
  source: ['Source', 130],
  datasets: ['Datasets', 170],
  experiment: ['Experiment', 170],
  run_id: ['Run id', 270],
};
const widths: Readonly<Record<ColumnKind, number>> = {
  attributes: 130,
  metrics: 124,
  params: 150,
  tags: 150,
};

/** Attributes that the server can order by. */
const ordered = new Set(['start_time', 'end_time', 'run_id', 'user']);
/** The metrics and the params, each, that are shown until a reader chooses. */
const shownFirst = 8;

/** Tags that every row brings along: they are shown as attributes, or say how runs nest. */
export const rowTags = ['mlflow.parentRunId', 'mlflow.user', 'mlflow.source.name'];
export const attributeIds = Object.keys(attributes).map((key) => `attributes.${key}`);
export const newestFirst = 'attributes.start_time DESC';

/** The column of an id; undefined where the id is none. */
export function columnOf(id: string): Column | undefined {
  const dot = id.indexOf('.');
  const kind = id.slice(0, dot);
  const key = id.slice(dot + 1);
  if (dot < 0 || key === '') return undefined;
  if (kind === 'attributes') {
    const [title, width] = attributes[key] ?? [];
    return title === undefined || width === undefined ? undefined : { id, kind, key, title, width };
  }
  if (kind !== 'metrics' && kind !== 'params' && kind !== 'tags') return undefined;
  return { id, kind, key, title: key, width: widths[kind] };
}

/**
 * The columns that ids name, in their order; `metrics.*` stands for every known metric. Without ids those
 * that a reader most likely wants.
 */
export function chosenColumns(ids: readonly string[], known: RunColumns, experiments: number): Column[] {
  const wanted = ids.length === 0 ? defaultIds(known, experiments) : ids.flatMap((id) => expanded(id, known));
  return [...new Set(wanted)].flatMap((id) => columnOf(id) ?? []);
}

export function defaultIds(known: RunColumns, experiments: number): string[] {
  return [
    'attributes.start_time',
    'attributes.duration',
    ...(experiments > 1 ? ['attributes.experiment'] : ['attributes.user']),
    ...known.metrics.slice(0, shownFirst).map((key) => `metrics.${key}`),
    ...known.params.slice(0, shownFirst).map((key) => `params.${key}`),
  ];
}

/** The ids that an id stands for. */
export function expanded(id: string, known: RunColumns): string[] {
  const kind = /^(metrics|params|tags)\.\*$/.exec(id)?.[1] as keyof RunColumns | undefined;
  return kind === undefined ? [id] : known[kind].map((key) => `${kind}.${key}`);
}

/** What the server is asked for, so that the cells of `columns` can be filled. */
export function keysOf(columns: readonly Column[]): RunColumns {
  const keys = (kind: ColumnKind) => columns.filter((each) => each.kind === kind).map(({ key }) => key);
  return { metrics: keys('metrics'), params: keys('params'), tags: keys('tags') };
}

/** A field as the server's language writes it: quoted where the key is more than a word. */
export function fieldText(kind: string, key: string): string {
  if (/^[A-Za-z_][\w.]*$/.test(key)) return `${kind}.${key}`;
  return key.includes('`') ? `${kind}."${key}"` : `${kind}.\`${key}\``;
}

/** The field that orders by a column; undefined where the server has none. */
export function orderField({ kind, key }: Column): string | undefined {
  if (kind !== 'attributes') return fieldText(kind, key);
  return ordered.has(key) ? `attributes.${key === 'user' ? 'user_id' : key}` : undefined;
}

/** An order as a clause: its field, and whether it goes down. */
export function orderOf(clause: string): { field: string; down: boolean } {
  const match = /^(.*?)\s+(ASC|DESC)$/.exec(clause);
  return { field: match?.[1] ?? clause, down: match?.[2] === 'DESC' };
}

/** What a row says in a column, as it is stored; undefined where it says nothing. */
export function valueOf(row: RunRow, { kind, key }: Column): number | string | undefined {
  switch (kind) {
    case 'metrics':
      return row.metrics[key];
    case 'params':
      return row.params[key];
    case 'tags':
      return row.tags[key];
    case 'attributes':
      return attributeOf(row, key);
  }
}

function attributeOf(row: RunRow, key: string): number | string | undefined {
  switch (key) {
    case 'start_time':
      return row.start_time;
    case 'end_time':
      return row.end_time;
    case 'duration':
      return row.end_time === undefined ? undefined : row.end_time - row.start_time;
    case 'user':
      return row.user_id || row.tags['mlflow.user'];
    case 'source':
      return row.tags['mlflow.source.name'];
    case 'datasets':
      return datasetsText(row);
    case 'experiment':
      return row.experiment_id;
    case 'run_id':
      return row.run_id;
    default:
      return undefined;
  }
}

export function datasetsText({ datasets }: RunRow): string | undefined {
  const texts = datasets.map(
    ({ name, digest, context }) => `${name} (${digest})${context ? ` ${context}` : ''}`,
  );
  return texts.length === 0 ? undefined : texts.join(', ');
}
