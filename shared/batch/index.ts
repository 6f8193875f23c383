export { askedInput } from './ask.ts';
export { scoreChunk } from './score-chunk.ts';
export { submitBlob } from './drop.ts';
export { errorsNameOf } from './endings.ts';
export { findOutput, unknownOutput } from './outputs.ts';
export { headerOf, type ScoredFile, scoredFiles, scoredFilesOfModel, topFolders } from './scored-files.ts';
export { unknownFolder, type Uploaded, uploadInput } from './upload-input.ts';
export { cancelJob } from './cancel.ts';
export { cleanCommit } from './finish.ts';
export {
  type BatchFailure,
  type BatchJob,
  type BatchMessage,
  isOver,
  type JobStatus,
  type Owner,
} from './job.ts';
export { type Pace, usualPace } from './pace.ts';
export type { ChunkMessage } from './chunk.ts';
export { handOnChunks } from './ending.ts';
export { removeLeftovers } from './leftovers.ts';
export { planJob } from './plan.ts';
export { recoverJob } from './recover.ts';
export { placeOfFolder } from './owner.ts';
export { type BatchProgress, type FileProgress, filesOf } from './progress.ts';
export { cleanJob, deleteJob, forgetCounted, outputsOf } from './remove.ts';
export { type InputQuality, qualityOf } from './quality.ts';
export { findReport } from './report.ts';
export { retryJob } from './retry.ts';
export { findJob, ownerOfJob, unknownJob } from './store.ts';
export { type JobRequest, submitJob } from './submit.ts';
export { takeTurn } from './turn.ts';
export { type AskedOptions, jobOptions, presentOptions } from './options.ts';
export { beginUpload, type DirectUpload } from './upload.ts';
export { getJob, type JobFilter, listJobs } from './view.ts';
export { type Seen, watchJob } from './watch.ts';
export { lookAfterJobs } from './watch-over.ts';
