export { answerAside } from './answer-aside.ts';
export { rulesOf } from './column-rules.ts';
export {
  getDataPolicy,
  isEndpointHighRisk,
  type NewDataPolicy,
  putDataPolicy,
} from './data-policy.ts';
export { type Endpoint, endpointName, type NewEndpoint, type Pinned } from './endpoint.ts';
export {
  allEndpoints,
  createEndpoint,
  endpointsOf,
  followAlias,
  getEndpoint,
  listEndpoints,
  unknownEndpoint,
} from './endpoints.ts';
export { type ErasedHour, eraseHour, keepOnly } from './erase-rows.ts';
export { invocationResponse } from './invocation-response.ts';
export { type Invocation, parseInvocation } from './invocations.ts';
export {
  checkLabelled,
  type Label,
  labelsMax,
  type PredictionLabel,
  readLabels,
  recordLabels,
} from './labels.ts';
export { loadModel, type ServedModel } from './models.ts';
export { inferResponse, type InferRequest, modelMetadata, parseInferRequest } from './open-inference.ts';
export type { PartTable } from './part.ts';
export type { HiddenColumn } from './tensor-columns.ts';
export { predict, type Prediction } from './predict.ts';
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
export { flushPredictions } from './prediction-log.ts';
export { type Roles, type Scores, scoresOf } from './scores.ts';
export { type Target, targetOf } from './target.ts';
export { type ErasedRows, erasedRows } from './tombstones.ts';
export type { ElementType, Port, Tensor, Tensors } from '../sessions/index.ts';
