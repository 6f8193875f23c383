export { retrainingTag } from './executor.ts';
export { stopExecutors } from './local-executor.ts';
export type { Gate, RetrainingJob, RetrainingState } from './model.ts';
export { requestRetraining } from './request.ts';
export { recoverRetraining, retrain } from './retrain.ts';
export { getRetraining, listRetrainings } from './store.ts';
