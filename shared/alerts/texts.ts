import type { Alert } from './model.ts';

/** What an alert is about, as timelines say it: signal, segment, figure, bounds, version. */
export function whatOf(alert: Alert): string {
  const { metric, value, bounds, version } = alert;
  const held = [
    ...(bounds?.lower === undefined ? [] : [`at least ${bounds.lower}`]),
    ...(bounds?.upper === undefined ? [] : [`at most ${bounds.upper}`]),
  ].join(' and ');
  const by = version === null ? '' : `, version ${version}`;
  return `${nameOf(alert)}: ${metric} ${value ?? 'unknown'}${held && ` (${held})`}${by}`;
}

/** Alerts by signal and segment. */
export function listOf(alerts: readonly Alert[]): string {
  return alerts.map(nameOf).join(', ');
}

function nameOf({ signal, segment }: Alert): string {
  return segment === '' ? signal : `${signal} of ${segment}`;
}
