import { addToTimeline, type TimelineEntry } from '../alerts/index.ts';
import type { Context } from '../context.ts';
import type { CairnEvent } from '../events/index.ts';
import { unlessCode } from '../http/index.ts';
import { excerpt } from '../redaction/index.ts';
import type { Gate, RetrainingJob } from './model.ts';
import { getRetraining, jobOfChallenger } from './store.ts';

const reasonCharsMax = 500;

/** Says in the incident that asked for a retraining what became of it. Subscriber of `retraining.*`. */
export async function tellOfRetraining(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const job = await unlessCode(getRetraining(ctx, subject['jobId'] ?? ''), 'not-found');
  if (job?.incident !== undefined) await addToTimeline(ctx, job.incident, entriesOf(job));
}

/** Says in the incident that asked for a retraining how its version takes over. Subscriber of `rollout.*`. */
export async function tellOfRollout(ctx: Context, { type, subject, reason = '' }: CairnEvent): Promise<void> {
  const { endpoint = '', rolloutId = '', rolloutTo: version = '' } = subject;
  const job = await jobOfChallenger(ctx, endpoint, Number(version));
  if (job?.incident === undefined) return;
  const texts: Partial<Record<CairnEvent['type'], string>> = {
    'rollout.started': `Version ${version} begins to take over at endpoint '${endpoint}', step by step.`,
    'rollout.finished': `Version ${version} answers all calls of endpoint '${endpoint}'. ${reason}`,
    'rollout.rolled-back': `Version ${version} was taken back from endpoint '${endpoint}'. ${reason}`,
    'rollout.stopped': `Version ${version} was stopped from taking over at endpoint '${endpoint}'. ${reason}`,
  };
  const text = texts[type]?.trim();
  if (text !== undefined)
    await addToTimeline(ctx, job.incident, [{ kind: 'rollout', text: shortly(text), ref: rolloutId }]);
}

/** All that there is to say of a job so far. */
function entriesOf(job: RetrainingJob): Omit<TimelineEntry, 'at'>[] {
  const { jobId: ref, executor, reasons, alias } = job;
  const done = (text: string) => ({ kind: 'retraining', text: shortly(text), ref }) as const;
  if (job.status === 'refused') return [done(`No retraining was begun. ${job.reason}`)];
  const begun = done(`Retraining was asked of executor '${executor}' because of ${reasons.join(', ')}.`);
  const judged =
    'gate' in job && job.gate ? [{ kind: 'gate', text: sentenceOf(job.gate), ref } as const] : [];
  switch (job.status) {
    case 'promoted': {
      const by = job.promotion === undefined ? '' : `, by promotion ${job.promotion}`;
      const text = `Version ${job.version} has the alias '${alias}' now${by}.`;
      return [begun, ...judged, { kind: 'promoted', text, ref }];
    }
    case 'rejected':
      return [begun, ...judged, done(`Version ${job.challenger} was not promoted. ${job.reason}`)];
    case 'failed':
      return [begun, done(`Retraining failed. ${job.reason}`)];
    case 'cancelling':
    case 'cancelled':
      return [begun, done(`Retraining was cancelled. ${job.reason}`)];
    default:
      return [begun, ...judged];
  }
}

function sentenceOf({ rows, challenger, champion, verdict }: Gate): string {
  const right = ({ version, accuracy }: Gate['champion']) =>
    `version ${version} is right in ${(accuracy * 100).toFixed(2)} %`;
  const end = verdict === 'challenger' ? 'the challenger wins' : 'the champion stays';
  return `On ${rows} rows that no training saw ${right(challenger)}, ${right(champion)}: ${end}.`;
}

function shortly(text: string): string {
  return excerpt(text, reasonCharsMax);
}
