import * as z from 'zod';
import type { Document } from '../documents.ts';
import type { DataPolicy } from '../privacy/index.ts';
import type { Deployment } from './deployment.ts';
import type { RolloutPolicy } from './rollout.ts';

/**
 * A name under which models answer. Calls are shared out over its deployments; each of them follows an alias,
 * holds a version, or sends calls on to a server elsewhere.
 */
export type Endpoint = Document & {
  readonly type: 'endpoint';
  readonly v: 2;
  readonly name: string;
  readonly deployments: readonly Deployment[];
  /** Percent of the calls by deployment: 100 together, or none at all, and then calls are refused. */
  readonly traffic: Shares;
  /** Percent of the calls that a deployment gets a copy of, whose answer nobody sees; at most 50 together. */
  readonly mirror: Shares;
  /** What keeps a caller with one deployment; without it each call is drawn anew. */
  readonly sticky?: Sticky;
  readonly limits: Limits;
  readonly logging: Logging;
  /** What becomes of NaN and the infinities in an answer of JSON; absent: as the protocol has it. */
  readonly nonFinite?: NonFinite;
  /** How a deployment that follows an alias gets from one version to the next. */
  readonly rollout: RolloutPolicy;
  readonly labels?: Readonly<Record<string, string>>;
  readonly dataPolicy?: DataPolicy;
  /** Rows of the log from before are of a deleted endpoint of this name, and for nobody who asks for those of this one. */
  readonly logSince?: number;
  /** Until when the log holds rows of an endpoint of this name that was high-risk and is deleted, milliseconds since 1970. */
  readonly highRiskUntil?: number;
  /** Number of the last event of this endpoint. */
  readonly seq: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/**
 * What is left of a deleted endpoint, in its place: its log stays for as long as its data policy says, and whatever
 * holds, erases or removes rows of it finds here what they were. One that is made by the same name goes on from here.
 */
export type GoneEndpoint = Omit<Endpoint, 'type'> & {
  readonly type: 'gone-endpoint';
  readonly deletedAt: number;
  /** When nothing is left of its log, unless a hold keeps it. */
  readonly keepsUntil: number;
};

/** Whatever has a log: an endpoint, or one that is deleted. */
export type Logged = Endpoint | GoneEndpoint;

export type Shares = Readonly<Record<string, number>>;

/** The header, or the column or input, whose value says which caller it is. */
export type Sticky = { readonly by: 'header' | 'input'; readonly name: string };

export type Limits = {
  /** Rows of one call. */
  readonly rowsMax: number;
  /** A call that takes longer is answered 504. */
  readonly timeoutSeconds: number;
  /** Bytes of the body of a call, unpacked. */
  readonly bodyBytesMax: number;
};

export type Logging = {
  /** Share of the calls whose rows are logged, 0 to 1. Summaries and profiles count every call. */
  readonly sampleRate: number;
  /** `buffer`: written some seconds later, which a crash loses; `queue`: in a queue before the answer. */
  readonly durability: 'buffer' | 'queue';
};

/** `refuse`: the call fails; `null`: JSON's null; `text`: `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export type NonFinite = 'refuse' | 'null' | 'text';

export const limitsDefault: Limits = {
  rowsMax: 10_000,
  timeoutSeconds: 60,
  bodyBytesMax: 16 * 1024 * 1024,
};
export const loggingDefault: Logging = { sampleRate: 1, durability: 'buffer' };

export const endpointName = z
  .string({ error: 'must be text' })
  .regex(/^[a-z][a-z0-9-]{2,31}$/, 'must be 3 to 32 of a-z, 0-9 and hyphens, and start with a letter');

export function endpointId(name: string): string {
  return `endpoint:${name}`;
}
