export { type ExternalData, isOpen, openSizes, type Session, zeros } from './runtime.ts';
export { openSession } from './session.ts';
export {
  allocate,
  datatypeOf,
  describe,
  dimensionMax,
  elementOf,
  elementsOf,
  type ElementType,
  isElementType,
  isFloat,
  isWide,
  jsonElement,
  type Port,
  type Tensor,
  type TensorData,
  type Tensors,
  textOf,
} from './tensor.ts';
export { type Answered, askAside, type Trial, type TrialLimits, type TrialModel, tryModel } from './trial.ts';
