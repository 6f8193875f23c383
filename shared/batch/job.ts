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

/** Asks for the plan of a job, or for what has been left of it. */
export type BatchMessage = { readonly kind: 'batch-plan' | 'batch-recover'; readonly jobId: string };

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
