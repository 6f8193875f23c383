import type { AlertingSetting, SignalResult } from '../monitoring/index.ts';
import { type Alert, alertId, fingerprintOf } from './model.ts';
import { alertState, type WindowVerdict } from './state.ts';

/** What alerts are made of: the part of a result that says how its signals stand. */
export type Checked = {
  readonly windowEnd: number;
  readonly model: { readonly version: number } | null;
  readonly signals: readonly Pick<
    SignalResult,
    'signal' | 'segment' | 'severity' | 'verdict' | 'metric' | 'value' | 'bounds'
  >[];
};

export type Watched = {
  readonly workspace: string;
  readonly monitorId: string;
  readonly endpoint: string;
  readonly alerting: AlertingSetting;
};

/**
 * The alerts as the results have them, given how they stood; of each that differs. One that began to fire at a window
 * that is not among these, or so early among them that breaches before it counted (`isCut`), fires still until these
 * resolve it. What no result speaks of stays as it is: with insufficient data alone an alert goes on firing, since nothing says
 * that it is over. What was never breached is no alert.
 */
export function changedAlerts(
  { workspace, monitorId, endpoint, alerting }: Watched,
  results: readonly Checked[],
  before: ReadonlyMap<string, Alert>,
  isCut: boolean,
): Alert[] {
  const inOrder = results.toSorted((a, b) => a.windowEnd - b.windowEnd);
  const ends = new Set(inOrder.map(({ windowEnd }) => windowEnd));
  const said = Map.groupBy(
    inOrder.flatMap(({ windowEnd, model, signals }) =>
      signals.map((signal) => ({ ...signal, windowEnd, version: model?.version ?? null })),
    ),
    (each) => fingerprintOf({ workspace, monitorId }, each),
  );
  const changed: Alert[] = [];
  for (const [fingerprint, all] of said) {
    const old = before.get(fingerprint);
    const { countsFrom = -1 } = old ?? {};
    const windows = all.filter(({ windowEnd }) => windowEnd > countsFrom);
    const last = windows.findLast(({ verdict }) => verdict !== 'insufficient-data');
    if (!last) continue;
    const firedAt = old?.state === 'firing' ? old.firedAt : null;
    const isFromBefore =
      firedAt !== null && (!ends.has(firedAt) || (isCut && judgedUntil(windows, firedAt) < alerting.of));
    const standing = isFromBefore
      ? alertState(
          windows.filter((window) => window.windowEnd > firedAt),
          alerting,
          firedAt,
        )
      : alertState(windows, alerting);
    if (!old && standing.state === 'ok') continue;
    const { signal, segment, severity, metric, value, bounds, windowEnd, version } = last;
    const figures = { severity, metric, value, bounds, windowEnd, version };
    const alert: Alert = {
      ...{ id: alertId(fingerprint), type: 'alert', v: 1, workspace, monitorId, fingerprint, endpoint },
      ...{ signal, segment, ...figures, ...standing, incident: old?.incident ?? null, seq: old?.seq ?? 0 },
      ...(old?.countsFrom === undefined ? {} : { countsFrom: old.countsFrom }),
    };
    if (!old || !isSame(old, alert)) changed.push(alert);
  }
  return changed;
}

function judgedUntil(windows: readonly WindowVerdict[], end: number): number {
  return windows.filter(({ verdict, windowEnd }) => windowEnd <= end && verdict !== 'insufficient-data')
    .length;
}

function isSame(a: Alert, b: Alert): boolean {
  const told = ({ state, since, firedAt, severity, metric, value, bounds, windowEnd, version }: Alert) =>
    JSON.stringify([state, since, firedAt, severity, metric, value, bounds, windowEnd, version]);
  return told(a) === told(b);
}
