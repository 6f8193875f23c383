export { recordAudit } from './record.ts';
export { exportSegments } from './segments/export.ts';
export { segmentsIn } from './segments/folder.ts';
export { segmentFiles, storedSegments } from './segments/stored.ts';
export { type SegmentSource, type Verification, verifySegments } from './verify/verify.ts';
