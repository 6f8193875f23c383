/** Asking endpoints: the two protocols of inference. */
export { invocations } from './invocations.ts';
export { openInference } from './open-inference.ts';
