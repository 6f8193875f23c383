export { processFile, threadFile } from './child-file.ts';
export { rowsOfZeros } from './feeds.ts';
export { type Loaded, modelHost, type Reply, type Request } from './host.ts';
export type { Measured, MeasurePlan } from './measure.ts';
export { memoryMark } from './memory-mark.ts';
export { areOutputs, packed } from './plain.ts';
export type { Begin } from './process.ts';
export { parseProcessAnswer } from './process-answer.ts';
export { cutRows, joinRows, kindOfRow, rowsOf } from './rows.ts';
export { bytesOf, sha256Of, type Source, SpoiltFile } from './source.ts';
export {
  allocate,
  datatypeOf,
  describe,
  dimensionMax,
  elementOf,
  elementsOf,
  type ElementType,
  integerBounds,
  isElementType,
  isFloat,
  isWide,
  jsonElement,
  type Port,
  rawJson,
  type Tensor,
  tensorBytes,
  type TensorData,
  type Tensors,
  textOf,
} from './tensor.ts';
export { threadStates } from './thread-state.ts';
export { untold } from './untold.ts';
export { type Answered, askAside, type Trial, type TrialLimits, type TrialModel, tryModel } from './trial.ts';
