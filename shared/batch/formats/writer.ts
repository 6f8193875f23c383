import type { PredictedValues } from './predicted.ts';
import type { RowBlock } from './rows.ts';

/** Writes the output of one chunk. What it writes depends on the rows alone, not on where a worker left off. */
export type RowWriter = {
  /** What stands before the first row of a file. */
  head(): Uint8Array;
  /** In formats that end in a footer, what that has to say beside the groups of rows. */
  readonly schema?: unknown;
  /** Writes rows, or keeps them to be written with those that follow. */
  write(block: RowBlock, predicted: PredictedValues): Written;
  /** Whether rows are kept back: the work cannot be left off here. */
  readonly isHolding: boolean;
  /** Writes what is held back, at the end of the chunk. */
  close(): Written;
};

/** Bytes that are valid until the next call, and, in formats that end in a footer, what it has to say of them. */
export type Written = { readonly bytes: Uint8Array; readonly groups?: readonly unknown[] };
