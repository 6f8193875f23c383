/** A number as MLflow's JSON writes it: NaN and the infinities are text. */
export type Figure = number | 'NaN' | 'Infinity' | '-Infinity';
export type Pair = { key: string; value: string };
export type Metric = { key: string; value: Figure; step: number; timestamp: number };

export type Experiment = {
  experiment_id: string;
  name: string;
  artifact_location: string;
  lifecycle_stage: string;
  creation_time: number;
  last_update_time: number;
  tags?: Pair[];
};

export type Run = {
  info: {
    run_id: string;
    experiment_id: string;
    run_name: string;
    user_id: string;
    status: string;
    start_time: number;
    end_time?: number;
    artifact_uri: string;
    lifecycle_stage: string;
  };
  data: { metrics?: Metric[]; params?: Pair[]; tags?: Pair[] };
  inputs?: { dataset_inputs?: DatasetInput[]; model_inputs?: { model_id: string }[] };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
};

/** A dataset that a run used. `schema` and `profile` are JSON. */
export type DatasetInput = {
  tags?: Pair[];
  dataset: {
    name: string;
    digest: string;
    source_type?: string;
    source?: string;
    schema?: string;
    profile?: string;
  };
};

export type LoggedModel = {
  info: {
    model_id: string;
    name: string;
    status: string;
    model_type?: string;
    source_run_id?: string;
    tags?: Pair[];
  };
  data?: { metrics?: Metric[]; params?: Pair[] };
};

export type Artifact = { path: string; is_dir: boolean; file_size?: number };

export type Version = {
  name: string;
  version: string;
  creation_timestamp: number;
  description?: string;
  source: string;
  run_id: string;
  status_message?: string;
  tags?: Pair[];
  aliases?: string[];
};

export type Model = {
  name: string;
  creation_timestamp: number;
  last_updated_timestamp: number;
  description?: string;
  latest_versions?: Version[];
  tags?: Pair[];
  aliases?: { alias: string; version: string }[];
};

export type MonitorBounds = { lower?: number; upper?: number };

export type Monitor = {
  name: string;
  endpoint: string;
  window_seconds: number;
  every_seconds: number;
  offset_seconds: number;
  reference:
    | { kind: 'version' }
    | { kind: 'fixed'; from: number; to: number }
    | { kind: 'rolling'; length_seconds: number; offset_seconds: number };
  preset: string;
  min_rows: number;
  min_labelled: number;
  max_label_delay_seconds: number;
  segments: { column: string; values: string[] } | null;
  feature_weights: Record<string, number>;
  signals: Record<
    string,
    { enabled: boolean; severity: string; thresholds: Record<string, MonitorThreshold> }
  >;
  alerting: {
    breaches: number;
    of: number;
    clear: number;
    hysteresis: number;
    cooldown_seconds: number;
    channels?: string[];
  };
  retraining: {
    executor: string;
    on: string[];
    alias: string;
    margin: number;
    max_per_day: number;
  } | null;
};

/** Bounds that are given, or how they are learnt of earlier windows. */
export type MonitorThreshold = MonitorBounds & { learnt?: { sigmas: number; windows: number } };

type Both = { reference: number; current: number };
export type ColumnDrift =
  | {
      column: string;
      verdict: 'stable' | 'drifted';
      kind: string;
      psi: number;
      test: string;
      statistic: number;
      p_value: number;
      missing: Both;
    }
  | { column: string; verdict: 'not-comparable'; reason: string };

/** What a batch report says of its rows. */
export type BatchDrift =
  | { verdict: 'insufficient-data'; reason: string; rows: Both }
  | {
      verdict: 'stable' | 'drifted';
      rows: Both;
      features: ColumnDrift[];
      score: ColumnDrift | null;
      drifted_share: number;
    };

export type SignalVerdict = 'ok' | 'breached' | 'insufficient-data';

export type MonitorItem = {
  name: string;
  metric: string;
  value: number | null;
  band?: { lower: number; upper: number };
  bounds: MonitorBounds | null;
  verdict: SignalVerdict;
  basis: string;
  reason?: string;
};

export type MonitorSignal = {
  signal: string;
  segment: string;
  severity: string;
  verdict: SignalVerdict;
  reason?: string;
  metric: string;
  value: number | null;
  band?: { lower: number; upper: number };
  bounds: MonitorBounds | null;
  items: MonitorItem[];
  items_left_out?: number;
};

export type MonitorResult = {
  monitor: string;
  endpoint: string;
  window_start: number;
  window_end: number;
  checked_at: number;
  settled: boolean;
  model: { version: number } | null;
  other_versions_rows: number;
  reference:
    | { source: 'dataset'; uri: string; rows: number }
    | { source: 'first-predictions'; why: string; rows: number }
    | { source: 'window'; kind: string; from: number; to: number; rows: number }
    | { source: 'none'; why: string };
  rows: Both;
  signals: MonitorSignal[];
  /** Every feature by how far it moved, by name. */
  heat?: { features: string[]; metric: string; values: (number | null)[]; breached: boolean[] };
};

/** How far a column moved, by the test of a preset. */
export type MonitorFigure = {
  metric: string;
  value: number | null;
  bounds: MonitorBounds;
  p_value?: number | null;
  test?: 'ks' | 'chi-square';
  statistic?: number | null;
};

/** How both sides are distributed; of numbers `edges` are one more than bins, of categories `null` is all others. */
export type MonitorOverlay =
  | { kind: 'numeric'; edges: number[]; reference: number[]; current: number[] }
  | { kind: 'categorical'; categories: (string | null)[]; reference: number[]; current: number[] };

export type MonitorItemDetail = MonitorItem & {
  profile?: MonitorFigure;
  exact?: MonitorFigure;
  missing?: Both;
  overlay?: MonitorOverlay;
};

/** All that a check found of a window. */
export type MonitorDetail = {
  window_end: number;
  signals: { signal: string; segment: string; items: MonitorItemDetail[] }[];
};

/** What one window said of a figure. */
export type MonitorHistoryPoint = {
  window_start: number;
  window_end: number;
  version: number | null;
  verdict: SignalVerdict;
  value: number | null;
  band?: { lower: number; upper: number };
  bounds: MonitorBounds | null;
  reason?: string;
};

/** What trains, as CAIRN_EXECUTORS declares it. */
export type Executor = { name: string; kind: 'process' | 'container-job' | 'github' | 'webhook' };

export type RetrainingFigures = { version: number; accuracy: number; log_loss: number | null };

export type Retraining = {
  id: string;
  model: string;
  endpoint: string;
  alias: string;
  executor: string;
  /** `null` for one that is no longer declared. */
  executor_kind: Executor['kind'] | null;
  /** `null` where a person asked for an endpoint. */
  monitor_id: string | null;
  reasons: string[];
  requested_by?: string;
  why?: string;
  incident?: string;
  from: number;
  to: number;
  run?: { attempt: number; page: string };
  steps?: { at: number; status: string; attempt?: number }[];
  rollout?: {
    status: string;
    deployment: string;
    share?: number;
    says?: string;
    reason?: string;
    started_at?: number;
    ended_at?: number;
  };
  status: string;
  champion: number | null;
  challenger?: number;
  version?: number;
  reason?: string;
  gate?: { rows: number; margin: number; champion: RetrainingFigures; challenger: RetrainingFigures };
  created_at: number;
};
