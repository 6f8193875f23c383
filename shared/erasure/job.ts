import { createHash } from 'node:crypto';
import type { Document } from '../documents.ts';
import type { Outdated, ResultRef } from '../monitoring/index.ts';
import type { Hour } from '../predictions/index.ts';
import { type Subject, subjectName } from './subject.ts';

/** One erasure of a person's rows, or the count of what one would take. */
export type ErasureJob = ErasureFacts & ErasureState;

type ErasureFacts = Document & {
  readonly type: 'erasure';
  readonly id: 'job';
  readonly kind: 'erasure';
  readonly jobId: string;
  /** The endpoint that was named; without one every endpoint of the workspace. */
  readonly endpoint?: string;
  readonly column: string;
  readonly dryRun: boolean;
  readonly reason: string;
  readonly requestedBy: string;
  /** Rows that were logged until then are covered. */
  readonly createdAt: number;
  /** When every instance has written what it had in memory by then. */
  readonly startsAt: number;
  readonly found: readonly EndpointCounts[];
  /** What is not searched and may hold the person. */
  readonly elsewhere: readonly NotCovered[];
  readonly updatedAt: number;
  readonly seq: number;
};

export type ErasureState =
  | { readonly status: 'waiting'; readonly subject: Subject; readonly at: Place }
  | { readonly status: 'running'; readonly subject: Subject; readonly at: Place; readonly leaseUntil: number }
  /** A hold keeps it from going on; it does once that is released. */
  | { readonly status: 'blocked'; readonly subject: Subject; readonly at: Place; readonly holdId: string }
  /** Nothing that tells who it was is kept. */
  | { readonly status: 'finished'; readonly finishedAt: number };

/**
 * How far an erasure is: the endpoints that are left, and what it does at the first of them; then the folders of files
 * that are left, of models that no endpoint has.
 */
export type Place = {
  readonly endpoints: readonly string[];
  readonly folders?: readonly string[];
  readonly step:
    | { readonly kind: 'rows'; readonly after?: Hour }
    | { readonly kind: 'find-outdated' }
    | { readonly kind: 'remake'; readonly outdated: readonly Outdated[] }
    | { readonly kind: 'windows'; readonly outdated: readonly Outdated[]; readonly after?: ResultRef }
    | { readonly kind: 'look-elsewhere' };
};

/** What was found and taken at one endpoint. */
export type EndpointCounts = {
  readonly endpoint: string;
  /** In which hours there were any, while the endpoint is worked on. */
  readonly hours: readonly Hour[];
  readonly hourCount: number;
  readonly partsRead: number;
  /** Those that held any of it; a dry run only counts them. */
  readonly partsRewritten: number;
  readonly rows: number;
  readonly labels: number;
  readonly references: number;
  readonly windows: number;
  /** Why some parts could not be searched. */
  readonly unsearchable: readonly ('masked' | 'float')[];
};

/** What may hold the same person and is not searched: where to look, and why. */
export type NotCovered = {
  readonly kind:
    | 'batch-input'
    | 'batch-output'
    | 'dataset'
    | 'input-example'
    | 'retraining'
    | 'masked-rows'
    | 'float-column'
    | 'more';
  /** `null` for files of a model that no endpoint has. */
  readonly endpoint: string | null;
  readonly name: string;
  readonly why: string;
};

export type ErasureMessage = { readonly kind: 'erase'; readonly jobId: string };

/** How erasures take turns. Tests use short ones. */
export type ErasureOptions = {
  /** After so long a worker hands on to the next message. */
  readonly workSecondsMax: number;
  /** Nobody else takes up an erasure before its worker has been silent for so long. */
  readonly leaseSeconds: number;
};

export const erasureDefaults: ErasureOptions = { workSecondsMax: 60, leaseSeconds: 300 };

export const firstStep: Place['step'] = { kind: 'rows' };

/** The name of a request: the same for the same person and endpoint; `number` counts those that were before. */
export function jobIdOf(
  workspace: string,
  request: { readonly endpoint?: string | undefined; readonly subject: Subject; readonly dryRun: boolean },
  number: number,
): string {
  const { endpoint = '*', subject, dryRun } = request;
  const identity = JSON.stringify([workspace, endpoint, subject.column, subjectName(subject), dryRun]);
  return `erasure-${createHash('sha256').update(identity).digest('hex').slice(0, 24)}-${number}`;
}

export function agendaName(jobId: string): string {
  return `erasure:${jobId}`;
}

export function noCounts(endpoint: string): EndpointCounts {
  return {
    endpoint,
    hours: [],
    hourCount: 0,
    partsRead: 0,
    partsRewritten: 0,
    rows: 0,
    labels: 0,
    references: 0,
    windows: 0,
    unsearchable: [],
  };
}
