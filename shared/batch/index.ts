export { scoreChunk } from './chunk.ts';
export {
  findOutput,
  headerOf,
  type OfEndpoint,
  scoredFiles,
  unknownOutput,
  type Uploaded,
  uploadInput,
} from './files.ts';
export { cancelJob } from './finish.ts';
export {
  type BatchFailure,
  type BatchJob,
  type BatchMessage,
  type BatchOptions,
  batchDefaults,
  type ChunkMessage,
  type JobStatus,
} from './job.ts';
export { planJob } from './plan.ts';
export { recoverJob } from './recover.ts';
export { findJob, unknownJob } from './store.ts';
export { submitBlob, submitJob } from './submit.ts';
export { type BatchProgress, getJob, listJobs } from './view.ts';
