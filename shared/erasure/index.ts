export { endEmptyLogs } from './empty-logs.ts';
export { erase } from './erase.ts';
export { checkOutputsFree } from './held-outputs.ts';
export { type Hold, listHolds, type NewHold, placeHold, releaseHold } from './holds.ts';
export type { EndpointCounts, ErasureJob, ErasureMessage, NotCovered } from './job.ts';
export { type ErasureRequest, requestErasure } from './request.ts';
export { expire, type ExpireMessage, sweepRetention } from './retention.ts';
export { getErasure, listErasures } from './store.ts';
