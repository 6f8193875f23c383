import { CsvError } from '../../datasets/index.ts';
import type { Frame } from '../../serving/index.ts';
import type { ParquetColumn } from '../file.ts';
import type { NumericTable } from './csv-rows.ts';
import type { Footer, ReadRange } from './parquet-footer.ts';
import { matrixFiller, type OnBad } from './parquet-numbers.ts';
import { type Rows, readRows } from './parquet-read.ts';
import { jsonOf, modelValueOf, plainOf, type Values } from './parquet-types.ts';
import { type Feeds, noneUnscored, type ReadOptions, type RowBlock, type RowProblem } from './rows.ts';

/** What is read of a file: the columns of the model and those that the output repeats, by their places. */
export type ParquetTable = {
  readonly footer: Footer;
  readonly read: ReadRange;
  readonly joined: readonly number[];
  readonly feeder: Feeder;
};

/** Makes of rows what a model is fed with. */
export type Feeder = {
  /** The columns of the file that it looks at. */
  readonly places: readonly number[];
  /** Tells `onBad` of each row that cannot be scored; then takes those that `kept` names, or all where it names none. */
  feeds(rows: Rows, onBad: OnBad, kept: () => Uint32Array | null): Feeds;
};

/** Rows of a file from `position` to `end`, with what the model takes of them. */
export async function* parquetRows(
  { footer, read, joined, feeder }: ParquetTable,
  { position, end, row, rowsMax, badRows }: ReadOptions & { readonly end: number },
): AsyncGenerator<RowBlock> {
  const wanted = [...new Set([...feeder.places, ...joined])];
  const plain = cells(footer.columns, plainOf, null);
  const json = cells(footer.columns, jsonOf, 'null');
  let reached = position;
  let number = row;
  for await (const rows of readRows(footer, read, wanted, { first: position, end, rowsMax })) {
    const first = number;
    const bad = new Map<number, RowProblem>();
    const onBad: OnBad = (place, problem) => {
      if (bad.has(place)) return;
      const at = { row: first + place };
      bad.set(place, { ...new CsvError({ ...problem, ...at }).problem, ...at });
    };
    const kept = () => (badRows === 'skip' && bad.size > 0 ? without(bad, rows.rows) : null);
    const feeds = feeder.feeds(rows, onBad, kept);
    const problems = [...bad.values()].toSorted((one, other) => one.row - other.row);
    if (badRows === 'fail' && problems[0]) throw new CsvError(problems[0]);
    const order = kept();
    const placeOf = (place: number) => order?.[place] ?? place;
    reached += rows.rows;
    number += rows.rows;
    yield {
      rows: order?.length ?? rows.rows,
      feeds,
      unscored: badRows === 'null' && bad.size > 0 ? new Set(bad.keys()) : noneUnscored,
      problems,
      read: rows.rows,
      position: reached,
      text: null,
      number: (place) => first + placeOf(place),
      cell: (place, column) => plain(rows, placeOf(place), column),
      json: (place, column) => json(rows, placeOf(place), column),
      vectors: { column: (column) => rows.column(column), order },
    };
  }
}

/** Feeds a model whose one input is a table of numbers, with no object for any of them. */
export function tableFeeder(
  columns: readonly ParquetColumn[],
  places: readonly number[],
  { port: { name, type }, types }: Pick<NumericTable, 'port' | 'types'>,
): Feeder {
  const fill = matrixFiller(columns, places, types);
  const width = places.length;
  let room = new Float32Array();
  let wideRoom = new Float64Array();
  return {
    places,
    feeds(rows, onBad, kept) {
      const count = rows.rows * width;
      if (type === 'float32' && room.length < count) room = new Float32Array(count);
      if (type !== 'float32' && wideRoom.length < count) wideRoom = new Float64Array(count);
      const matrix = (type === 'float32' ? room : wideRoom).subarray(0, count);
      fill(rows, matrix, onBad);
      const order = kept();
      order?.forEach((row, to) => matrix.copyWithin(to * width, row * width, (row + 1) * width));
      const dims = [order?.length ?? rows.rows, width];
      const data = order ? matrix.subarray(0, order.length * width) : matrix;
      return { kind: 'tensors', tensors: { [name]: { type, dims, data } } };
    },
  };
}

/** Feeds any other model with rows as those of a data frame; who makes tensors of them finds what is wrong with them. */
export function frameFeeder(columns: readonly ParquetColumn[], places: readonly number[]): Feeder {
  const names = places.map((place) => columns[place].name);
  const value = cells(columns, modelValueOf, null);
  return {
    places,
    feeds: (rows) => {
      const frame: Frame = {
        names,
        rows: rows.rows,
        value: (row, column) => value(rows, row, places[column]),
      };
      return { kind: 'frame', frame };
    },
  };
}

/** Tells values of columns in one way; what is missing is `absent`. */
function cells<T>(
  columns: readonly ParquetColumn[],
  way: (element: ParquetColumn['element']) => (values: Values, at: number) => T,
  absent: T,
): (rows: Rows, row: number, column: number) => T {
  const known = new Map<number, (values: Values, at: number) => T>();
  return (rows, row, column) => {
    let tell = known.get(column);
    if (!tell) known.set(column, (tell = way(columns[column].element)));
    const { values, present } = rows.column(column);
    return present === null || present[row] === 1 ? tell(values, row) : absent;
  };
}

function without(bad: ReadonlyMap<number, unknown>, rows: number): Uint32Array {
  const kept = new Uint32Array(rows - bad.size);
  let to = 0;
  for (let row = 0; row < rows; row++) if (!bad.has(row)) kept[to++] = row;
  return kept;
}
