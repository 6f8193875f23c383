export { type Asking, askForRetraining, type AskedByHand, retrainByHand } from './ask.ts';
export { hearOfTraining, tokenForRun } from './callback.ts';
export { cancelRetraining } from './cancel.ts';
export type { RetrainingJob } from './model.ts';
export { requestRetraining } from './request.ts';
export { recoverRetraining, retrain } from './retrain.ts';
export { type RolloutOfJob, rolloutOf } from './rollout.ts';
export {
  getRetraining,
  listRetrainings,
  type RetrainingFilter,
  retrainingsOver,
  unknownRetraining,
} from './store.ts';
export { tellOfRetraining, tellOfRollout } from './tell-incident.ts';
