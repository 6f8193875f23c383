import { createHash } from 'node:crypto';
import type { SchemaElement } from 'hyparquet';
import type { CsvProblem } from '../datasets/index.ts';
import type { Document } from '../documents.ts';
import type { BlobContainerName } from '../resources.ts';
import type { JobOptions } from './options.ts';

/** Files to score by one version: from the blobs that were there when the job was made to the blobs that come out. */
export type BatchJob = JobFacts & JobState;

type JobFacts = Document & {
  readonly type: 'batch-job';
  readonly kind: 'batch';
  readonly jobId: string;
  /** Whose files they are, and who decides who may see them. */
  readonly owner: Owner;
  readonly input: JobInput;
  /** The blob that comes out, or the folder of them where there are several. */
  readonly output: { readonly container: 'batch-output'; readonly name: string };
  /** `null` before the plan has looked for the file of options beside the input. */
  readonly options: JobOptions | null;
  readonly plan: Plan;
  readonly createdAt: number;
  /** Who asked for it; of a file that was dropped nobody knows. */
  readonly requestedBy?: string;
  readonly updatedAt: number;
  /** The last event of the job. */
  readonly seq?: number;
  /** How often it was asked to go on after it had ended, and when it was the last time. */
  readonly retries?: number;
  readonly retriedAt?: number;
  /** It is gone for everybody, and only stands here so that a late event of its input does not begin it anew. */
  readonly deletedAt?: number;
};

/** An endpoint by its name, which scores by the version it answers with; or a model by its id. */
export type Owner =
  | { readonly type: 'endpoint'; readonly id: string }
  | { readonly type: 'model'; readonly id: string; readonly name: string };

/** One blob, or all whose names begin alike. */
export type JobInput = {
  readonly container: BlobContainerName;
  readonly name: string;
  readonly isPrefix: boolean;
  /** Of the blob, or of the list of them: another state of the input is another job's. */
  readonly etag: string;
  readonly files: number;
  readonly bytes: number;
};

/** How far the input has been cut into chunks. */
export type Plan = {
  /** The file that is being cut, and where its next chunk begins; 0 before its header has been read. */
  readonly file: number;
  readonly position: number;
  /** Number in the file of the first row of that chunk. */
  readonly row: number;
  readonly chunks: number;
  /** Rows found so far: of what can be told without reading it. */
  readonly rows: number;
  readonly complete: boolean;
  /** Rows that the model scores at once, the same in all chunks. */
  readonly rowsAtOnce: number;
  /** Tries that ended badly since it last came further. */
  readonly failures?: number;
};

/** What scores: the version that was pinned when the job was made. */
export type BatchModel = { readonly modelId: string; readonly version: number; readonly digest: string };

export type JobState =
  | { readonly status: 'planned'; readonly model: BatchModel }
  | { readonly status: 'running'; readonly model: BatchModel; readonly startedAt: number }
  | (Committing & { readonly status: 'committing' })
  | (Committing & {
      readonly status: 'succeeded';
      readonly finishedAt: number;
      /** Of the report, in `batch-output`. */
      readonly report?: string;
    })
  | (Ended & { readonly status: 'failed'; readonly failure: BatchFailure })
  | (Ended & { readonly status: 'cancelled' });

type Committing = {
  readonly model: BatchModel;
  readonly startedAt: number;
  /** When all of its chunks were done. */
  readonly commitAt?: number;
  readonly totals: Totals;
};
type Ended = { readonly model?: BatchModel; readonly startedAt?: number; readonly finishedAt: number };

/** Of all that is committed. `bad` rows are left out of the output, or stand there without a prediction. */
export type Totals = { readonly rows: number; readonly bytes: number; readonly bad: number };

export type JobStatus = BatchJob['status'];
export type RunningJob = Extract<BatchJob, { status: 'running' }>;
export type CommittingJob = Extract<BatchJob, { status: 'committing' }>;

/** Why a job failed: in the input, with the place; or around it. */
export type BatchFailure = CsvProblem & {
  readonly code: 'bad-input' | 'input-changed' | 'endpoint' | 'model' | 'options' | 'attempts' | 'commit';
  /** The file it was in, where there are several. */
  readonly file?: string;
};

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
  /** `attempt` is the number of claims so far; `sentAt` is when a message last asked for this chunk. */
  | {
      readonly status: 'pending';
      readonly attempt: number;
      readonly sentAt: number;
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

/** Asks for the plan of a job, or for what has been left of it. */
export type BatchMessage = { readonly kind: 'batch-plan' | 'batch-recover'; readonly jobId: string };

/** Asks for one chunk. */
export type ChunkMessage = { readonly jobId: string; readonly chunk: number };

/** How work is divided and how long it may take. Tests use small ones. */
export type BatchOptions = {
  readonly chunkBytes: number;
  /** Output staged at once. */
  readonly partBytes: number;
  /** Rows the model scores at once; fewer of a slow one. */
  readonly rowsAtOnce: number;
  readonly leaseSeconds: number;
  /** How often a worker says that it lives. */
  readonly heartbeatSeconds: number;
  /**
   * How often it stages what it has, however little, and records it: more often than the timer looks after a job, so
   * that a worker comes further each time, though one whose clock is wrong takes its chunk away every minute.
   */
  readonly checkpointSeconds: number;
  /** After so long a worker hands its work on in a new message, well before the host would end it. */
  readonly workSecondsMax: number;
  /** The same where a smaller job waits, and the longest that it then gets; both together end before the host does. */
  readonly turnSeconds: number;
  readonly failuresMax: number;
  /** A pending chunk is asked for again when no message was sent for so long. */
  readonly resendSeconds: number;
};

export const batchDefaults: BatchOptions = {
  chunkBytes: 16 * 1024 * 1024,
  partBytes: 4 * 1024 * 1024,
  rowsAtOnce: 4096,
  leaseSeconds: 40,
  heartbeatSeconds: 10,
  checkpointSeconds: 20,
  workSecondsMax: 300,
  turnSeconds: 60,
  failuresMax: 5,
  resendSeconds: 300,
};

/** Files of one job at most. */
export const filesMax = 10_000;

/** Chunks that files are cut into at most, beside one of each, so that their documents can be read together; larger ones get larger chunks. */
const chunksMax = 2000;

export function chunkBytesOf(inputBytes: number, options: BatchOptions): number {
  return Math.max(options.chunkBytes, Math.ceil(inputBytes / chunksMax));
}

/** What makes two requests ask for the same job. */
export type JobIdentity = {
  readonly workspace: string;
  readonly owner: Owner;
  readonly input: Pick<JobInput, 'container' | 'name' | 'isPrefix' | 'etag'>;
  /** What was asked for beside the input: a version, options, a key of the caller's. Nothing for a file that was dropped. */
  readonly asked?: unknown;
  /** What scores, where the input was asked for again after another version had scored it. */
  readonly again?: BatchModel;
  /** How many jobs of this identity have been deleted. */
  readonly generation?: number;
};

/** The same for the same bytes under the same name, so that a repeated event finds the job it made before. */
export function jobIdOf({
  workspace,
  owner,
  input,
  asked = null,
  again,
  generation = 0,
}: JobIdentity): string {
  const { container, name, isPrefix, etag } = input;
  const identity = [workspace, owner.type, owner.id, container, name, isPrefix, etag, asked, generation];
  if (again) identity.push(again.modelId, again.version, again.digest);
  return `batch-${createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32)}`;
}

export function fileId(index: number): string {
  return `file:${digits(index, 6)}`;
}

export function chunkId(index: number): string {
  return `chunk:${digits(index, 6)}`;
}

/** All block ids of a blob have one length: chunk(6) attempt(4) part(4). */
export function blockId(chunk: number, attempt: number, part: number): string {
  return digits(chunk, 6) + digits(attempt, 4) + digits(part, 4);
}

/** Whether anything is still to happen. */
export function isOver(job: BatchJob): boolean {
  switch (job.status) {
    case 'planned':
    case 'running':
    case 'committing':
      return false;
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return true;
  }
}

/** A number with zeros before it, so that names sort as numbers do. Throws for one that is too long. */
export function digits(value: number, width: number): string {
  const text = String(value).padStart(width, '0');
  if (text.length > width) throw new Error(`${value} has more than ${width} digits.`);
  return text;
}
