import type { Context } from '../context.ts';
import { severities } from '../monitoring/index.ts';
import { counted, type OwnedRow, type Owner } from './owned.ts';
import type { Watched } from './monitors.ts';

const rowsMax = 10_000;

/** As far as it is told; of an endpoint by name where it says so, else by its monitor. */
type Stated = {
  readonly type: 'alert' | 'incident';
  readonly monitorId: string;
  readonly endpoint?: string;
  readonly signal?: string;
  readonly severity?: string;
  readonly state: string;
};

/** Alerts and incidents by state. Of a monitor nothing of which fires it is told that nothing does. */
export async function alertsNow(ctx: Context, watched: readonly Watched[]): Promise<OwnedRow[]> {
  const found = await ctx.stores.documents('monitors').query<Stated>(
    {
      text: "SELECT c.type, c.monitorId, c.endpoint, c.signal, c.severity, c.state FROM c WHERE c.type IN ('alert', 'incident')",
    },
    { key: [ctx.workspace], limit: rowsMax },
  );
  const endpoints = new Map(watched.map(({ monitorId, endpoint }) => [monitorId, endpoint]));
  const things = found.map((each) => {
    const { type, monitorId, severity = '', state, signal = '' } = each;
    const endpoint = each.endpoint ?? endpoints.get(monitorId) ?? '';
    const of: Owner = endpoint === '' ? null : { type: 'endpoint', id: endpoint };
    return { type, of, state, severity, signal, place: { endpoint, monitor: monitorId } };
  });
  const alerts = things.filter(({ type, state }) => type === 'alert' && state !== 'ok');
  const incidents = things.filter(({ type }) => type === 'incident');
  return [
    ...counted(
      'cairn_alerts',
      alerts.map(({ of, state, severity, signal, place }) => ({
        of,
        labels: { ...place, signal, severity, state },
      })),
    ),
    ...firing(alerts, watched),
    ...counted(
      'cairn_incidents',
      incidents.map(({ of, state, severity, place }) => ({ of, labels: { ...place, severity, state } })),
    ),
    ...(found.length >= rowsMax
      ? [{ family: 'cairn_exposition_left_out' as const, of: null, labels: { what: 'alerts' }, value: 1 }]
      : []),
  ];
}

function firing(
  alerts: readonly {
    of: Owner;
    state: string;
    severity: string;
    place: Readonly<Record<'endpoint' | 'monitor', string>>;
  }[],
  watched: readonly Watched[],
): OwnedRow[] {
  const none = watched.flatMap(({ endpoint, monitorId: monitor }) =>
    severities.map((severity) => ({
      of: { type: 'endpoint' as const, id: endpoint },
      labels: { endpoint, monitor, severity },
    })),
  );
  const rows = new Map<string, OwnedRow & { value: number }>();
  for (const { of, labels } of none)
    rows.set(JSON.stringify(labels), { family: 'cairn_alerts_firing', of, labels, value: 0 });
  for (const { of, state, severity, place } of alerts) {
    if (state !== 'firing') continue;
    const labels = { ...place, severity };
    const key = JSON.stringify(labels);
    const value = (rows.get(key)?.value ?? 0) + 1;
    rows.set(key, { family: 'cairn_alerts_firing', of, labels, value });
  }
  return [...rows.values()];
}
