export const jobStatuses = ['planned', 'running', 'committing', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** What scores: an endpoint is its name, a model has an id beside it. */
export type Owner =
  | { readonly type: 'endpoint'; readonly name: string }
  | { readonly type: 'model'; readonly id: string; readonly name: string };

export type BatchFormat = 'csv' | 'jsonl' | 'parquet';

export type BatchOptions = {
  readonly format: BatchFormat | 'auto';
  readonly delimiter: string | null;
  readonly gzip: boolean | null;
  readonly output: {
    readonly format: BatchFormat | 'same';
    readonly delimiter: string | null;
    readonly join: 'all' | 'none' | readonly string[];
    readonly probabilities: boolean;
  };
  readonly bad_rows: {
    readonly policy: 'fail' | 'skip' | 'null';
    readonly max_rows: number | null;
    readonly max_percent: number | null;
  };
};

/** A file in storage, and its address below this server. */
export type StoredFile = { readonly name: string; readonly url: string };

export type BatchProgress = {
  readonly chunks: { readonly done: number; readonly failed: number; readonly total: number };
  readonly rows: { readonly done: number; readonly bad: number; readonly total: number };
  readonly rows_per_second: { readonly recent: number | null; readonly overall: number | null };
  readonly eta_seconds: number | null;
  readonly workers: number;
  readonly failures: readonly {
    readonly chunk: number;
    readonly file: number;
    readonly attempts: number;
    readonly reason: string;
  }[];
  /** Whether all of the input has been looked at, so that totals stay. */
  readonly complete: boolean;
};

export type BatchJob = {
  readonly id: string;
  readonly status: JobStatus;
  readonly owner: Owner;
  /** The version that was pinned; none where the job was refused at once. */
  readonly model: { readonly model_id: string; readonly version: number; readonly digest: string } | null;
  readonly input: {
    readonly uri: string;
    readonly name: string;
    /** Whether it is all files whose names begin so. */
    readonly prefix: boolean;
    readonly files: number;
    readonly bytes: number;
  };
  /** None before the job has been planned. */
  readonly options: BatchOptions | null;
  /** Of many files no address, but those of its files. */
  readonly output: {
    readonly name: string;
    readonly url: string | null;
    readonly rows: number;
    readonly bytes: number;
    readonly bad: number;
    readonly errors: StoredFile | null;
  } | null;
  readonly error: {
    readonly code: string;
    readonly reason: string;
    readonly row?: number;
    readonly column?: string;
    /** Of the cell; none where the column is personal data. */
    readonly value?: string;
    readonly file?: string;
  } | null;
  /** Where one job is read by its id. */
  readonly progress?: BatchProgress;
  readonly retries: number;
  /** Nobody where a file that was dropped began it. */
  readonly requested_by: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly report: string | null;
};

/** One file of a job of many. */
export type BatchJobFile = {
  readonly index: number;
  readonly input: { readonly name: string; readonly bytes: number };
  readonly status: 'waiting' | 'running' | 'scored' | 'succeeded' | 'failed';
  readonly chunks: { readonly done: number; readonly total: number };
  readonly rows: number;
  readonly bad: number;
  readonly output: StoredFile | null;
  readonly errors: StoredFile | null;
};

/** A row that could not be scored, as a line of a file of errors; personal data has no value there. */
export type BadRow = {
  readonly row: number;
  readonly column?: string;
  readonly value?: string;
  readonly reason: string;
};

/** Where a file is sent, straight to storage: in one piece, or in blocks. */
export type DirectUpload = {
  readonly input: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expires_at: number;
  readonly blocks: {
    readonly upload: string;
    readonly bytes: number;
    readonly ids: readonly string[];
  } | null;
};
