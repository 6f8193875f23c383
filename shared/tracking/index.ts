export { artifactPathOf } from './artifact-uri.ts';
export { createExperiment, getExperiment, getExperimentByName, searchExperiments } from './experiments.ts';
export { metricHistory } from './history.ts';
export {
  addRegistration,
  createLoggedModel,
  deleteLoggedModel,
  deleteLoggedModelTag,
  finalizeLoggedModel,
  getLoggedModel,
  type LoggedModel,
  type LoggedModelStatus,
  loggedModelStatuses,
  logLoggedModelParams,
  type ModelMetric,
  registrationsOf,
  setLoggedModelTags,
} from './logged-models.ts';
export { logToRun } from './logging.ts';
export {
  type Experiment,
  type LifecycleStage,
  type MetricPoint,
  type Run,
  type RunChange,
  runStatuses,
} from './model.ts';
export { createRun, getRun, searchRuns, updateRun } from './runs.ts';
