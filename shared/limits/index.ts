export { enterCall } from './calls.ts';
export { bytesPerGb, checkBatchRows, checkStorage, limitsOf } from './quotas.ts';
