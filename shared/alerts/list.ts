import type { Context } from '../context.ts';
import { type Page, pageOf, positionIn } from '../http/index.ts';
import type { Severity } from '../monitoring/index.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import type { Alert, Incident, Silence } from './model.ts';
import { activeSilences, isSilenced } from './silences.ts';
import type { AlertState } from './state.ts';

/** An alert, and until when a silence keeps it from being told. */
export type SeenAlert = { readonly alert: Alert; readonly silencedUntil: number | null };

/** An incident with its alerts as they stand now, in the order in which they joined it. */
export type SeenIncident = {
  readonly incident: Incident;
  readonly alerts: readonly SeenAlert[];
  /** Until when silences keep all of it from being told. */
  readonly silencedUntil: number | null;
};

type Filter = {
  readonly endpoint?: string | undefined;
  readonly monitor?: string | undefined;
  readonly severity?: Severity | undefined;
};
export type AlertFilter = Filter & {
  readonly state?: AlertState | undefined;
  readonly signal?: string | undefined;
};
export type IncidentFilter = Filter & { readonly state?: Incident['state'] | undefined };

const askedAtOnce = 5000;

type Asked = { readonly limit: number; readonly pageToken?: string | undefined };

/**
 * The alerts of monitors whose endpoints the caller may see; those first whose state changed last. One whose verdicts
 * all came out otherwise, so that it never began, is not among them.
 */
export async function listAlerts(
  ctx: Context,
  { monitor, ...filter }: AlertFilter,
  { limit, pageToken }: Asked,
): Promise<Page<SeenAlert>> {
  const after = positionIn(pageToken, { since: 0, fingerprint: '' });
  const conditions: Condition[] = [
    () => "c.type = 'alert' AND IS_NUMBER(c.since)",
    ...of(ctx, filter),
    ...(after
      ? [
          ((bind) =>
            `(c.since < ${bind(after.since)} OR (c.since = ${bind(after.since)} AND c.fingerprint > ${bind(after.fingerprint)}))`) satisfies Condition,
        ]
      : []),
  ];
  const rows = await ctx.stores
    .documents('monitors')
    .query<Alert>(queryOf('*', conditions, 'c.since DESC, c.fingerprint ASC'), {
      key: keyOf(ctx, monitor),
      limit: limit + 1,
    });
  const { items, ...more } = pageOf(rows, limit, ({ since, fingerprint }) => ({
    since: since ?? 0,
    fingerprint,
  }));
  return { items: seen(items, await activeSilences(ctx)), ...more };
}

/** The incidents of monitors whose endpoints the caller may see, the one that was opened last first. */
export async function listIncidents(
  ctx: Context,
  { monitor, ...filter }: IncidentFilter,
  { limit, pageToken }: Asked,
): Promise<Page<SeenIncident>> {
  const after = positionIn(pageToken, { openedAt: 0, monitorId: '', number: 0 });
  const conditions: Condition[] = [
    () => "c.type = 'incident'",
    ...of(ctx, filter),
    ...(after ? [behind(after)] : []),
  ];
  const rows = await ctx.stores
    .documents('monitors')
    .query<Incident>(queryOf('*', conditions, 'c.openedAt DESC, c.monitorId ASC, c.number DESC'), {
      key: keyOf(ctx, monitor),
      limit: limit + 1,
    });
  const { items, ...more } = pageOf(rows, limit, ({ openedAt, monitorId, number }) => ({
    openedAt,
    monitorId,
    number,
  }));
  const alerts = await alertsOf(ctx, items, 'eventual');
  const silences = await activeSilences(ctx);
  return { items: items.map((incident) => withAlerts(incident, alerts, silences)), ...more };
}

/** An incident as it is seen, given the alerts that are part of it. */
export function withAlerts(
  incident: Incident,
  alerts: ReadonlyMap<string, Alert>,
  silences: readonly Silence[],
): SeenIncident {
  const mine = seen(
    incident.alerts.flatMap((fingerprint) => alerts.get(fingerprint) ?? []),
    silences,
  );
  const firing = incident.state === 'open' ? mine.filter(({ alert }) => alert.state === 'firing') : [];
  const untils = firing.map(({ silencedUntil }) => silencedUntil ?? 0);
  const first = Math.min(...untils);
  return { incident, alerts: mine, silencedUntil: firing.length > 0 && first > 0 ? first : null };
}

/** The alerts that are part of some incidents, by fingerprint. */
export async function alertsOf(
  ctx: Context,
  incidents: readonly Pick<Incident, 'monitorId' | 'alerts'>[],
  consistency: 'strong' | 'eventual',
): Promise<ReadonlyMap<string, Alert>> {
  const fingerprints = [...new Set(incidents.flatMap(({ alerts }) => alerts))];
  const monitors = [...new Set(incidents.map(({ monitorId }) => monitorId))];
  const key = keyOf(ctx, monitors.length === 1 ? monitors[0] : undefined);
  const found = new Map<string, Alert>();
  // A query has at most 512 KB.
  for (let i = 0; i < fingerprints.length; i += askedAtOnce) {
    const asked = fingerprints.slice(i, i + askedAtOnce);
    const rows = await ctx.stores.documents('monitors').query<Alert>(
      queryOf('*', [
        () => "c.type = 'alert'",
        // The index serves it as it does IN, and here they are one parameter.
        (bind) => `ARRAY_CONTAINS(${bind(asked)}, c.fingerprint)`,
      ]),
      { key, consistency },
    );
    for (const alert of rows) found.set(alert.fingerprint, alert);
  }
  return found;
}

function seen(alerts: readonly Alert[], silences: readonly Silence[]): SeenAlert[] {
  return alerts.map((alert) => ({ alert, silencedUntil: isSilenced(silences, alert)?.until ?? null }));
}

function keyOf(ctx: Context, monitor: string | undefined): readonly string[] {
  return [ctx.workspace, ...(monitor === undefined ? [] : [monitor])];
}

function of(ctx: Context, filter: Readonly<Record<string, string | undefined>>): Condition[] {
  const asked = Object.entries(filter).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return [
    ...asked.map(
      ([name, value]): Condition =>
        (bind) =>
          `c.${name} = ${bind(value)}`,
    ),
    ...onlyVisible(['endpoint'], ctx.access.visible('endpoint')),
  ];
}

function behind({ openedAt, monitorId, number }: Pick<Incident, 'openedAt' | 'monitorId' | 'number'>) {
  const further: Condition = (bind) => {
    const sameMonitor = `(c.monitorId = ${bind(monitorId)} AND c.number < ${bind(number)})`;
    const sameTime = `(c.monitorId > ${bind(monitorId)} OR ${sameMonitor})`;
    return `(c.openedAt < ${bind(openedAt)} OR (c.openedAt = ${bind(openedAt)} AND ${sameTime}))`;
  };
  return further;
}
