export { type ErasedHour, eraseHour, keepOnly } from './erase-rows.ts';
export {
  checkLabelled,
  type Label,
  labelsMax,
  type PredictionLabel,
  readLabels,
  recordLabels,
} from './labels.ts';
export { type PartTable, readPart } from './part.ts';
export type { HiddenColumn } from './tensor-columns.ts';
export { type Hour, startOf } from './prediction-id.ts';
export {
  inputColumns,
  logFolder,
  loggedHours,
  type LogKind,
  type PredictionPart,
  type PredictionRange,
  readPredictions,
} from './predictions.ts';
export { flushPredictions } from './buffer.ts';
export { countedWindow } from './cut-window.ts';
export { type ExactRows, exactRows } from './exact-rows.ts';
export { hourProfiles, tableOf } from './counted.ts';
export { type RollUpMessage, rollUpProfiles, sweepProfiles } from './roll-up-profiles.ts';
export { placeOf } from './row-set.ts';
export { rowsOf } from './rows.ts';
export { logPredictions } from './log.ts';
export { keepQueued } from './keep-queued.ts';
export { mayBeQueued } from './queue.ts';
export { queueAgain } from './set-aside.ts';
export { type LabelFileKind, readLabelFile } from './label-file.ts';
export { type Roles, rolesOf, saysMore, type Scores, scoresOf } from './scores.ts';
export { type ErasedRows, erasedRows } from './tombstones.ts';
export { type WindowProfile, windowProfile } from './window-profile.ts';
