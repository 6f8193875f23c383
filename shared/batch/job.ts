import { createHash } from 'node:crypto';
import type { CsvProblem } from '../datasets/index.ts';
import type { Document } from '../documents.ts';

/** One file to score: from the blob that was dropped to the blob that comes out. */
export type BatchJob = JobFacts & JobState;

type JobFacts = Document & {
  readonly type: 'batch-job';
  readonly kind: 'batch';
  readonly jobId: string;
  readonly endpoint: string;
  /** The very blob that is scored: a blob of the same name with another etag is another job's. */
  readonly input: {
    readonly container: 'batch-input';
    readonly name: string;
    readonly etag: string;
    readonly bytes: number;
  };
  readonly output: { readonly container: 'batch-output'; readonly name: string };
  readonly plan: Plan;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The last event of the job. */
  readonly seq?: number;
};

/** How far the input has been cut into chunks. */
export type Plan = {
  /** Where the next chunk begins; 0 before the header has been read. */
  readonly position: number;
  readonly chunks: number;
  readonly rows: number;
  readonly complete: boolean;
};

/** What scores: the version the endpoint was pinned to when the job was made. */
export type BatchModel = { readonly modelId: string; readonly version: number; readonly digest: string };

export type JobState =
  | { readonly status: 'planned'; readonly model: BatchModel }
  | { readonly status: 'running'; readonly model: BatchModel; readonly startedAt: number }
  | { readonly status: 'committing'; readonly model: BatchModel; readonly startedAt: number }
  | {
      readonly status: 'succeeded';
      readonly model: BatchModel;
      readonly startedAt: number;
      readonly finishedAt: number;
      /** Of the output. */
      readonly rows: number;
      readonly bytes: number;
    }
  | (Ended & { readonly status: 'failed'; readonly failure: BatchFailure })
  | (Ended & { readonly status: 'cancelled' });

type Ended = { readonly model?: BatchModel; readonly startedAt?: number; readonly finishedAt: number };

export type JobStatus = BatchJob['status'];
export type RunningJob = Extract<BatchJob, { status: 'running' }>;

/** Why a job failed: in the input, with the place; or around it. */
export type BatchFailure = CsvProblem & {
  readonly code: 'bad-input' | 'input-changed' | 'endpoint' | 'model' | 'attempts' | 'commit';
};

/** A byte range of the input that ends where a row ends, scored by one worker at a time. */
export type BatchChunk = ChunkFacts & ChunkState;

type ChunkFacts = Document & {
  readonly type: 'batch-chunk';
  readonly jobId: string;
  readonly index: number;
  /** `[first, end)` of the input. */
  readonly first: number;
  readonly end: number;
  /** Number in the file of its first row, from 1, and how many there are. */
  readonly row: number;
  readonly rows: number;
  /** Claims that ended badly. */
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
      readonly progress: Progress;
    }
  | { readonly status: 'done'; readonly attempt: number; readonly progress: Progress }
  | { readonly status: 'failed'; readonly reason: string };

/** What has been scored and staged of a chunk: all before `position`, as exactly these blocks in this order. */
export type Progress = {
  readonly position: number;
  readonly blockIds: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** CRC-32 of those bytes. */
  readonly crc: number;
};

/** Asks for the plan of a job, or for what has been left of it. */
export type BatchMessage = { readonly kind: 'batch-plan' | 'batch-recover'; readonly jobId: string };

/** Asks for one chunk. */
export type ChunkMessage = { readonly jobId: string; readonly chunk: number };

/** How work is divided and how long it may take. Tests use small ones. */
export type BatchOptions = {
  readonly chunkBytes: number;
  /** Output staged at once. */
  readonly partBytes: number;
  /** Rows the model scores at once. */
  readonly rowsAtOnce: number;
  readonly leaseSeconds: number;
  readonly checkpointSeconds: number;
  /** After so long a worker hands its work on in a new message, well before the host would end it. */
  readonly workSecondsMax: number;
  readonly failuresMax: number;
  /** A pending chunk is asked for again when no message was sent for so long. */
  readonly resendSeconds: number;
};

export const batchDefaults: BatchOptions = {
  chunkBytes: 16 * 1024 * 1024,
  partBytes: 4 * 1024 * 1024,
  rowsAtOnce: 4096,
  leaseSeconds: 60,
  checkpointSeconds: 10,
  workSecondsMax: 300,
  failuresMax: 5,
  resendSeconds: 300,
};

/** Chunks a job is cut into at most, so that their documents can be read together; larger files get larger chunks. */
const chunksMax = 2000;

export function chunkBytesOf(inputBytes: number, options: BatchOptions): number {
  return Math.max(options.chunkBytes, Math.ceil(inputBytes / chunksMax));
}

/** The same for the same bytes under the same name, so that a repeated event finds the job it made before. */
export function jobIdOf(workspace: string, endpoint: string, input: { name: string; etag: string }): string {
  const identity = JSON.stringify([workspace, endpoint, 'batch-input', input.name, input.etag]);
  return `batch-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
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

function digits(value: number, width: number): string {
  const text = String(value).padStart(width, '0');
  if (text.length > width) throw new Error(`${value} has more than ${width} digits.`);
  return text;
}
