export type { Asked } from './batcher.ts';
export { RunFailed } from './failure.ts';
export type { Model } from './model.ts';
export { type ExecutionFacts, executionFacts, fileOf, loadedModels, withModel } from './models.ts';
export { Gone } from './place.ts';
