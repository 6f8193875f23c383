import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Alert, Incident, Silence, WholeIncident } from '../api/alerts.ts';
import { cairn } from '../api/client.ts';
import { pagesOf } from '../api/registry.ts';
import type { Retraining } from '../api/types.ts';
import { isOver } from '../retraining/words.tsx';

const perPage = 50;
/** Windows end once an hour or so; what people do about an incident is seen sooner. None is asked while hidden. */
const listMilliseconds = 30_000;
const changedMilliseconds = 10_000;
const resolvedMilliseconds = 60_000;

export type Narrowed = {
  readonly endpoint?: string | undefined;
  readonly monitor?: string | undefined;
  readonly severity?: string | undefined;
};

type AlertsPage = { readonly alerts: readonly Alert[]; readonly next_page_token?: string };
type IncidentsPage = { readonly incidents: readonly Incident[]; readonly next_page_token?: string };
type SilencesPage = { readonly silences: readonly Silence[]; readonly next_page_token?: string };

/** What fires now; what changed last first. */
export function firingQuery(narrowed: Narrowed & { readonly signal?: string | undefined }) {
  const query = { ...narrowed, state: 'firing', max_results: perPage };
  return infiniteQueryOptions({
    queryKey: ['alerts', query],
    ...pagesOf<AlertsPage>('alerts', query),
    refetchInterval: listMilliseconds,
  });
}

/** Incidents in a state, the one that was opened last first. */
export function incidentsQuery(state: Incident['state'], narrowed: Narrowed) {
  const query = { ...narrowed, state, max_results: perPage };
  return infiniteQueryOptions({
    queryKey: ['incidents', query],
    ...pagesOf<IncidentsPage>('incidents', query),
    refetchInterval: listMilliseconds,
  });
}

export function incidentPath(id: string, ...rest: readonly string[]): string {
  return ['incidents', id, ...rest].map(encodeURIComponent).join('/');
}

/** One incident and all that happened to it; asked again by itself. */
export function incidentQuery(id: string) {
  return queryOptions({
    queryKey: ['incident', id],
    queryFn: ({ signal }) => cairn.get<WholeIncident>(incidentPath(id), { signal }),
    refetchInterval: ({ state: { data, error } }) =>
      error ? false : data?.state === 'resolved' ? resolvedMilliseconds : changedMilliseconds,
  });
}

/** A retraining that an incident asked for; asked again until it is over. */
export function retrainingQuery(id: string) {
  return queryOptions({
    queryKey: ['retraining-job', id],
    queryFn: ({ signal }) => cairn.get<Retraining>(`retraining-jobs/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state: { data } }) =>
      data && isOver(data) && data.rollout?.status !== 'under-way' ? false : changedMilliseconds,
  });
}

/** Silences, newest first; of one state where it is told. */
export function silencesQuery(state: Silence['state'] | undefined) {
  const query = { state, max_results: perPage };
  return infiniteQueryOptions({
    queryKey: ['silences', query],
    ...pagesOf<SilencesPage>('silences', query),
    refetchInterval: changedMilliseconds,
  });
}
