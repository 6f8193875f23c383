export type { RetrainingJob } from './model.ts';
export { requestRetraining } from './request.ts';
export { recoverRetraining, retrain } from './retrain.ts';
export { getRetraining, listRetrainings, unknownRetraining } from './store.ts';
