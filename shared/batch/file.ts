import type { SchemaElement } from 'hyparquet';
import type { Document } from '../documents.ts';
import { digits } from './digits.ts';

/** One file of a job: never written again once it is planned. */
export type BatchFile = Document & {
  readonly type: 'batch-file';
  readonly jobId: string;
  readonly index: number;
  /** The very blob that is scored: a blob of the same name with another etag is another job's. */
  readonly input: { readonly name: string; readonly etag: string; readonly bytes: number };
  /** Names in `batch-output`. */
  readonly output: string;
  readonly errors: string;
  /** `null` before it has been looked at. */
  readonly layout: Layout | null;
};

/** How the rows lie in a file. */
export type Layout =
  | {
      readonly format: 'csv';
      readonly gzip: boolean;
      readonly delimiter: string;
      readonly columns: readonly string[];
      /** The header line as it stands, and where the rows begin behind it. */
      readonly header: string;
      readonly first: number;
    }
  | {
      readonly format: 'jsonl';
      readonly gzip: boolean;
      /** Keys of the first row, in its order; of lists the one column that they are taken for. */
      readonly columns: readonly string[];
      readonly areLists?: true;
      readonly first: number;
    }
  | {
      readonly format: 'parquet';
      readonly columns: readonly ParquetColumn[];
      readonly rows: number;
      /** What pandas has noted of its frame, which holds for the output, too. */
      readonly pandas?: string;
    };

export type ParquetColumn = {
  readonly name: string;
  readonly type: 'number' | 'text' | 'truth' | 'time' | 'nested';
  /** As the schema of the file has it. */
  readonly element: SchemaElement;
};

/** Files of one job at most. */
export const filesMax = 10_000;

export function fileId(index: number): string {
  return `file:${digits(index, 6)}`;
}
