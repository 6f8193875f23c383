import { useQueries } from '@tanstack/react-query';
import { type Alert, alertmanager, type WholeIncident } from '../api/alerts.ts';
import type { MonitorItem } from '../api/types.ts';
import { shown, shownBounds } from '../monitors/figures.ts';
import { resultQuery } from '../monitors/queries.ts';
import { Card } from '../parts/Card.tsx';
import { Tag } from '../parts/Chip.tsx';
import { counted } from '../parts/format.ts';
import { links } from '../parts/links.ts';
import { Ago, Moment } from '../parts/Time.tsx';
import { Silenced } from './FiringTable.tsx';
import { figureWords, matterOf, metricWords, SeverityChip, StateChip } from './words.tsx';

/** Windows whose results are asked for: a request each. */
const windowsMax = 6;
const itemsShown = 4;

/** The alerts of an incident: how each stands, its figure, and what stands out in it. */
export function AlertList({ incident: { monitor, alerts } }: { readonly incident: WholeIncident }) {
  const ends = [...new Set(alerts.filter(isOfWindow).map((alert) => alert.window_end))].slice(0, windowsMax);
  const results = useQueries({
    queries: ends.map((end) => ({
      ...resultQuery(monitor, String(end)),
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
    })),
  });
  const itemsOf = ({ window_end: end, signal, segment }: Alert): readonly MonitorItem[] =>
    results[ends.indexOf(end)]?.data?.signals.find(
      (each) => each.signal === signal && each.segment === segment,
    )?.items ?? [];
  return (
    <Card title={counted(alerts.length, 'alert')} flush>
      <ul className="incident-alerts" aria-label="Alerts">
        {alerts.map((alert) => (
          <li key={alert.fingerprint}>
            <div className="row">
              <strong className="incident-matter">{matterOf(alert)}</strong>
              <StateChip state={alert.state} />
              <SeverityChip severity={alert.severity} />
              {alert.silenced_until !== null && <Silenced until={alert.silenced_until} />}
              {alert.since !== null && (
                <span className="hint">
                  <Ago at={alert.since} />
                </span>
              )}
            </div>
            {alert.value !== null && <p>{sentence(figureWords(alert))}</p>}
            {alert.text && <p className="note">{alert.text}</p>}
            <Worst items={itemsOf(alert)} of={alert} />
            {isOfWindow(alert) && (
              <p className="hint">
                {alert.version !== null && `Version ${alert.version}, `}
                <a href={windowOf(alert)}>
                  window until <Moment at={alert.window_end} />
                </a>
              </p>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The items that are breached, the worst first, without the one whose figure stands for all. */
function Worst({ items, of }: { readonly items: readonly MonitorItem[]; readonly of: Alert }) {
  const breached = items.filter(
    ({ verdict, metric, value }) => verdict === 'breached' && !(metric === of.metric && value === of.value),
  );
  if (breached.length === 0) return null;
  return (
    <p className="tags">
      {breached.slice(0, itemsShown).map(({ name, metric, value, bounds }) => (
        <Tag key={`${name} ${metric}`} title={`${name}: ${metric}, ${shownBounds(metric, bounds)}`}>
          {name === metric ? '' : `${name}: `}
          {metricWords(metric)} {shown(metric, value)}
        </Tag>
      ))}
      {breached.length > itemsShown && <span className="hint">and {breached.length - itemsShown} more</span>}
    </p>
  );
}

/** Whether a window of the monitor brought it: a check that does not run, and another system, have none. */
function isOfWindow({ monitor, signal }: Alert): boolean {
  return monitor !== alertmanager && signal !== 'check';
}

function windowOf({ monitor, window_end: end, segment }: Alert): string {
  const of = segment === '' ? '' : `?${new URLSearchParams({ segment }).toString()}`;
  return `${links.monitor(monitor, end)}${of}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
