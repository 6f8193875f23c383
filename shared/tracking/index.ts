export { artifactPathOf, artifactUriOf } from './artifact-uri.ts';
export {
  deleteExperiment,
  deleteExperimentTag,
  renameExperiment,
  restoreExperiment,
  setExperimentTag,
} from './experiment-changes.ts';
export { createExperiment, getExperiment, getExperimentByName } from './experiments.ts';
export { type FoldMessage, foldFinishedRun, foldRun } from './fold.ts';
export {
  metricHistoryBulk,
  metricHistoryBulkInterval,
  metricHistoryPage,
  type RunPoint,
} from './history.ts';
export { logInputs, logOutputs } from './inputs.ts';
export {
  createLoggedModel,
  deleteLoggedModel,
  deleteLoggedModelTag,
  finalizeLoggedModel,
  getLoggedModel,
  logLoggedModelParams,
  setLoggedModelTags,
} from './logged-models.ts';
export {
  type LoggedModel,
  type LoggedModelStatus,
  loggedModelStatuses,
  type ModelMetric,
} from './logged-models-model.ts';
export { addRegistration, registrationsOf } from './logged-models-registrations.ts';
export { searchLoggedModels } from './logged-models-search.ts';
export { logToRun } from './logging.ts';
export {
  type Experiment,
  type LifecycleStage,
  type MetricPoint,
  type Run,
  type RunChange,
  runStatuses,
  type WholeRun,
} from './model.ts';
export { recordModel } from './model-log.ts';
export { deleteRun, deleteRunTag, restoreRun, updateRun } from './run-changes.ts';
export { purge, type PurgeMessage, requestPurge, sweepDeleted, type SweepMessage } from './purge.ts';
export { createRun, getRun } from './runs.ts';
export { type DatasetSummary, searchDatasets } from './search-datasets.ts';
export { searchExperiments } from './search-experiments.ts';
export { searchRuns } from './search-runs.ts';
export { type RunColumns, type RunRow, runColumns, searchRunRows } from './search-table.ts';
