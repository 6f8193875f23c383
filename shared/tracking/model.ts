import type { Document } from '../documents.ts';

export type LifecycleStage = 'active' | 'deleted';
/** Since when a stage holds. A run's own and its experiment's are compared: whichever changed last decides. */
export type Lifecycle = { readonly stage: LifecycleStage; readonly at: number };

/** Keys are what users call their things, `__proto__` included: such maps have no prototype. */
export type Texts = Readonly<Record<string, string>>;
export type Pair = { readonly key: string; readonly value: string };

export type Experiment = Document & {
  readonly type: 'experiment';
  /** Decimal uint64. */
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly tags: Texts;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly seq: number;
};

/** Create-only: holds a name for one experiment, deleted ones included. */
export type ExperimentName = Document & {
  readonly type: 'experiment-name';
  readonly name: string;
  readonly experimentId: string;
};

export const runStatuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** What finds a run: its history and its long texts lie in its partition, and go when it goes. */
export type RunKey = { readonly experimentId: string; readonly runId: string };

export type Run = Document & {
  readonly type: 'run';
  readonly experimentId: string;
  readonly runId: string;
  readonly name: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime?: number;
  readonly artifactUri: string;
  readonly lifecycle: Lifecycle;
  readonly params: Texts;
  readonly tags: Texts;
  /** Latest value per metric: the part that is indexed and searched. NaN is 0 here, an infinity ±1.8e308's last double. */
  readonly m: Readonly<Record<string, number>>;
  /** Step and timestamp of that value. */
  readonly mm: Readonly<Record<string, readonly [step: number, timestamp: number]>>;
  /** Metrics whose latest value is NaN. */
  readonly mn: Readonly<Record<string, true>>;
  /** Params and tags of which only a prefix stands above, and the digest under which the whole text is kept. */
  readonly long?: { readonly params?: Texts; readonly tags?: Texts };
  readonly datasets?: readonly DatasetInput[];
  readonly modelInputs?: readonly { readonly modelId: string }[];
  readonly modelOutputs?: readonly { readonly modelId: string; readonly step: number }[];
  /** What has been logged since the run began, by which is told when to fold its history. */
  readonly logged?: Logged;
  readonly seq: number;
};

/** Log calls with metrics, and points. */
export type Logged = readonly [calls: number, points: number];

/** A dataset that a run used, as far as search needs it; `detail` is the digest under which the rest is kept. */
export type DatasetInput = {
  readonly name: string;
  readonly digest: string;
  /** The tag `mlflow.data.context`, such as `training`. */
  readonly context?: string;
  readonly tags: Texts;
  readonly detail: string;
};

/** What a client says of a dataset beside its name and digest; kept as JSON under `DatasetInput.detail`. */
export type DatasetDetail = {
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string;
  readonly profile?: string;
};

/** A run with whole params, tags and datasets, as it is shown. */
export type WholeRun = Omit<Run, 'long' | 'datasets'> & {
  readonly datasets?: readonly (DatasetInput & DatasetDetail)[];
};

/** One point of a metric's history; `timestamp` in milliseconds since 1970. */
export type MetricPoint = {
  readonly key: string;
  /** May be NaN or infinite. */
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  /** The logged model it was measured of, and on which dataset: kept with the model, not with the run. */
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
};

/** What `log-batch` and its single forms ask for. */
export type RunChange = {
  /** Asked for by a single form, where a message names `key` and not `params[0].key`. */
  readonly single?: boolean;
  readonly metrics?: readonly MetricPoint[];
  readonly params?: readonly Pair[];
  readonly tags?: readonly Pair[];
};
