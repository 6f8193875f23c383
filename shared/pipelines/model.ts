import type { Document } from '../documents.ts';

/** One retraining, asked for by a window of a monitor, an incident or a person. Document id `job` in its own partition. */
export type RetrainingJob = Document & {
  readonly type: 'retraining-job';
  readonly id: 'job';
  readonly kind: 'retraining';
  /** `retrain-<workspace>-<monitor>-<window end>-incident-<number>`, or who asked where it was not an incident: who asks again gets the same job. */
  readonly jobId: string;
  /** `null` where a person asked for an endpoint. */
  readonly monitorId: string | null;
  readonly endpoint: string;
  readonly modelId: string;
  readonly model: string;
  /** The alias that the champion holds and a winning challenger gets. */
  readonly alias: string;
  /** The version that held the alias when the job was requested; `null` where none did. */
  readonly champion: number | null;
  readonly executor: string;
  readonly margin: number;
  /** The window whose labelled rows train and judge. Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The signals that were breached; none where a person asked. */
  readonly reasons: readonly string[];
  /** The id of the incident that asked, as `iris-3`. */
  readonly incident?: string;
  /** The principal that asked, and why, where it was a person. */
  readonly requestedBy?: string;
  readonly why?: string;
  /** Where people can see the run of the last attempt. */
  readonly run?: { readonly attempt: number; readonly page: string };
  /** When it came to each state, in order. */
  readonly steps?: readonly RetrainingStep[];
  /** How many events tell of it so far. */
  readonly events?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
} & RetrainingState;

export type RetrainingStep = {
  readonly at: number;
  readonly status: RetrainingState['status'];
  readonly attempt?: number;
};

export type RetrainingState =
  | { readonly status: 'requested' }
  | { readonly status: 'training'; readonly attempt: number; readonly lease: { readonly until: number } }
  | { readonly status: 'gating'; readonly challenger: number }
  | { readonly status: 'promoting'; readonly challenger: number; readonly gate: Gate }
  /** `promotion`: the number of the one that moved the alias, where a policy guards it. */
  | {
      readonly status: 'promoted';
      readonly version: number;
      readonly gate: Gate;
      readonly promotion?: number;
    }
  | {
      readonly status: 'rejected';
      readonly challenger: number;
      readonly reason: string;
      readonly gate?: Gate;
      readonly promotion?: number;
    }
  | { readonly status: 'failed'; readonly reason: string }
  /** The budget of its monitor was spent: it was not begun. */
  | { readonly status: 'refused'; readonly reason: string }
  /** What trains is being told; `attempt` is `null` where nothing trained. */
  | {
      readonly status: 'cancelling';
      readonly attempt: number | null;
      readonly reason: string;
      readonly since: number;
    }
  | { readonly status: 'cancelled'; readonly reason: string };

/** How one version did on the withheld rows. `logLoss` is in nats; `null` where a model gives no probabilities. */
export type Figures = { readonly accuracy: number; readonly logLoss: number | null };

/** Champion against challenger on rows that no training saw. */
export type Gate = {
  readonly rows: number;
  /** `sha256:<hex>` over the ids of the predictions judged on, in order: tells whether two gates saw the same rows. */
  readonly rowsDigest: string;
  readonly margin: number;
  readonly champion: Figures & { readonly version: number; readonly digest: string };
  readonly challenger: Figures & { readonly version: number; readonly digest: string };
  readonly verdict: 'challenger' | 'champion';
};
