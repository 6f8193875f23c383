/** A version of a model that answers, by number and by the digest of its bytes. */
export type Pinned = { readonly version: number; readonly digest: string };

/** Percent by deployment. */
export type Shares = Readonly<Record<string, number>>;

export type GuardName = 'errors' | 'latency' | 'non-finite' | 'scores';

/** What one guard found: `limit` is the most that `canary` may be, `evidence` how much speaks for its being worse. */
export type GuardResult = {
  readonly guard: GuardName;
  readonly breached: boolean;
  readonly stable: number | null;
  readonly canary: number | null;
  readonly limit: number | null;
  /** A breach where it reaches `evidence_limit`. */
  readonly evidence: number;
  readonly evidence_limit: number;
  /** Of `errors`: what of these shares were mistakes of callers; an answer of before they were told apart has none. */
  readonly refused?: { readonly stable: number | null; readonly canary: number | null };
};

export type Judgement = {
  readonly at: number;
  readonly verdict: 'waiting' | 'passing' | 'breached';
  readonly says: string;
  readonly requests: { readonly stable: number; readonly canary: number };
  readonly guards: readonly GuardResult[];
};

export type RolloutPolicy = {
  readonly plan: readonly number[];
  readonly hold_seconds: number;
  readonly guards: {
    readonly requests_min: number;
    readonly alpha: number;
    readonly error_ratio_max: number;
    readonly latency_ratio_max: number;
    readonly score_distance_max: number | null;
  };
};

/** A new version on its way in. */
export type Rollout = {
  readonly id: string;
  readonly from: Pinned;
  readonly to: Pinned;
  /** Index into the plan. */
  readonly step: number;
  readonly percent: number;
  readonly since: number;
  readonly started_at: number;
  readonly policy: RolloutPolicy;
  readonly judged: Judgement | null;
};

export type EndedRollout = Pick<Rollout, 'id' | 'from' | 'to' | 'step' | 'started_at' | 'judged'> & {
  readonly outcome: 'finished' | 'rolled-back' | 'stopped' | 'superseded';
  readonly reason: string;
  readonly ended_at: number;
};

export const executions = ['auto', 'inline', 'worker', 'process'] as const;
export type Execution = (typeof executions)[number];

export type ModelDeployment = {
  readonly name: string;
  readonly kind: 'model';
  readonly model: string;
  readonly model_id: string;
  /** It follows an alias, or holds one version. */
  readonly alias?: string;
  readonly version?: number;
  readonly stable: Pinned | null;
  readonly rollout: Rollout | null;
  readonly last_rollout: EndedRollout | null;
  /** What it waits for; only where one endpoint is read by its name. */
  readonly waiting_for?: string | null;
  readonly settings: { readonly execution: Execution; readonly micro_batch_rows: number };
};

/** Calls are sent on to a server elsewhere. */
export type ExternalDeployment = {
  readonly name: string;
  readonly kind: 'external';
  readonly url: string;
  /** The secret itself is not shown. */
  readonly has_secret: boolean;
};

export type Deployment = ModelDeployment | ExternalDeployment;

export const durabilities = ['buffer', 'queue'] as const;
export type Durability = (typeof durabilities)[number];
export type NonFinite = 'refuse' | 'null' | 'text';

export type Endpoint = {
  readonly name: string;
  /** Of the deployment that gets most calls; null where all are elsewhere. */
  readonly model: string | null;
  readonly model_id: string | null;
  readonly alias: string | null;
  readonly status: 'ready' | 'waiting';
  readonly stable: Pinned | null;
  readonly deployments: readonly Deployment[];
  readonly traffic: Shares;
  readonly mirror: Shares;
  readonly sticky: { readonly header: string } | { readonly input: string } | null;
  readonly limits: {
    readonly rows_max: number;
    readonly timeout_seconds: number;
    readonly body_bytes_max: number;
  };
  readonly logging: {
    readonly sample_rate: number;
    readonly durability: Durability;
    readonly masked_columns: readonly string[];
    readonly retention_days: number | null;
  };
  readonly non_finite: NonFinite | null;
  readonly rollout: RolloutPolicy;
  readonly labels: Readonly<Record<string, string>>;
  readonly created_at: number;
  readonly updated_at: number;
  /** The version that a change is of; only where one endpoint is read by its name. */
  readonly etag?: string;
};

/** How a deployment or one of its versions did, step by step. */
export type MetricSeries = {
  readonly deployment: string;
  readonly variant: 'stable' | 'canary' | 'asked' | 'mirror';
  readonly version: number | null;
  readonly points: readonly MetricPoint[];
};

export type MetricPoint = {
  readonly at: number;
  readonly requests: number;
  readonly rows: number;
  readonly errors: Readonly<Record<'4xx' | '429' | '500' | '504', number>>;
  readonly latency_ms: Readonly<Record<Percentile, number>> | null;
  readonly non_finite: number;
  /** Mean rows of what was run together; `null` where nothing was run here. */
  readonly mean_batch_rows: number | null;
};

export const percentiles = ['p50', 'p95', 'p99'] as const;
export type Percentile = (typeof percentiles)[number];

export type EndpointMetrics = {
  readonly from: number;
  readonly to: number;
  readonly step_seconds: number;
  readonly series: readonly MetricSeries[];
};
