export { backfill } from './backfill.ts';
export { checkDue, checkNow, checkOnTime, checkWindow } from './check-monitor.ts';
export { removeConceptStates } from './concept-store.ts';
export { defaultSettings, driftedShareOf, givenBound, signalDefaults } from './defaults.ts';
export { type ResultDetail } from './detail.ts';
export { endMonitors } from './end.ts';
export {
  type Erased,
  monitorsOf,
  type Outdated,
  outdatedBy,
  recheckResult,
  nextResult,
  remake,
  removeReferences,
  removeResults,
  type ResultRef,
} from './erased.ts';
export { detectorNames } from './signals/index.ts';
export { freezeEdges } from './freeze-edges.ts';
export { history } from './history.ts';
export { type LabelledRows, labelledCsv, labelledRows } from './labelled.ts';
export type { Monitor, MonitorResult, ReferenceSource } from './model.ts';
export {
  getMonitor,
  getResult,
  getResultDetail,
  listMonitors,
  listResults,
  type MonitorChange,
  monitorEndpoint,
  noMonitorYet,
  putMonitor,
} from './monitors.ts';
export { type ColumnDrift, type Drift, profileDrift } from './profile-drift.ts';
export { type CountedReference, referenceProfile } from './reference-profile.ts';
export { findMonitor, unknownMonitor } from './store.ts';
export type { AlertingSetting, MonitorSettingsV2, SignalSetting, ThresholdSetting } from './settings.ts';
export {
  type Bounds,
  type Item,
  severities,
  type Severity,
  type SignalName,
  signalNames,
  type SignalResult,
  type Verdict,
} from './signal.ts';
export { settleSeconds } from './windows.ts';
