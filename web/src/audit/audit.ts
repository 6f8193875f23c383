import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { pagesOf } from '../api/registry.ts';

/** One thing that was done or denied. */
export type Entry = {
  readonly seq: number;
  readonly at: number;
  readonly recorded_at: number;
  readonly workspace: string;
  readonly actor: string;
  readonly action: string;
  readonly aggregate: string;
  readonly aggregate_seq: number;
  readonly outcome: 'done' | 'denied';
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string | null;
  readonly request_id: string;
  readonly subject: Readonly<Record<string, string>>;
  readonly count?: number;
  readonly prev_hash: string;
  readonly hash: string;
};

/** What entries are asked for by, as the page's address and the API have it. */
export const filterNames = [
  'actor',
  'action',
  'aggregate',
  'outcome',
  'request_id',
  'workspace',
  'from',
  'to',
] as const;
export type FilterName = (typeof filterNames)[number];
export type Filter = Readonly<Partial<Record<FilterName, string>>>;

export type ChainState = {
  readonly head: { readonly seq: number; readonly hash: string; readonly at: number | null };
  readonly last_segment: {
    readonly name: string;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly signed_at: number;
    readonly key_id: string;
  } | null;
  readonly unsigned_entries: number;
  readonly signing: 'on' | 'off';
  readonly warning: string | null;
};

type Problem = {
  readonly kind: string;
  readonly segment: string | null;
  readonly seq?: number;
  readonly message: string;
};

export type Verification = {
  readonly ok: boolean;
  readonly segments: number;
  readonly entries: number;
  readonly problems: readonly Problem[];
  readonly problem_count: number;
  readonly verified_to: { readonly seq: number; readonly hash: string };
  readonly unsigned_entries: number;
  /** Where the next call goes on, if this one did not come to the end. */
  readonly next_from?: number | null;
};

const perPage = 50;
const stateMilliseconds = 15_000;

export function entriesQuery(filter: Filter) {
  return infiniteQueryOptions({
    queryKey: ['audit', 'entries', filter],
    ...pagesOf<{ entries: readonly Entry[]; next_page_token?: string }>('audit', {
      ...filter,
      max_results: perPage,
    }),
  });
}

export const stateQuery = queryOptions({
  queryKey: ['audit', 'state'],
  queryFn: ({ signal }) => cairn.get<ChainState>('audit/state', { signal }),
  refetchInterval: stateMilliseconds,
});

/** Verifies the whole log, as many calls as it takes; `progress` is told how far it is. */
export async function verifyLog(progress: (entries: number) => void): Promise<Verification> {
  let sum: Verification | undefined;
  let from: number | undefined;
  do {
    const part: Verification = await cairn.post('audit/verify', { body: from === undefined ? {} : { from } });
    sum = sum ? joined(sum, part) : part;
    progress(sum.entries);
    from = part.next_from ?? undefined;
  } while (from !== undefined);
  return sum;
}

function joined(one: Verification, next: Verification): Verification {
  return {
    ...next,
    ok: one.ok && next.ok,
    segments: one.segments + next.segments,
    entries: one.entries + next.entries,
    problems: [...one.problems, ...next.problems],
    problem_count: one.problem_count + next.problem_count,
  };
}
