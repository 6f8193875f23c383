import type { Cell } from '../../datasets/index.ts';
import type { Rows } from '../../serving/index.ts';
import type { Tensors } from '../../sessions/index.ts';
import type { BadRows } from '../options.ts';
import type { Vector } from './parquet-types.ts';

/** Rows of a file that are scored together. What it refers to is valid until the next block is asked for. */
export type RowBlock = {
  /** Rows that go to the output, in the order of the file. */
  readonly rows: number;
  /**
   * What the model is fed with, a row for each of them: tensors that were made from the bytes, or values that become
   * tensors as those of a data frame do. What stands there for those of `unscored` says nothing.
   */
  readonly feeds: Feeds;
  /** Rows, by their places in the block, that get no prediction. */
  readonly unscored: ReadonlySet<number>;
  /** What is wrong with rows: with those, and with others that are left out. */
  readonly problems: readonly RowProblem[];
  /** Rows of the input that it took, those left out included. */
  readonly read: number;
  /** Where the next block begins. */
  readonly position: number;
  /** The rows as they stand, in formats of text. */
  readonly text: TextRows | null;
  /** The number in the file, from 1, of a row by its place in the block. */
  number(row: number): number;
  /** The value of a column of the layout, where it is joined to the output. */
  cell(row: number, column: number): Cell | boolean;
  /** The same as JSON, in formats of text: what JSON has no types for is told by its spelling. */
  json?(row: number, column: number): string;
  /** The joined columns as they are stored, in formats that store them so. */
  readonly vectors?: VectorRows;
};

export type Feeds = { readonly kind: 'tensors'; readonly tensors: Tensors } | Rows;

/** Columns of rows, by their places in the layout: row i of the block is row `order[i]` of them, or i where that is `null`. */
export type VectorRows = { column(column: number): Vector; readonly order: Uint32Array | null };

/** Bytes of rows: row i is `bytes.subarray(starts[i], ends[i])`, without its line end. */
export type TextRows = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
};

/** What is wrong with a row; `row` is its number in the file, from 1. */
export type RowProblem = {
  readonly row: number;
  readonly column?: string;
  readonly value?: string;
  readonly reason: string;
};

/** How a reader goes about the rows of a chunk. */
export type ReadOptions = {
  /** Rows of a block at most. */
  readonly rowsMax: number;
  /** Number of the first row in the file, from 1. */
  readonly row: number;
  /** Where that row begins. */
  readonly position: number;
  readonly badRows: BadRows['policy'];
};

export const noneUnscored: ReadonlySet<number> = new Set();

/** The same block with these rows alone, by their places in it. */
export function onlyRows(block: RowBlock, places: readonly number[]): RowBlock {
  const at = (row: number) => places[row] ?? 0;
  const { text, vectors } = block;
  return {
    ...block,
    rows: places.length,
    text: text && {
      bytes: text.bytes,
      starts: Uint32Array.from(places, (place) => text.starts[place]),
      ends: Uint32Array.from(places, (place) => text.ends[place]),
    },
    number: (row) => block.number(at(row)),
    cell: (row, column) => block.cell(at(row), column),
    ...(block.json ? { json: (row: number, column: number) => block.json?.(at(row), column) ?? 'null' } : {}),
    ...(vectors
      ? {
          vectors: {
            ...vectors,
            order: Uint32Array.from(places, (place) => vectors.order?.[place] ?? place),
          },
        }
      : {}),
  };
}
