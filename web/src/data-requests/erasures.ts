import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { cairn } from '../api/client.ts';
import { queryClient } from '../api/queries.ts';
import { pagesOf } from '../api/registry.ts';

export type Subject = { readonly column: string; readonly value: string };

type Counts = {
  readonly parts_read: number;
  readonly parts_found: number;
  readonly parts_rewritten: number;
  readonly rows: number;
  readonly labels: number;
  readonly references: number;
  readonly windows: number;
};

/** The erasure of somebody's rows; who it is about is told by nothing of it. */
export type Erasure = {
  readonly id: string;
  readonly status: 'waiting' | 'running' | 'blocked' | 'finished';
  readonly endpoint: string | null;
  readonly column: string;
  readonly dry_run: boolean;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: number;
  readonly starts_at: number;
  readonly finished_at: number | null;
  /** The hold that stands in its way. */
  readonly blocked_by: string | null;
  readonly endpoints_left: number;
  readonly counts: Counts;
  readonly endpoints: readonly (Counts & {
    readonly endpoint: string;
    readonly hours: number;
    readonly unsearchable: readonly string[];
  })[];
  /** What is not searched and may hold the person. */
  readonly not_covered: readonly {
    readonly kind: string;
    /** `null` for files of a model that no endpoint has. */
    readonly endpoint: string | null;
    readonly name: string;
    readonly why: string;
  }[];
};

export type Hold = {
  readonly id: string;
  readonly endpoint: string | null;
  readonly subject: { readonly column: string } | null;
  readonly reason: string;
  readonly placed_at: number;
  readonly placed_by: string;
};

export type ErasureDraft = {
  readonly subject: Subject;
  readonly endpoint?: string;
  readonly reason: string;
  readonly dry_run: boolean;
};

const perPage = 25;
const workingMilliseconds = 2000;

export const erasuresQuery = infiniteQueryOptions({
  queryKey: ['erasures'],
  ...pagesOf<{ erasures: readonly Erasure[]; next_page_token?: string }>('erasure', {
    max_results: perPage,
  }),
  refetchInterval: ({ state: { data } }) =>
    data?.pages.some(({ erasures }) => erasures.some(isUnderway)) ? workingMilliseconds : false,
});

export const holdsQuery = queryOptions({
  queryKey: ['holds'],
  queryFn: async ({ signal }) => (await cairn.get<{ holds: readonly Hold[] }>('holds', { signal })).holds,
});

export function isUnderway({ status }: Erasure): boolean {
  return status === 'waiting' || status === 'running';
}

export async function requestErasure(draft: ErasureDraft): Promise<Erasure> {
  try {
    return await cairn.post<Erasure>('erasure', { body: draft });
  } finally {
    await queryClient.invalidateQueries({ queryKey: ['erasures'] });
  }
}

export const changeHolds = {
  place: (draft: { readonly endpoint?: string; readonly subject?: Subject; readonly reason: string }) =>
    then(cairn.post('holds', { body: draft })),
  release: (id: string, reason: string) =>
    then(cairn.delete(`holds/${encodeURIComponent(id)}`, { body: reason === '' ? {} : { reason } })),
};

/** A hold that is gone lets erasures go on. */
async function then<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } finally {
    await Promise.all([
      queryClient.invalidateQueries({ queryKey: ['holds'] }),
      queryClient.invalidateQueries({ queryKey: ['erasures'] }),
    ]);
  }
}
