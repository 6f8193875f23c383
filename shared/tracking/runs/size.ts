import { CairnError } from '../../http/index.ts';
import type { Run } from '../model.ts';

/**
 * What a run is filled to: under the 2 MB of a document, and of a batch, by what is needed to change its
 * status, name and tags, and by the points of a log call.
 */
const runBytesMax = 1_900_000;

/** Refuses a run that has grown over {@link runBytesMax} bytes of JSON, as `too-large`. */
export function checkSize(run: Run): void {
  if (Buffer.byteLength(JSON.stringify(run)) > runBytesMax) throw runTooLarge(run.runId);
}

export function runTooLarge(runId: string, cause?: CairnError): CairnError {
  return new CairnError(
    'too-large',
    `Run ${runId} would be over ${runBytesMax} bytes, which is about 17000 metrics with names of 30 characters; params, tags, datasets and models count too. Log to several runs.`,
    cause && { cause },
  );
}
