import { isRefusal } from '../azure/index.ts';
import { CsvError } from '../datasets/index.ts';
import { isCode } from '../http/index.ts';
import type { BatchFile } from './file.ts';
import type { BatchFailure, BatchJob } from './job.ts';

/** What ends a job for good, however often it is tried. */
export class BatchError extends Error {
  readonly failure: BatchFailure;
  constructor(failure: BatchFailure) {
    super(failure.reason);
    this.name = 'BatchError';
    this.failure = failure;
  }
}

/** Why a job cannot go on whose output was staged long ago, and what to do about it. */
export const partsGone =
  'Storage no longer has all parts of the output that were scored before: it keeps them for a week. Delete the job and ask for it again';

/** Why an error ends the job, or `undefined` where trying again may help. `file` is the one it was in. */
export function failureOf(error: unknown, job: BatchJob, file?: BatchFile): BatchFailure | undefined {
  const failure = plainFailureOf(error);
  const name = job.input.files > 1 ? file?.input.name : undefined;
  return failure && (name === undefined ? failure : { ...failure, file: name });
}

function plainFailureOf(error: unknown): BatchFailure | undefined {
  if (error instanceof BatchError) return error.failure;
  if (error instanceof CsvError) return { code: 'bad-input', ...error.problem };
  // A plan, or what is to be kept of a chunk, that no document holds.
  if (isCode(error, 'too-large')) return { code: 'bad-input', reason: error.message };
  // Rows that the model cannot run on.
  if (isCode(error, 'invalid')) return { code: 'bad-input', reason: error.message };
  if (isRefusal(error)) return { code: 'bad-input', reason: error.message };
  // A file that is gone or another, a model that does not take tables: it stays as it is.
  if (isCode(error, 'conflict')) return { code: 'model', reason: error.message };
  return undefined;
}

/** What ends a job whose bad rows are more than it may have; `all` is missing where nobody knows it yet. */
export function tooManyBad({ bad, most, all }: { bad: number; most: number; all?: number }): BatchFailure {
  const found = all === undefined ? `${bad} rows or more` : `${bad} of ${all} rows`;
  return {
    code: 'bad-input',
    reason: `${found} cannot be scored, and at most ${most} may be bad; mend them, or ask with a higher limit in bad_rows`,
  };
}
