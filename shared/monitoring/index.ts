export { checkDue, checkNow, checkOnTime } from './check-monitor.ts';
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
export { freezeEdges } from './freeze-edges.ts';
export { type LabelledRows, labelledCsv, labelledRows } from './labelled.ts';
export {
  type BreachReason,
  type ColumnDrift,
  defaultSettings,
  type Drift,
  type Monitor,
  type MonitorResult,
} from './model.ts';
export {
  getMonitor,
  getResult,
  listMonitors,
  listResults,
  type MonitorChange,
  monitorEndpoint,
  noMonitorYet,
  putMonitor,
} from './monitors.ts';
export { profileDrift } from './profile-drift.ts';
export { type CountedReference, referenceProfile } from './reference-profile.ts';
export { unknownMonitor } from './store.ts';
export { type Bounds, type Item, severities, type SignalResult } from './signal.ts';
