import { cairn } from './client.ts';
import type { Figure } from './types.ts';

export type Stage = 'None' | 'Staging' | 'Production' | 'Archived';
export const stages: readonly Stage[] = ['None', 'Staging', 'Production', 'Archived'];

/** A registered model as Cairn tells of it. */
export type RegisteredModel = {
  readonly model_id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly HeldAlias[];
  readonly stages: Readonly<Partial<Record<Stage, readonly number[]>>>;
  /** How many versions there are. */
  readonly versions: number;
  /** What the promotion policy in force guards. */
  readonly policy: {
    readonly version: number;
    readonly aliases: readonly string[];
    readonly stages: readonly Stage[];
  } | null;
  readonly created_at: number;
  readonly updated_at: number;
};

export type HeldAlias = {
  readonly alias: string;
  readonly version: number;
  readonly since?: number;
  readonly by?: string;
};

type WayOut = { readonly says: string; readonly by?: string };

/** Whether a version can be served. */
export type InspectionState =
  | { readonly state: 'pending' }
  | { readonly state: 'ready' }
  | { readonly state: 'refused'; readonly reason: string; readonly way_out?: WayOut };

/** A version as a row of a list. */
export type VersionRow = {
  readonly version: number;
  readonly stage: Stage;
  readonly aliases: readonly string[];
  readonly source: string;
  readonly run_id?: string | null;
  readonly logged_model_id?: string | null;
  readonly user_id?: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly inspection: InspectionState;
  readonly flavours: readonly string[];
  readonly signed: boolean;
  readonly created_at: number;
  readonly updated_at: number;
};

export type TensorSpec = {
  readonly name: string;
  readonly element_type: string;
  readonly shape: readonly (number | string | null)[];
};

export type Ready = {
  readonly digest: string;
  readonly bytes: number;
  readonly signature: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
  readonly features: readonly string[] | null;
  readonly labels: readonly string[] | null;
  readonly served: {
    readonly digest: string;
    readonly bytes: number;
    readonly changes: readonly string[];
    readonly external: readonly { readonly path: string; readonly digest: string; readonly bytes: number }[];
  };
  readonly timings: {
    readonly load_milliseconds: number;
    readonly run_milliseconds_p50: number;
    readonly run_milliseconds_max: number;
    readonly memory_bytes: number;
  };
};

export type Inspection =
  | { readonly state: 'pending' }
  | { readonly state: 'ready'; readonly at: number; readonly ready: Ready }
  | {
      readonly state: 'refused';
      readonly at: number;
      readonly reason: string;
      readonly way_out?: WayOut;
    };

export type Artifact = {
  readonly manifest: { readonly digest: string; readonly files: number; readonly bytes: number };
  readonly flavours: readonly string[];
  readonly mlflow_version?: string | null;
  readonly schema?: Readonly<
    Partial<Record<'inputs' | 'outputs' | 'params', readonly unknown[] | null>>
  > | null;
  readonly input_example?: string | null;
  readonly onnx?: {
    readonly path: string;
    readonly ir_version: number;
    readonly opsets: Readonly<Record<string, number>>;
    readonly operators: Readonly<Record<string, number>>;
    readonly producer?: string | null;
    readonly parameters?: number | null;
  } | null;
};

export type Git = {
  readonly commit: string;
  readonly branch?: string | null;
  readonly repo_url?: string | null;
  readonly link?: string | null;
};

export type SourceRun = {
  readonly run_id: string;
  readonly name: string;
  readonly experiment_id: string;
  readonly experiment_name: string;
  readonly metrics: Readonly<Record<string, Figure>>;
  readonly params: Readonly<Record<string, string>>;
  readonly git: Git | null;
};

export type Conversion = {
  readonly job_id: string;
  readonly status: 'waiting' | 'running' | 'succeeded' | 'failed';
  readonly attempt: number;
  readonly reason?: string;
  readonly log_tail?: string;
  readonly started_at?: number;
  readonly finished_at?: number;
  readonly check?: { readonly rows: number; readonly max_abs_difference: number; readonly tolerance: number };
  readonly requested_by: string;
  readonly created_at: number;
};

export type Signing = { readonly key_id: string; readonly manifest_digest: string; readonly at: number };

/** All that is known of one version. */
export type Version = Omit<VersionRow, 'inspection'> & {
  readonly model_id: string;
  readonly name: string;
  readonly run: SourceRun | null;
  readonly inspection: Inspection;
  readonly artifact: Artifact | null;
  readonly signing: Signing | null;
  readonly conversion: Conversion | null;
};

export type VersionFile = { readonly path: string; readonly bytes: number; readonly sha256: string };

export type Verification = {
  readonly valid: boolean;
  readonly reason?: string;
  readonly key_id: string;
  readonly files: number;
};

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];
export const comparedMetrics = ['accuracy', 'log_loss', 'f1', 'auc', 'rmse', 'mae'] as const;
export type ComparedMetric = (typeof comparedMetrics)[number];

export type FreezeWindow =
  | { readonly from: number; readonly to: number; readonly reason: string }
  | {
      readonly weekdays: readonly Weekday[];
      /** `HH:MM` on the clocks of `timezone`. */
      readonly from: string;
      readonly to: string;
      readonly timezone: string;
      readonly reason: string;
    };

/** What a version must pass before it may take a guarded alias or stage. */
export type Gate =
  | { readonly gate: 'required-tags'; readonly tags: readonly string[] }
  | {
      readonly gate: 'metric';
      readonly key: string;
      readonly at_least?: number;
      readonly at_most?: number;
    }
  | {
      readonly gate: 'no-regression';
      readonly metric: ComparedMetric;
      readonly margin: number;
      readonly rows_min: number;
      readonly confidence: number;
    }
  | { readonly gate: 'schema' }
  | { readonly gate: 'inspection' }
  | { readonly gate: 'signature' }
  | { readonly gate: 'evaluation-drift'; readonly threshold: number }
  | { readonly gate: 'approvals'; readonly count: number }
  | { readonly gate: 'freeze'; readonly windows: readonly FreezeWindow[] };

export type GateKind = Gate['gate'];

export type PolicyDraft = {
  readonly aliases: readonly string[];
  readonly stages: readonly Stage[];
  readonly gates: readonly Gate[];
};

export type Policy = PolicyDraft & {
  readonly version: number;
  readonly author: string;
  readonly at: number;
  /** It ends the policy before it. */
  readonly ended?: boolean;
};

export type GateVerdict = {
  readonly gate: string;
  /** Tells it from another of its kind, such as of another metric. */
  readonly key?: string;
  readonly status: 'passed' | 'failed' | 'waiting' | 'overridden' | 'error';
  readonly says: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly at: number;
};

type Decision = { readonly by: string; readonly at: number; readonly reason: string };

export type PromotionStatus =
  | 'evaluating'
  | 'waiting'
  | 'promoted'
  | 'refused'
  | 'rejected'
  | 'cancelled'
  | 'superseded'
  | 'failed';

export type Promotion = {
  readonly number: number;
  readonly model: string;
  readonly version: number;
  readonly target: { readonly alias?: string; readonly stage?: Stage };
  readonly status: PromotionStatus;
  readonly policy_version: number | null;
  readonly champion: { readonly version: number } | null;
  readonly gates: readonly GateVerdict[];
  readonly approvals: readonly { readonly by: string; readonly at: number; readonly comment?: string }[];
  readonly rejected?: Decision;
  readonly override?: Decision & { readonly gates?: readonly string[] };
  readonly cancelled_by?: string;
  readonly superseded_by?: number;
  readonly reason?: string;
  readonly requested_by: string;
  /** Of the version: whose approval does not count. */
  readonly author?: string;
  readonly comment?: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly finished_at?: number;
};

export type AliasMove = {
  readonly seq: number;
  readonly from?: number | null;
  readonly to?: number | null;
  readonly cause: {
    readonly kind: 'set' | 'promotion' | 'rollback' | 'version-deleted';
    readonly promotion?: number;
    readonly undoes?: number;
    readonly reason?: string;
  };
  readonly actor: string;
  readonly at: number;
};

export type LineageNode = {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly link?: string;
  readonly facts: Readonly<Record<string, unknown>>;
};
export type LineageEdge = {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly at: number;
};
export type Lineage = {
  readonly node: string;
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  readonly truncated: boolean;
};

/** Below `/api/v1/`: a model, or one of its parts. */
export function modelPath(name: string, ...rest: readonly (string | number)[]): string {
  return ['models', name, ...rest].map((part) => encodeURIComponent(part)).join('/');
}

export function versionPath(name: string, version: number, ...rest: readonly string[]): string {
  return modelPath(name, 'versions', version, ...rest);
}

/** Pages of a list: what a query of many pages asks and how it goes on. */
export function pagesOf<P extends { readonly next_page_token?: string }>(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
) {
  return {
    queryFn: ({ pageParam, signal }: { pageParam: string | undefined; signal: AbortSignal }) =>
      cairn.get<P>(path, { query: { ...query, page_token: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_page_token: next }: P) => next,
  };
}
