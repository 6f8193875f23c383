import type { Document } from '../documents.ts';
import { digits } from './digits.ts';

/**
 * A part of a file that begins and ends where a row does, scored by one worker at a time. Positions are bytes of a
 * text file, unpacked where it is packed, and rows of a Parquet file.
 */
export type BatchChunk = ChunkFacts & ChunkState;
export type DoneChunk = Extract<BatchChunk, { status: 'done' }>;

type ChunkFacts = Document & {
  readonly type: 'batch-chunk';
  readonly jobId: string;
  readonly index: number;
  readonly file: number;
  /** `[first, end)` of the file; `end` is `null` where only reading it to its end can tell. */
  readonly first: number;
  readonly end: number | null;
  /** Number in the file of its first row, from 1, and how many there are, if that is known. */
  readonly row: number;
  readonly rows: number | null;
  /** Claims that ended badly since the last that came further. */
  readonly failures: number;
};

export type ChunkState =
  /**
   * `attempt` is the number of claims so far; `sentAt` is when a message last asked for this chunk, and `resent` how
   * often one did again while it waited.
   */
  | {
      readonly status: 'pending';
      readonly attempt: number;
      readonly sentAt: number;
      readonly resent?: number;
      readonly progress: Progress;
    }
  | {
      readonly status: 'claimed';
      readonly attempt: number;
      readonly leaseUntil: number;
      readonly heartbeatAt: number;
      readonly span?: Span;
      readonly progress: Progress;
    }
  | {
      readonly status: 'done';
      readonly attempt: number;
      readonly span?: Span;
      readonly progress: Progress;
    }
  | {
      readonly status: 'failed';
      readonly attempt: number;
      readonly reason: string;
      readonly progress: Progress;
    };

/** When the last worker of a chunk took it and when it was done, and the rows that had been read before. */
export type Span = { readonly from: number; readonly to?: number; readonly read: number };

/** What has been scored and staged of a chunk: all before `position`, as exactly these blocks in this order. */
export type Progress = {
  readonly position: number;
  /** Rows of the input that lie before it. */
  readonly read: number;
  readonly blockIds: readonly string[];
  /** Of the output: rows, bytes, and CRC-32 of those. */
  readonly rows: number;
  readonly bytes: number;
  readonly crc: number;
  /** Rows that could not be scored, and the blocks of the file of errors that tell of them. */
  readonly bad: number;
  readonly errorIds: readonly string[];
  /** Of each block, what the footer of the file says of it, in formats that have one. */
  readonly groups: readonly unknown[];
  /** The blob that holds what was counted of those rows. */
  readonly profile?: string;
  /** When the first of their workers began, and how long all have worked on them together. */
  readonly work?: { readonly since: number; readonly milliseconds: number };
  /** Why rows were bad, the first reasons that there were, and how many were for each. */
  readonly reasons?: readonly BadReason[];
};

/** `column` is missing where it is not about one, and both where there were too many reasons. */
export type BadReason = { readonly column?: string; readonly reason?: string; readonly rows: number };

/** A chunk without the state it is in. */
export function factsOf(chunk: BatchChunk): ChunkFacts {
  const { id, type, v, workspace, jobId, index, file, first, end, row, rows, failures } = chunk;
  return { id, type, v, workspace, jobId, index, file, first, end, row, rows, failures };
}

export const noProgress = (position: number): Progress => ({
  position,
  read: 0,
  blockIds: [],
  rows: 0,
  bytes: 0,
  crc: 0,
  bad: 0,
  errorIds: [],
  groups: [],
});

/** Asks for one chunk. */
export type ChunkMessage = { readonly jobId: string; readonly chunk: number };

export function chunkId(index: number): string {
  return `chunk:${digits(index, 6)}`;
}

/** All block ids of a blob have one length: chunk(6) attempt(4) part(4). */
export function blockId(chunk: number, attempt: number, part: number): string {
  return digits(chunk, 6) + digits(attempt, 4) + digits(part, 4);
}
