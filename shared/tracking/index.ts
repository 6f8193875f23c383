export { experimentsOfArtifact, experimentsOfArtifactUri, maySeeArtifact } from './artifact-owners.ts';
export { defaultExperimentId, experimentIdIn, experimentOfModel, experimentOfRun } from './ids.ts';
export { artifactPathOf, artifactUriOf } from './runs/artifact-uri.ts';
export { glanceAtRuns } from './runs/glance.ts';
export { type GitSource, gitSourceOf } from './runs/git.ts';
export {
  deleteExperiment,
  deleteExperimentTag,
  renameExperiment,
  restoreExperiment,
  setExperimentTag,
} from './experiments/changes.ts';
export { createExperiment, getExperiment, getExperimentByName } from './experiments/experiments.ts';
export { experimentNames } from './experiments/names.ts';
export { type FoldMessage, foldFinishedRun, foldRun } from './history/fold.ts';
export {
  metricHistoryBulk,
  metricHistoryBulkInterval,
  metricHistoryPage,
  type RunPoint,
} from './history/history.ts';
export { datasetLocation, logInputs, logOutputs } from './runs/inputs.ts';
export {
  createLoggedModel,
  deleteLoggedModel,
  deleteLoggedModelTag,
  finalizeLoggedModel,
  getLoggedModel,
  logLoggedModelParams,
  setLoggedModelTags,
} from './logged-models/logged-models.ts';
export {
  type LoggedModel,
  type LoggedModelStatus,
  loggedModelStatuses,
  type ModelMetric,
} from './logged-models/model.ts';
export { addRegistration, registrationsOf } from './logged-models/registrations.ts';
export { searchLoggedModels } from './search/logged-models.ts';
export { checkKey, checkLength, checkNormal } from './limits.ts';
export { logToRun } from './logging/logging.ts';
export { loggedValue } from './metric-values.ts';
export {
  type DatasetDetail,
  type DatasetInput,
  type Experiment,
  type LifecycleStage,
  type MetricPoint,
  type Run,
  type RunChange,
  runStatuses,
  type WholeRun,
} from './model.ts';
export { recordModel } from './runs/model-log.ts';
export { deleteRun, deleteRunTag, restoreRun, updateRun } from './runs/changes.ts';
export { purge, type PurgeMessage, requestPurge, sweepDeleted, type SweepMessage } from './purge/purge.ts';
export { createRun, getRun } from './runs/runs.ts';
export { type DatasetSummary, searchDatasets } from './search/datasets.ts';
export { searchExperiments } from './search/experiments.ts';
export { searchRuns } from './search/runs.ts';
export { type RunColumns, type RunRow, runColumns, searchRunRows } from './search/table.ts';
