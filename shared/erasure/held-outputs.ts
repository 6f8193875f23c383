import { findJob, headerOf, outputsOf } from '../batch/index.ts';
import type { Context } from '../context.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { type Hold, holdOfAll, listHolds } from './holds.ts';

/**
 * Throws `conflict` while a hold keeps what came out of a batch job: all of its endpoint, or, over a person, a file
 * that has their column or does not tell its columns.
 */
export async function checkOutputsFree(ctx: Context, jobId: string): Promise<void> {
  const holds = await listHolds(ctx);
  const job = holds.length > 0 ? await unlessCode(findJob(ctx, jobId), 'not-found') : undefined;
  if (!job) return;
  // Over a model's files there are holds of persons alone.
  const endpoint = job.owner.type === 'endpoint' ? job.owner.id : '';
  const whole = holdOfAll(holds, endpoint);
  if (whole) throw held(whole);
  const ofPeople = holds.filter((hold) => hold.subject && (hold.endpoint ?? endpoint) === endpoint);
  if (ofPeople.length === 0) return;
  for await (const file of outputsOf(ctx, job)) {
    const header = await headerOf(ctx, file);
    const hold = ofPeople.find(({ subject }) => !header || header.includes(subject?.column ?? ''));
    if (hold) throw held(hold);
  }
}

function held({ holdId, reason }: Hold): CairnError {
  return new CairnError(
    'conflict',
    `Hold '${holdId}' keeps what came out of the job: ${reason.slice(0, 200)}. Release it first.`,
    { field: 'id' },
  );
}
