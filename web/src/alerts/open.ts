import { focusManager, queryOptions } from '@tanstack/react-query';
import type { Incident } from '../api/alerts.ts';
import { cairn } from '../api/client.ts';

/** Incidents that are counted beside the name of the page. */
export const countedMax = 99;
const listedMax = 10;
const againMilliseconds = 60_000;

type Of = { readonly [K in 'endpoint' | 'monitor']?: string };
type Open = { readonly incidents: readonly Incident[]; readonly next_page_token?: string };

/** The first open incidents of an endpoint or a monitor. */
export function openIncidentsQuery(of: Of) {
  return queryOptions({
    queryKey: ['incidents', 'open', of],
    queryFn: ({ signal }) => openIncidents(of, listedMax, signal),
    refetchInterval: againMilliseconds,
  });
}

/** The open incidents to count: asked once a minute while the reader looks, and not before. */
export const countQuery = queryOptions({
  queryKey: ['incidents', 'count'],
  queryFn: ({ signal }) => openIncidents({}, countedMax + 1, signal),
  staleTime: againMilliseconds,
  refetchInterval: againMilliseconds,
  refetchOnWindowFocus: true,
  enabled: () => focusManager.isFocused(),
});

function openIncidents(of: Of, max: number, signal: AbortSignal): Promise<Open> {
  return cairn.get<Open>('incidents', { query: { ...of, state: 'open', max_results: max }, signal });
}
