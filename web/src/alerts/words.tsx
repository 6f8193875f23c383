import type { Alert, Incident, Severity, Silence } from '../api/alerts.ts';
import { alertmanager } from '../api/alerts.ts';
import { shown, shownBounds } from '../monitors/figures.ts';
import { Chip, type Tone } from '../parts/Chip.tsx';
import { duration } from '../parts/format.ts';
import { links } from '../parts/links.ts';

const severityTones: Readonly<Record<Severity, Tone>> = { critical: 'bad', warning: 'busy', info: 'quiet' };

export function SeverityChip({ severity }: { readonly severity: Severity }) {
  return <Chip state={severity} tone={severityTones[severity]} />;
}

export function StateChip({ state }: { readonly state: Incident['state'] | Alert['state'] }) {
  const tones: Readonly<Record<typeof state, Tone>> = {
    ...{ open: 'bad', firing: 'bad', pending: 'busy' },
    ...{ resolved: 'good', ok: 'good' },
  };
  return <Chip state={state} tone={tones[state]} />;
}

/** A signal as a heading has it. */
export function signalWords(signal: string): string {
  if (signal === 'check') return 'Checks do not run';
  if (signal === 'skew') return 'Skew to the training set';
  const words = signal.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** What an alert is of: its signal, and where. */
export function matterOf({ signal, segment, metric }: Pick<Alert, 'signal' | 'segment' | 'metric'>): string {
  if (signal === 'external') return segment === '' ? metric : `${metric} (${segment})`;
  return segment === '' ? signalWords(signal) : `${signalWords(signal)} where ${segment}`;
}

/** What a figure is called: `psi` as PSI, `p95-ms` as p95, as its value has the unit. */
export function metricWords(metric: string): string {
  return metric
    .replace(/-ms$/, '')
    .replaceAll('-', ' ')
    .replace(/\b(psi|auc|mae|rmse|r2)\b/, (name) => name.toUpperCase());
}

/** A figure and what it is held against, as `accuracy 71 %, at least 90 %`; of another system what that says. */
export function figureWords({ metric, value, bounds, text }: Alert): string {
  if (value === null) return text || '—';
  const held = bounds ? `, ${shownBounds(metric, bounds)}` : '';
  return `${metricWords(metric)} ${shown(metric, value)}${held}`;
}

/** A monitor, where there is one to go to. */
export function MonitorLink({ name, windowEnd }: { readonly name: string; readonly windowEnd?: number }) {
  if (name === alertmanager) return 'Alertmanager';
  return <a href={links.monitor(name, windowEnd)}>{name}</a>;
}

export function EndpointLink({ name }: { readonly name: string }) {
  return name === '' ? '—' : <a href={links.endpoint(name)}>{name}</a>;
}

/** How long an incident has lasted, or did. */
export function lasted(
  { opened_at: from, resolved_at: to }: Pick<Incident, 'opened_at' | 'resolved_at'>,
  now = Date.now(),
): string {
  const minute = 60_000;
  const time = (to ?? now) - from;
  if (time < minute) return 'less than a minute';
  return duration(Math.floor(time / minute) * minute);
}

/** What a silence is about: `Feature drift of iris, warning`. */
export function silenceWords({
  monitor,
  signal,
  segment,
  severity,
}: Pick<Silence, 'monitor' | 'signal' | 'segment' | 'severity'>): string {
  const what = signal === null ? 'Every signal' : signalWords(signal);
  const whose =
    monitor === null ? 'of any monitor' : `of ${monitor === alertmanager ? 'Alertmanager' : monitor}`;
  const where = segment === null ? '' : segment === '' ? ', of all rows together' : ` where ${segment}`;
  return `${what} ${whose}${where}${severity === null ? '' : `, ${severity} only`}`;
}
