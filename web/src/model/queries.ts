import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { ApiError, cairn } from '../api/client.ts';
import {
  type AliasMove,
  modelPath,
  pagesOf,
  type Policy,
  type Promotion,
  type RegisteredModel,
  type Version,
  versionPath,
  type VersionRow,
} from '../api/registry.ts';

/** What is being worked on is asked for again this often. */
const pollMilliseconds = 2000;
const waitingMilliseconds = 5000;
export const rowsPerPage = 25;

export function modelQuery(name: string) {
  return queryOptions({
    queryKey: ['model', name],
    queryFn: ({ signal }) => cairn.get<RegisteredModel>(modelPath(name), { signal }),
  });
}

/** Versions newest first; asked again while one of them is being read. */
export function versionsQuery(name: string) {
  return infiniteQueryOptions({
    queryKey: ['model', name, 'versions'],
    ...pagesOf<{ versions: readonly VersionRow[]; next_page_token?: string }>(modelPath(name, 'versions'), {
      max_results: rowsPerPage,
    }),
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ versions }) => versions.some(({ inspection }) => inspection.state === 'pending'))
        ? pollMilliseconds
        : false,
  });
}

/** One version, whole; asked again while it is read or converted. */
export function versionQuery(name: string, version: number) {
  return queryOptions({
    queryKey: ['model', name, 'version', version],
    queryFn: ({ signal }) => cairn.get<Version>(versionPath(name, version), { signal }),
    refetchInterval: ({ state: { data } }) => (data && isInWork(data) ? pollMilliseconds : false),
  });
}

export function isInWork({ inspection, conversion }: Version): boolean {
  return (
    inspection.state === 'pending' || conversion?.status === 'waiting' || conversion?.status === 'running'
  );
}

/** The policy in force; null where there is none. */
export function policyQuery(name: string) {
  return queryOptions({
    queryKey: ['model', name, 'policy'],
    queryFn: async ({ signal }) => {
      try {
        return await cairn.get<Policy>(modelPath(name, 'policy'), { signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
}

export function policiesQuery(name: string) {
  return infiniteQueryOptions({
    queryKey: ['model', name, 'policies'],
    ...pagesOf<{ policies: readonly Policy[]; next_page_token?: string }>(modelPath(name, 'policies'), {
      max_results: rowsPerPage,
    }),
  });
}

/** Promotions newest first, of all versions or of one. */
export function promotionsQuery(name: string, version?: number) {
  return infiniteQueryOptions({
    queryKey: ['model', name, 'promotions', version],
    ...pagesOf<{ promotions: readonly Promotion[]; next_page_token?: string }>(
      modelPath(name, 'promotions'),
      { max_results: rowsPerPage, version },
    ),
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ promotions }) => promotions.some(isOpen)) ? waitingMilliseconds : false,
  });
}

/** One promotion; asked again until it is decided. */
export function promotionQuery(name: string, number: number) {
  return queryOptions({
    queryKey: ['model', name, 'promotion', number],
    queryFn: ({ signal }) => cairn.get<Promotion>(modelPath(name, 'promotions', number), { signal }),
    refetchInterval: ({ state: { data } }) => {
      if (!data || !isOpen(data)) return false;
      return data.status === 'evaluating' ? pollMilliseconds : waitingMilliseconds;
    },
  });
}

export function isOpen({ status }: Promotion): boolean {
  return status === 'evaluating' || status === 'waiting';
}

export function movesQuery(name: string, alias: string) {
  return infiniteQueryOptions({
    queryKey: ['model', name, 'moves', alias],
    ...pagesOf<{ moves: readonly AliasMove[]; next_page_token?: string }>(
      modelPath(name, 'aliases', alias, 'history'),
      { max_results: rowsPerPage },
    ),
  });
}
