import { getIncident, incidentRef, type SeenIncident, sentenceOf, titleOf } from '../alerts/index.ts';
import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { getMonitor } from '../monitoring/index.ts';
import { eventOf } from './events.ts';
import type { Body } from './model.ts';
import type { News } from './payload.ts';

const sentencesMax = 5;

/**
 * News of an incident as it is now; none of one that silences keep from being told (`told: 'false'`), or that is gone.
 * Where its monitor names channels, only these are told.
 */
export async function incidentNews(
  ctx: Context,
  { type, subject, at }: Pick<CairnEvent, 'type' | 'subject' | 'at'>,
): Promise<News | undefined> {
  const { monitorId = '', incident: number = '', told } = subject;
  if (told === 'false') return undefined;
  const seen = await unlessCode(getIncident(ctx, `${monitorId}-${number}`), 'not-found');
  if (!seen) return undefined;
  const monitor = await unlessCode(getMonitor(ctx, monitorId), 'not-found');
  const channels = monitor?.doc.alerting.channels;
  return {
    event: eventOf('incident', type.slice('incident.'.length)),
    data: { ...stateOf(seen), why: whyOf(seen, at) },
    ...(channels ? { channels } : {}),
  };
}

/**
 * The body of a delivery that is sent later than it was made: of an incident that is resolved by now it says so, and
 * how its alerts stand.
 */
export async function refreshedBody(ctx: Context, body: Body): Promise<Body> {
  const { incident, resolved_at: resolvedAt } = body.data;
  if (body.entity !== 'incident' || typeof incident !== 'string' || resolvedAt !== null) return body;
  const seen = await unlessCode(getIncident(ctx, incident), 'not-found');
  return seen?.incident.state === 'resolved' ? { ...body, data: { ...body.data, ...stateOf(seen) } } : body;
}

function stateOf(seen: SeenIncident): Body['data'] {
  const { incident } = seen;
  const { monitorId, endpoint, severity, openedAt, resolvedAt } = incident;
  const alerts = seen.alerts.map(({ alert }) => alert);
  const id = incidentRef(incident);
  const versions = alerts.flatMap(({ version }) => (version === null ? [] : [version]));
  // Those that fire are told first.
  const inOrder = alerts.toSorted((a, b) => Number(b.state === 'firing') - Number(a.state === 'firing'));
  const more = inOrder.length - sentencesMax;
  const text = [
    ...(resolvedAt === null ? [] : [`Resolved at ${new Date(resolvedAt).toISOString()}.`]),
    ...inOrder.slice(0, sentencesMax).map(sentenceOf),
    ...(more > 0 ? [`And ${more} more.`] : []),
  ].join(' ');
  return {
    ...{ incident: id, monitor: monitorId, endpoint, severity, title: titleOf(incident, alerts), text },
    signals: [...new Set(alerts.map(({ signal }) => signal))],
    versions: [...new Set(versions)].toSorted((a, b) => a - b),
    ...{ opened_at: openedAt, resolved_at: resolvedAt, link: `/#/incidents/${encodeURIComponent(id)}` },
  };
}

const tellingKinds: ReadonlySet<string> = new Set([
  ...['opened', 'joined', 'escalated', 'alert-resolved', 'resolved', 'reminded', 'silence-ended'],
]);

/** What the timeline has last of the time of the event: that is what it tells of. */
function whyOf({ incident: { timeline } }: SeenIncident, at: number): string {
  const before = timeline.filter((entry) => entry.at <= at && tellingKinds.has(entry.kind));
  const last = before.at(-1)?.at;
  return before.flatMap((entry) => (entry.at === last ? [entry.text] : [])).join('; ');
}
