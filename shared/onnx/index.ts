export { OnnxError, type OnnxErrorCode } from './errors.ts';
export { inspect, type Inspection } from './inspect.ts';
export { linearClassifier, linearRegressor, type Preprocessing } from './linear.ts';
export type { Labels } from './tabular.ts';
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
