import type { AlertingSetting, SignalResult } from '../monitoring/index.ts';
import { type Alert, alertId, fingerprintOf } from './model.ts';
import { alertState, type WindowVerdict } from './state.ts';

/** What alerts are made of: the part of a result that says how its signals stand. */
export type Checked = {
  readonly windowEnd: number;
  readonly model: { readonly version: number } | null;
  readonly signals: readonly SignalResult[];
};

export type Watched = {
  readonly workspace: string;
  readonly monitorId: string;
  readonly endpoint: string;
  readonly alerting: AlertingSetting;
};

/**
 * The alerts as the results have them, given how they stood; of each that differs. Where there are results before
 * these (`isCut`), one whose first breaches are among those fires still until these resolve it. What no result speaks of stays as it is, and what was never breached is no alert.
 */
export function changedAlerts(
  { workspace, monitorId, endpoint, alerting }: Watched,
  results: readonly Checked[],
  before: ReadonlyMap<string, Alert>,
  isCut: boolean,
): Alert[] {
  const inOrder = results.toSorted((a, b) => a.windowEnd - b.windowEnd);
  const first = inOrder[0]?.windowEnd ?? 0;
  const said = Map.groupBy(
    inOrder.flatMap(({ windowEnd, model, signals }) =>
      signals.map((signal) => ({ ...signal, windowEnd, version: model?.version ?? null })),
    ),
    (each) => fingerprintOf({ workspace, monitorId }, each),
  );
  const changed: Alert[] = [];
  for (const [fingerprint, windows] of said) {
    const last = windows.findLast(({ verdict }) => verdict !== 'insufficient-data');
    if (!last) continue;
    const old = before.get(fingerprint);
    const firedAt = old?.state === 'firing' ? old.firedAt : null;
    const isFromBefore =
      firedAt !== null && (firedAt < first || (isCut && judgedUntil(windows, firedAt) < alerting.of));
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
