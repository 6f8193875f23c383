import type { DatasetRef } from '../datasets/index.ts';
import type { Document } from '../documents.ts';
import type { Stage, Target } from '../registry/index.ts';

/** Figures by which two versions are compared on the same rows. */
export const comparedMetrics = ['accuracy', 'log_loss', 'f1', 'auc', 'rmse', 'mae'] as const;
export type ComparedMetric = (typeof comparedMetrics)[number];

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** A time in which nothing is promoted: once, in milliseconds since 1970, or on some days of every week. */
export type FreezeWindow =
  | { readonly from: number; readonly to: number; readonly reason: string }
  | {
      /** The days on which it begins; where `to` is not after `from`, it ends on the day after. */
      readonly weekdays: readonly Weekday[];
      /** `HH:MM` on the clocks of `timezone`. */
      readonly from: string;
      readonly to: string;
      /** A name of the IANA time zone database. */
      readonly timezone: string;
      readonly reason: string;
    };

/** What a version must pass to be promoted. */
export type GateSpec =
  | { readonly gate: 'required-tags'; readonly tags: readonly string[] }
  | {
      readonly gate: 'metric';
      readonly key: string;
      readonly atLeast?: number | undefined;
      readonly atMost?: number | undefined;
    }
  | {
      readonly gate: 'no-regression';
      readonly metric: ComparedMetric;
      /** How much worse than the champion, in the unit of the metric, is still no regression. */
      readonly margin: number;
      readonly rowsMin: number;
      /** Of the one-sided bound of the difference, in (0.5, 1). */
      readonly confidence: number;
      /** The rows to judge on; without it those that the version itself names by `cairn.evaluation`. */
      readonly evaluation?: DatasetRef | undefined;
    }
  | { readonly gate: 'schema' }
  | { readonly gate: 'inspection' }
  | { readonly gate: 'signature' }
  /** `threshold` is the largest population stability index that a feature may have. */
  | { readonly gate: 'evaluation-drift'; readonly threshold: number }
  | { readonly gate: 'approvals'; readonly count: number }
  | { readonly gate: 'freeze'; readonly windows: readonly FreezeWindow[] };

export type GateOf<Name extends GateSpec['gate']> = Extract<GateSpec, { gate: Name }>;

/** One version of the policy of a model; document `policy:<number>`, never changed. */
export type Policy = Document & {
  readonly type: 'policy';
  readonly modelId: string;
  readonly version: number;
  /** The aliases and stages that a version reaches through a promotion only. */
  readonly aliases: readonly string[];
  readonly stages: readonly Stage[];
  readonly gates: readonly GateSpec[];
  /** It ends the policy before it and guards nothing. */
  readonly ended?: true;
  readonly author: string;
  readonly at: number;
};

/** What a gate says of a version. `error` is a gate that could not be judged: it holds up like one that failed. */
export type Verdict = {
  readonly status: 'passed' | 'failed' | 'waiting' | 'error';
  /** One sentence: what was found, and what was wanted. */
  readonly says: string;
  /** What it was judged by, as the server found it. */
  readonly inputs: Readonly<Record<string, unknown>>;
};

/** A verdict as it is kept; `overridden` stands where a person let pass what had not. */
export type GateResult = Omit<Verdict, 'status'> & {
  readonly gate: GateSpec['gate'];
  /** {@link gateKey} */
  readonly key: string;
  readonly status: Verdict['status'] | 'overridden';
  readonly at: number;
};

/** All gates of one policy on one version against one champion. */
export type Judgement = {
  readonly at: number;
  /** `null` where no policy guards the target: then there are no gates. */
  readonly policyVersion: number | null;
  /** The version that held the target. */
  readonly champion: number | null;
  /** `seq` of the version that was judged: tags and signatures change it. */
  readonly versionSeq: number;
  /** In the order of the policy's gates. */
  readonly gates: readonly GateResult[];
};

export type Approval = { readonly by: string; readonly at: number; readonly comment: string };
/** `gates` are the keys of those that had not passed when it was decided; a gate that fails later is not covered. */
export type Override = {
  readonly by: string;
  readonly at: number;
  readonly reason: string;
  readonly gates: readonly string[];
};

/** One wish to give an alias or a stage to a version; document `promotion:<number>`. */
export type Promotion = Document & {
  readonly type: 'promotion';
  readonly modelId: string;
  /** The model's name when it was asked for; who reads it gets the name of now. */
  readonly model: string;
  readonly number: number;
  readonly version: number;
  readonly target: Target;
  /** With a stage: the other versions of it go to Archived. */
  readonly archiveExisting?: true;
  readonly requestedBy: string;
  /** Who registered the version. */
  readonly author: string;
  readonly comment: string;
  readonly approvals: readonly Approval[];
  readonly override?: Override;
  /** The last judgement; absent until there is one. */
  readonly judged?: Judgement;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly seq: number;
} & PromotionState;

export type PromotionState =
  /** `since`: when it last became due to be judged. */
  | { readonly status: 'evaluating'; readonly since: number }
  | { readonly status: 'waiting' }
  | { readonly status: 'promoted'; readonly finishedAt: number }
  | { readonly status: 'refused'; readonly finishedAt: number }
  | {
      readonly status: 'rejected';
      readonly rejected: { readonly by: string; readonly at: number; readonly reason: string };
      readonly finishedAt: number;
    }
  | { readonly status: 'cancelled'; readonly cancelledBy: string; readonly finishedAt: number }
  /** By the number of the promotion that won. */
  | { readonly status: 'superseded'; readonly supersededBy: number; readonly finishedAt: number }
  | { readonly status: 'failed'; readonly reason: string; readonly finishedAt: number };

export type PromotionStatus = PromotionState['status'];
export const promotionStatuses = [
  'evaluating',
  'waiting',
  'promoted',
  'refused',
  'rejected',
  'cancelled',
  'superseded',
  'failed',
] as const satisfies readonly PromotionStatus[];

/** Whether a promotion may still move its target without anybody deciding anew. */
export function isOpen({ status }: { readonly status: PromotionStatus }): boolean {
  return status === 'evaluating' || status === 'waiting';
}

export function sameTarget(a: Target, b: Target): boolean {
  if ('alias' in a) return 'alias' in b && a.alias === b.alias;
  return 'stage' in b && a.stage === b.stage;
}

/** Tells the gates of a policy apart, also in the next version of the policy. */
export function gateKey(spec: GateSpec): string {
  switch (spec.gate) {
    case 'metric':
      return `metric:${spec.key}`;
    case 'no-regression':
      return `no-regression:${spec.metric}`;
    default:
      return spec.gate;
  }
}
