export { answerAside } from './answer-aside.ts';
export { invocationResponse } from './invocation-response.ts';
export { type Invocation, parseInvocation } from './invocations.ts';
export { loadModel, type RunOptions, type ServedModel } from './models.ts';
export { inferResponse, type InferRequest, modelMetadata, parseInferRequest } from './open-inference.ts';
export { predict, type Prediction } from './predict.ts';
export { type Live, liveOf } from './live.ts';
export { type Caller, choose, type ExternalTarget, type Target, targetOf } from './target.ts';
export type { ElementType, Port, Tensor, Tensors } from '../sessions/index.ts';
