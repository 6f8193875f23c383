import { type Alert, alertmanagerPartition, type Incident } from './model.ts';

const namedMax = 3;

/** What is wrong, in a line: the monitor and its signals, as `iris: feature drift and accuracy`. */
export function titleOf(
  { monitorId, endpoint, number }: Pick<Incident, 'monitorId' | 'endpoint' | 'number'>,
  alerts: readonly Alert[],
): string {
  const isExternal = monitorId === alertmanagerPartition;
  const who = isExternal ? endpoint || 'Alertmanager' : monitorId;
  const what = [...new Set(alerts.map(matterOf))];
  if (what.length === 0) return `${who}: incident ${number}`;
  return `${who}: ${inWords(what)}`;
}

/** What an alert is about: `feature drift`, `accuracy`, `latency of country=CH`. */
export function matterOf({ signal, metric, segment }: Pick<Alert, 'signal' | 'metric' | 'segment'>): string {
  const where = segment === '' || signal === 'external' ? '' : ` of ${segment}`;
  return `${nameOf(signal, metric)}${where}`;
}

function nameOf(signal: string, metric: string): string {
  switch (signal) {
    case 'performance':
      return spoken(metric);
    case 'estimated-performance':
      return `estimated ${spoken(metric)}`;
    case 'skew':
      return 'skew to the training set';
    case 'check':
      return 'checks do not run';
    case 'external':
      return metric;
    default:
      return spoken(signal);
  }
}

/** A sentence on an alert as it stands: figure, bounds, since when, which version. */
export function sentenceOf(alert: Alert): string {
  const { state, since, metric, value, bounds, version, severity, text = '' } = alert;
  const what = matterOf(alert);
  const subject = `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`;
  const time = since === null ? '' : ` since ${new Date(since).toISOString()}`;
  const by = version === null ? '' : `, version ${version}`;
  const said = text === '' ? '.' : `: ${text}`;
  const figure = value === null ? '' : `: ${figureOf({ metric, value, bounds })}`;
  const stands: Record<Alert['state'], string> = {
    firing: `${severity}${time}`,
    resolved: `resolved${time}`,
    pending: `breached${time}, not yet firing`,
    ok: 'within its bounds',
  };
  return `${subject} (${stands[state]}${by})${figure}${said}`;
}

/** What an alert is about, as timelines say it: signal, figure, bounds, version. */
export function whatOf(alert: Alert): string {
  const { metric, version } = alert;
  const matter = matterOf(alert);
  const what = matter === spoken(metric) ? '' : `${matter}: `;
  return `${what}${figureOf(alert)}${version === null ? '' : `, version ${version}`}`;
}

/** Alerts by what they are about. */
export function listOf(alerts: readonly Alert[]): string {
  return alerts.map(matterOf).join(', ');
}

function figureOf({ metric, value, bounds }: Pick<Alert, 'metric' | 'value' | 'bounds'>): string {
  return `${spoken(metric)} ${value === null ? 'unknown' : rounded(value)}${held(bounds)}`;
}

function held(bounds: Alert['bounds']): string {
  const said = [
    ...(bounds?.lower === undefined ? [] : [`at least ${rounded(bounds.lower)}`]),
    ...(bounds?.upper === undefined ? [] : [`at most ${rounded(bounds.upper)}`]),
  ];
  return said.length === 0 ? '' : `, bound ${said.join(' and ')}`;
}

const rounded = (figure: number) => String(Number(figure.toPrecision(4)));
const spoken = (name: string) => name.replaceAll('-', ' ');

function inWords(all: readonly string[]): string {
  const named = all.slice(0, namedMax);
  const more = all.length - named.length;
  const last = more > 0 ? `${more} more` : named.pop();
  return named.length === 0 ? (last ?? '') : `${named.join(', ')} and ${last}`;
}
