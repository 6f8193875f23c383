import type { CsvProblem } from '../datasets/index.ts';
import { CairnError, isCode } from '../http/index.ts';
import { CellError, type Rows, rowTensors, type ServedModel } from '../serving/index.ts';
import { joinRows, kindOfRow, type Port, type Tensors } from '../sessions/index.ts';
import type { RowBlock } from './formats/rows.ts';
import type { BadRows } from './options.ts';

/** Rows that go into the model together, by their places in the block. */
type Group = { readonly places: readonly number[] | 'all'; readonly tensors: Tensors };

/** A row that cannot be scored. */
export type Bad = { readonly place: number; readonly problem: CsvProblem };

type Fed = Pick<ServedModel, 'inputs' | 'ready'>;
type Grouped = { readonly groups: Group[]; readonly bad: Bad[] };

/** The tensors of a block, and the rows of which none can be made; under policy `fail` no more than the first. */
export function groupsOf(fed: Fed, { feeds, rows, unscored }: RowBlock, policy: BadRows['policy']): Grouped {
  if (feeds.kind === 'tensors') return { groups: [{ places: 'all', tensors: feeds.tensors }], bad: [] };
  const places = upTo(rows).filter((row) => !unscored.has(row));
  if (places.length === 0) return { groups: [], bad: [] };
  try {
    const isAll = places.length === rows;
    const tensors = rowTensors(fed, isAll ? feeds : rowsAt(feeds, places));
    return { groups: [{ places: isAll ? 'all' : places, tensors }], bad: [] };
  } catch (error) {
    if (!isCode(error, 'invalid', 'bad-request')) throw error;
  }
  return oneByOne(fed, feeds, places, policy);
}

/** Looks at each row alone, where together they make no tensors: some are bad, or their lists differ in size. */
function oneByOne(fed: Fed, feeds: Rows, places: readonly number[], policy: BadRows['policy']): Grouped {
  const runs: { kind: string; places: number[]; tensors: Tensors[] }[] = [];
  const bad: Bad[] = [];
  for (const place of places) {
    const made = tensorsOf(fed, rowsAt(feeds, [place]));
    if ('problem' in made) {
      bad.push({ place, problem: made.problem });
      if (policy === 'fail') break;
      continue;
    }
    const kind = kindOfRow(made.tensors);
    const last = runs.at(-1);
    if (last?.kind === kind) {
      last.places.push(place);
      last.tensors.push(made.tensors);
    } else runs.push({ kind, places: [place], tensors: [made.tensors] });
  }
  return { groups: runs.map((run) => ({ places: run.places, tensors: joinRows(run.tensors) })), bad };
}

function tensorsOf(fed: Fed, row: Rows): { readonly tensors: Tensors } | { readonly problem: CsvProblem } {
  try {
    return { tensors: rowTensors(fed, row) };
  } catch (error) {
    if (!(error instanceof CairnError) || !isCode(error, 'invalid', 'bad-request')) throw error;
    return { problem: problemOf(error) };
  }
}

/** What is wrong with the one row that an error is about. */
export function problemOf(error: CairnError): CsvProblem {
  if (!(error instanceof CellError)) return { reason: sentence(error) };
  const { column, value, wanted } = error.problem;
  if (value === null || value === undefined)
    return { column, reason: `The value is missing; it must be ${wanted}` };
  return { column, value: valueText(value), reason: `must be ${wanted}` };
}

function valueText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value, asText) : String(value);
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** What an error says, to go on in a sentence. */
export function sentence({ message }: CairnError): string {
  return message.replace(/\.$/, '');
}

/** The input as one that takes any number of rows. */
export function freed(port: Port): Port {
  const [, ...rest] = port.shape;
  return port.shape.length === 0 ? port : { ...port, shape: ['', ...rest] };
}

/** Whole numbers from 0 on. */
export function upTo(rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => row);
}

function rowsAt(rows: Rows, places: readonly number[]): Rows {
  if (rows.kind === 'lists') return { kind: 'lists', data: places.map((place) => rows.data[place]) };
  const { frame } = rows;
  return {
    kind: 'frame',
    frame: {
      names: frame.names,
      rows: places.length,
      value: (row, column) => frame.value(places[row] ?? 0, column),
    },
  };
}
