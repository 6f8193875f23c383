import { addCounts, type Counts } from './counts.ts';

/** What answered a call. */
export type Answered = {
  readonly deployment: string;
  readonly variant: Variant;
  /** `null` for what is elsewhere. */
  readonly version: number | null;
  readonly digest: string | null;
};

/**
 * `canary`: the version on its way in. `asked`: one of the two that the call named while the other was on its way in,
 * instead of being drawn. `mirror`: it got a copy, and nobody saw its answer.
 */
export type Variant = 'stable' | 'canary' | 'asked' | 'mirror';

/** How calls ended: answered, refused as the caller's mistake, refused for too many, failed, too late. */
export const outcomes = ['2xx', '4xx', '429', '500', '504'] as const;
export type CallOutcome = (typeof outcomes)[number];

/** What is counted of some calls of one deployment, in a part of a minute or in all of a minute or an hour. */
export type Summary = Answered & {
  /** When the first of them came, milliseconds since 1970. */
  readonly at: number;
  readonly calls: Readonly<Record<CallOutcome, number>>;
  /** Rows of the calls that were answered. */
  readonly rows: number;
  /** Runs of the model, and their rows: calls that meet share one, which is counted with the first of them. */
  readonly runs: number;
  readonly runRows: number;
  /** Of the calls that were answered, and of those that took too long, by bucket. */
  readonly latency: Counts;
  /** Calls in whose answer was NaN or an infinity. */
  readonly nonFinite: number;
  /** One of each call, that of its first row: rows of one call are seldom independent. */
  readonly scores: Counts;
  /** Copies of calls that a mirror did not get, since it was too busy. */
  readonly dropped: number;
};

export function outcomeOf(status: number): CallOutcome {
  if (status === 429 || status === 504) return `${status}`;
  if (status >= 500) return '500';
  return status >= 400 ? '4xx' : '2xx';
}

/** Calls that came to an answer or to an end here; copies that were dropped did not. */
export function requestsOf({ calls }: Pick<Summary, 'calls'>): number {
  return outcomes.reduce((sum, outcome) => sum + calls[outcome], 0);
}

/** A summary in the making. */
export type Tally = {
  -readonly [K in keyof Summary]: Summary[K];
} & {
  readonly calls: Record<CallOutcome, number>;
  readonly latency: Map<number, number>;
  readonly scores: Map<number, number>;
};

export function emptyTally(answered: Answered, at: number): Tally {
  const { deployment, variant, version, digest } = answered;
  return {
    at,
    deployment,
    variant,
    version,
    digest,
    calls: { '2xx': 0, '4xx': 0, '429': 0, '500': 0, '504': 0 },
    rows: 0,
    runs: 0,
    runRows: 0,
    latency: new Map(),
    nonFinite: 0,
    scores: new Map(),
    dropped: 0,
  };
}

/** One summary for each deployment, variant and version in each span of time, in order of time. */
export function mergeSummaries(parts: Iterable<Summary>, spanMilliseconds: number): Summary[] {
  const merged = new Map<string, Tally>();
  for (const part of parts) {
    const span = Math.floor(part.at / spanMilliseconds);
    const key = `${span}/${part.deployment}/${part.variant}/${part.version}/${part.digest}`;
    let sum = merged.get(key);
    if (!sum) merged.set(key, (sum = emptyTally(part, part.at)));
    add(sum, part);
  }
  return [...merged.values()].toSorted(
    (a, b) =>
      a.at - b.at ||
      compare(a.deployment, b.deployment) ||
      compare(a.variant, b.variant) ||
      (a.version ?? 0) - (b.version ?? 0),
  );
}

function add(sum: Tally, part: Summary): void {
  sum.at = Math.min(sum.at, part.at);
  for (const outcome of outcomes) sum.calls[outcome] += part.calls[outcome];
  sum.rows += part.rows;
  sum.runs += part.runs;
  sum.runRows += part.runRows;
  addCounts(sum.latency, part.latency);
  sum.nonFinite += part.nonFinite;
  addCounts(sum.scores, part.scores);
  sum.dropped += part.dropped;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
