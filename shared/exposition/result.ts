import type { Bounds, Item, SignalResult } from '../monitoring/index.ts';
import type { FamilyName, Labels } from './families.ts';
import type { OwnedRow } from './owned.ts';

/** A result of a window (version 2) as far as it is told. */
export type CheckedWindow = {
  readonly monitorId: string;
  readonly endpoint: string;
  readonly windowEnd: number;
  readonly checkedAt: number;
  /** Version 1 of a result has neither of them: of it only is told when it was made. */
  readonly rows?: { readonly reference: number; readonly current: number };
  readonly signals?: readonly SignalResult[];
};

/** Features, classes and metrics of one signal. */
const itemsMax = 20;
/** Figures of one monitor: those of all rows come before those of segments. */
export const rowsMax = 500;

/** What a result of a window says, as rows. */
export function rowsOfResult(result: CheckedWindow): OwnedRow[] {
  const { monitorId: monitor, endpoint, windowEnd, checkedAt, rows, signals = [] } = result;
  const of = { type: 'endpoint', id: endpoint } as const;
  const labels = { endpoint, monitor };
  const told: OwnedRow[] = [];
  const seen = new Set<string>();
  let leftOut = 0;
  const tell = (family: FamilyName, more: Labels, value: number | null | undefined) => {
    if (value === null || value === undefined) return;
    const key = JSON.stringify([family, more]);
    if (seen.has(key)) return;
    seen.add(key);
    if (told.length < rowsMax) told.push({ family, of, labels: { ...labels, ...more }, value });
    else leftOut++;
  };
  tell('cairn_check_last_success_timestamp_seconds', {}, checkedAt / 1000);
  tell('cairn_window_end_timestamp_seconds', {}, windowEnd / 1000);
  for (const window of ['reference', 'current'] as const)
    tell('cairn_window_rows', { window }, rows?.[window]);
  const inOrder = signals.toSorted((a, b) => Number(a.segment !== '') - Number(b.segment !== ''));
  for (const each of inOrder) tellSignal(each, tell);
  for (const each of inOrder) {
    const items = each.items.slice(0, itemsMax);
    leftOut += each.items.length - items.length + (each.itemsLeftOut ?? 0);
    for (const item of items) tellItem(each, item, tell);
  }
  if (leftOut > 0)
    told.push({
      family: 'cairn_exposition_left_out',
      of,
      labels: { what: 'figures', ...labels },
      value: leftOut,
    });
  return told;
}

type Tell = (family: FamilyName, labels: Labels, value: number | null | undefined) => void;

function tellSignal(
  { signal, segment, metric, value, bounds, verdict, severity, band }: SignalResult,
  tell: Tell,
) {
  const hasVerdict = verdict !== 'insufficient-data';
  const labels = { signal, segment };
  tell('cairn_signal_value', { ...labels, metric }, value);
  tellBounds('cairn_signal_threshold', { ...labels, metric }, bounds, tell);
  tell('cairn_signal_has_verdict', { ...labels, severity }, Number(hasVerdict));
  if (hasVerdict) tell('cairn_signal_breached', { ...labels, severity }, Number(verdict === 'breached'));
  if (signal === 'feature-drift' && metric === 'drifted-share')
    tell('cairn_drifted_features_ratio', { segment }, value);
  const kind = kindOf(signal);
  if (kind === undefined || !band) return;
  tell('cairn_performance_lower', { segment, kind, metric }, band.lower);
  tell('cairn_performance_upper', { segment, kind, metric }, band.upper);
}

function tellItem({ signal, segment }: SignalResult, item: Item, tell: Tell) {
  const { name, metric, value, bounds, verdict, basis } = item;
  const kind = kindOf(signal);
  if (signal === 'feature-drift') {
    const labels = { segment, feature: name, method: metric, basis };
    tell('cairn_drift_score', labels, value);
    tellBounds('cairn_drift_threshold', labels, bounds, tell);
    if (verdict !== 'insufficient-data') tell('cairn_drift_detected', labels, Number(verdict === 'breached'));
  } else if (signal === 'data-quality' && metric === 'null-rate')
    tell('cairn_feature_null_ratio', { segment, feature: name }, value);
  else if (kind !== undefined) tell('cairn_performance', { segment, kind, metric, of: name }, value);
}

function tellBounds(family: FamilyName, labels: Labels, bounds: Bounds | null, tell: Tell) {
  tell(family, { ...labels, bound: 'lower' }, bounds?.lower);
  tell(family, { ...labels, bound: 'upper' }, bounds?.upper);
}

function kindOf(signal: SignalResult['signal']): 'realized' | 'estimated' | undefined {
  if (signal === 'performance') return 'realized';
  return signal === 'estimated-performance' ? 'estimated' : undefined;
}
