import { incidentRef } from '../../shared/alerts/index.ts';
import { type Alert, alertId, fingerprintOf, type Incident, incidentId } from '../../shared/alerts/model.ts';
import type { Context } from '../../shared/context.ts';

export type Kept = {
  readonly number?: number;
  readonly at?: number;
  readonly text?: string;
  readonly incident?: Partial<Incident>;
  readonly alerts?: readonly Partial<Alert>[];
};

const start = Date.UTC(2026, 2, 2);

/** Writes an incident of a monitor with its alerts, as the monitor's checks leave them, and gives its id. */
export async function keepIncident(
  { workspace, stores }: Context,
  monitorId: string,
  endpoint: string,
  { number = 1, at = start, text = 'it began', incident: more = {}, alerts = [{}] }: Kept = {},
): Promise<string> {
  const key = [workspace, monitorId];
  const documents = stores.documents('monitors');
  const of = { v: 1, workspace, monitorId, endpoint };
  const kept = alerts.map((each): Alert => {
    const about = { signal: 'feature-drift', segment: '', ...each };
    const fingerprint = fingerprintOf(of, about);
    return {
      ...of,
      ...{ id: alertId(fingerprint), type: 'alert', fingerprint, severity: 'warning', state: 'firing' },
      ...{ since: at, firedAt: at, metric: 'drifted-share', value: 0.5, bounds: { upper: 0.3 } },
      ...{ windowEnd: at, version: 3, incident: number, seq: 1 },
      ...about,
    };
  });
  for (const doc of kept) {
    const old = await documents.read(key, doc.id);
    await documents.write(key, old ? { op: 'replace', doc, etag: old.etag } : { op: 'create', doc });
  }
  const doc: Incident = {
    ...of,
    ...{ id: incidentId(number), type: 'incident', number, state: 'open', severity: 'warning' },
    ...{ openedAt: at, resolvedAt: null, alerts: kept.map(({ fingerprint }) => fingerprint) },
    ...{ acknowledged: null, toldAt: at, timeline: [{ at, kind: 'opened', text }], seq: 1 },
    ...more,
  };
  await documents.write(key, { op: 'create', doc });
  return incidentRef(doc);
}

/** What a signal said of a window: breached, or clear of its bound. */
export type Said = Readonly<Record<string, 'breached' | 'ok'>>;

/** Writes the result of the window of a monitor that ends at `windowEnd`, as a check does, without judging it. */
export async function keepResult(
  { workspace, stores }: Context,
  monitorId: string,
  windowEnd: number,
  said: Said,
): Promise<void> {
  const signals = Object.entries(said).map(([signal, verdict]) => ({
    ...{ signal, segment: '', verdict, metric: signal === 'performance' ? 'accuracy' : 'drifted-share' },
    ...(signal === 'performance'
      ? { severity: 'critical', value: verdict === 'ok' ? 0.99 : 0.71, bounds: { lower: 0.9 } }
      : { severity: 'warning', value: verdict === 'ok' ? 0 : 0.5, bounds: { upper: 0.3 } }),
    items: [],
  }));
  const doc = {
    ...{ id: `result:${String(windowEnd).padStart(14, '0')}`, type: 'result', v: 2, workspace, monitorId },
    ...{ endpoint: monitorId, windowStart: windowEnd - 3_600_000, windowEnd, checkedAt: windowEnd },
    ...{ settled: true, model: { modelId: 'm', version: 3, digest: 'sha256:0' }, otherVersionsRows: 0 },
    signals,
  };
  await stores.documents('monitors').write([workspace, monitorId], { op: 'create', doc });
}
