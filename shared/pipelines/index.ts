export type { RetrainingJob } from './model.ts';
export { requestRetraining } from './request.ts';
export { recoverRetraining, retrain } from './retrain.ts';
export { getRetraining, listRetrainings, retrainingsOver, unknownRetraining } from './store.ts';
