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

export type Monitor = {
  name: string;
  endpoint: string;
  window_seconds: number;
  every_seconds: number;
  min_rows: number;
  thresholds: { psi: number; p_value: number; drifted_share: number };
  performance: { metric: string; max_drop: number; min_labelled: number };
  retraining?: { executor: string; on: string; alias: string; margin: number };
};

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
    | { source: 'none'; why: string };
  drift:
    | { verdict: 'insufficient-data'; reason: string; rows: Both }
    | {
        verdict: 'stable' | 'drifted';
        rows: Both;
        features: ColumnDrift[];
        score: ColumnDrift | null;
        drifted_share: number;
      };
  performance:
    | { verdict: 'unknown'; reason: string; labelled: number; coverage: number }
    | {
        verdict: 'ok' | 'degraded';
        metric: string;
        value: number;
        baseline: { source: string; accuracy: number; rows: number };
        standard_error: number;
        labelled: number;
        coverage: number;
      };
  breach: { reasons: string[]; at: number } | null;
};

export type Retraining = {
  id: string;
  model: string;
  monitor_id: string;
  status: string;
  champion: number | null;
  challenger?: number;
  version?: number;
  reason?: string;
  gate?: { champion: { accuracy: number }; challenger: { accuracy: number } };
  created_at: number;
};
