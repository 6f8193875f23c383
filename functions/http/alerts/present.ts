import {
  incidentRef,
  retrainingsOf,
  type SeenAlert,
  type SeenIncident,
  type Silence,
  silenceState,
  titleOf,
} from '../../../shared/alerts/index.ts';

export function presentAlert({ alert, silencedUntil }: SeenAlert) {
  const { fingerprint, monitorId, endpoint, signal, segment, severity, state, since, firedAt } = alert;
  const { metric, value, bounds, windowEnd, version, text = null, incident: number } = alert;
  return {
    ...{ fingerprint, monitor: monitorId, endpoint, signal, segment, severity, state, since },
    ...{ fired_at: firedAt, metric, value, bounds, window_end: windowEnd, version, text },
    incident: number === null ? null : incidentRef({ monitorId, number }),
    silenced_until: silencedUntil,
  };
}

export function presentIncident({ incident, alerts, silencedUntil }: SeenIncident) {
  const { monitorId, endpoint, number, state, severity, openedAt, resolvedAt, acknowledged } = incident;
  const of = alerts.map(({ alert }) => alert);
  const versions = of.flatMap(({ version }) => (version === null ? [] : [version]));
  return {
    id: incidentRef(incident),
    ...{ monitor: monitorId, endpoint, number, state, severity, title: titleOf(incident, of) },
    ...{ opened_at: openedAt, resolved_at: resolvedAt, acknowledged, silenced_until: silencedUntil },
    signals: [...new Set(of.map(({ signal }) => signal))],
    versions: [...new Set(versions)].toSorted((a, b) => a - b),
    told_at: incident.toldAt,
  };
}

export function presentWhole(seen: SeenIncident) {
  return {
    ...presentIncident(seen),
    alerts: seen.alerts.map(presentAlert),
    timeline: seen.incident.timeline,
    retraining: retrainingsOf(seen.incident),
  };
}

export function presentSilence(silence: Silence, now: number) {
  const { silenceId, monitor, signal, segment, severity, from, until, comment, createdBy, createdAt } =
    silence;
  return {
    ...{ id: silenceId, monitor, signal, segment, severity, from, until, comment },
    ...{ created_by: createdBy, created_at: createdAt, state: silenceState(silence, now) },
  };
}
