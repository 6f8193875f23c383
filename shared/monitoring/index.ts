export { checkDue, checkNow } from './check-monitor.ts';
export { type LabelledRows, labelledCsv, labelledRows, type Part } from './labelled.ts';
export type { BreachReason, Monitor, MonitorResult, RetrainingPolicy } from './model.ts';
export {
  getMonitor,
  getResult,
  listMonitors,
  listResults,
  type MonitorChange,
  monitorEndpoint,
  putMonitor,
} from './monitors.ts';
