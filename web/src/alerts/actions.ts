import type { NewSilence, Silence, WholeIncident } from '../api/alerts.ts';
import { cairn } from '../api/client.ts';
import { listsLagMilliseconds, queryClient } from '../api/queries.ts';
import { incidentPath, incidentQuery } from './queries.ts';

/** What can be done about an incident; afterwards whatever shows it is read again. */
export const changeIncident = {
  acknowledge: (id: string, comment: string) =>
    taken(
      cairn.post<WholeIncident>(incidentPath(id, 'acknowledge'), {
        body: comment === '' ? {} : { comment },
      }),
    ),
  /** Of an Alertmanager: those of monitors end by themselves. */
  resolve: (id: string, comment: string) =>
    taken(
      cairn.post<WholeIncident>(incidentPath(id, 'resolve'), { body: comment === '' ? {} : { comment } }),
    ),
  note: (id: string, text: string) =>
    taken(cairn.post<WholeIncident>(incidentPath(id, 'notes'), { body: { text } })),
};

export const changeSilences = {
  create: (silence: NewSilence) => silenced(cairn.post<Silence>('silences', { body: silence })),
  end: (id: string) => silenced(cairn.delete<Silence>(`silences/${encodeURIComponent(id)}`)),
};

async function taken(change: Promise<WholeIncident>): Promise<void> {
  const incident = await change;
  queryClient.setQueryData(incidentQuery(incident.id).queryKey, incident);
  for (const list of ['incidents', 'alerts']) againLater([list]);
}

async function silenced(change: Promise<Silence>): Promise<void> {
  await change;
  for (const list of ['silences', 'alerts', 'incidents', 'incident']) againLater([list]);
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['incident'] }),
    queryClient.invalidateQueries({ queryKey: ['silences'] }),
  ]);
}

/** Soon, and once more: who ended a silence and sees it stand would end it again. */
function againLater(queryKey: readonly string[]): void {
  for (const wait of [listsLagMilliseconds, 3 * listsLagMilliseconds])
    setTimeout(() => void queryClient.invalidateQueries({ queryKey }), wait);
}
