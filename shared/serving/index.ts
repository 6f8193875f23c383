export { answerAside } from './answer-aside.ts';
export { exampleOf } from './describe/example.ts';
export { endpointOpenApi, type SignIn } from './describe/openapi.ts';
export { snippetsOf } from './describe/snippets.ts';
export { counted, countedElsewhere } from './count.ts';
export { askElsewhere } from './external.ts';
export { parseBody, readingOf } from './fill.ts';
export { CellError } from './cells.ts';
export { describeColumn } from './column-values.ts';
export {
  fedBy,
  type NamedColumn,
  namesOf,
  portsOf,
  type Rows,
  rowTensors,
  widthOf,
} from './frame-tensors.ts';
export { invocationResponse } from './invocation-response.ts';
export { type Invocation, parseInvocation } from './invocations.ts';
export { loadModel, type RunOptions, type ServedModel } from './models.ts';
export { type InferRequest, parseInferRequest } from './open-inference.ts';
export { type InferAnswer, inferResponse } from './open-inference-answer.ts';
export { readInfer } from './open-inference-body.ts';
export {
  modelMetadata,
  modelNames,
  modelsOf,
  repositoryIndex,
  requireLoaded,
  whyNotUnloaded,
} from './open-inference-models.ts';
export { checkRows } from './rows.ts';
export { CsvCell, type Frame, parseScoringCsv, parseScoringJson, type Scoring } from './scoring-payload.ts';
export { keyInHeaders, keyInInfer, keyInScoring } from './sticky-key.ts';
export { predict, type Prediction } from './predict.ts';
export { type Live, liveOf } from './live.ts';
export { type Caller, choose, type ExternalTarget, type Target, targetOf } from './target.ts';
export type { ElementType, Port, Tensor, Tensors } from '../sessions/index.ts';
