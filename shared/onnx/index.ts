export { OnnxError, type OnnxErrorCode } from './errors.ts';
export { externalFiles, type FileSlice, isHandedOver, sliceOf } from './external.ts';
export { inspect, type Inspection } from './inspect.ts';
export { whyTooNew } from './limits.ts';
export { linearClassifier, linearRegressor, type Preprocessing } from './linear.ts';
export type { Piece } from './rope.ts';
export { type Change, servedCopy, type ServedCopy } from './serve.ts';
export type { Labels } from './tabular.ts';
export type { ExternalTensor } from './tensor.ts';
export { type Leaf, type Split, type Tree, treeEnsembleClassifier, treeEnsembleRegressor } from './trees.ts';
export type { Dimension, ElementType, Value, ValueType } from './types.ts';
export {
  type AttributeSpec,
  type GraphSpec,
  mlDomain,
  type ModelSpec,
  type NodeSpec,
  type TensorSpec,
  writeModel,
} from './write.ts';
