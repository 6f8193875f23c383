import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { inTurns } from '../../turns.ts';
import { type OpenLineageEvent, parseEvent } from './event.ts';
import { recordEvent } from './ingest.ts';

/** What became of the events of a batch: https://github.com/OpenLineage/OpenLineage/blob/main/spec/OpenLineage.yml */
export type BatchAnswer = {
  readonly status: 'success' | 'partial_success';
  readonly summary: Readonly<
    Record<'received' | 'successful' | 'failed' | 'retriable' | 'non_retriable', number>
  >;
  readonly failed_events: readonly FailedEvent[];
};

type FailedEvent = { readonly index: number; readonly reason: string; readonly retriable: boolean };

const eventsMax = 1000;
const jobsAtOnceMax = 8;

/** Takes one event, as its JSON has it. Throws `invalid` where it is not as the specification says. */
export async function recordOpenLineage(ctx: Context, value: unknown): Promise<void> {
  await recordEvent(ctx, parseEvent(value));
}

/**
 * Takes a list of events, each for itself: what is wrong with one keeps none of the others out. Events of one
 * job are taken in their order, since they change the same nodes. Throws `invalid` for what is no list.
 */
export async function recordOpenLineageBatch(ctx: Context, value: unknown): Promise<BatchAnswer> {
  if (!Array.isArray(value)) throw new CairnError('invalid', 'The body must be a JSON list of events.');
  if (value.length > eventsMax)
    throw new CairnError('invalid', `At most ${eventsMax} events can be sent at once; got ${value.length}.`);
  const failed: FailedEvent[] = [];
  const parsed = value.flatMap((item, index): { index: number; event: OpenLineageEvent }[] => {
    try {
      return [{ index, event: parseEvent(item) }];
    } catch (error) {
      if (!(error instanceof CairnError)) throw error;
      failed.push({ index, reason: error.message, retriable: false });
      return [];
    }
  });
  const byJob = Map.groupBy(parsed, ({ event }) => jobOf(event));
  await inTurns([...byJob.values()], jobsAtOnceMax, async (events) => {
    for (const { index, event } of events)
      try {
        await recordEvent(ctx, event);
      } catch (error) {
        failed.push({ index, ...reasonOf(ctx, error) });
      }
  });
  return answer(value.length, failed);
}

function jobOf(event: OpenLineageEvent): string {
  const { namespace, name } = event.of === 'dataset' ? event.dataset : event.job;
  return `${namespace}/${name}`;
}

/** Why an event could not be stored: mostly a store at its limit, which is no reason to lose it. */
function reasonOf(ctx: Context, error: unknown): Omit<FailedEvent, 'index'> {
  if (error instanceof CairnError) return { reason: error.message, retriable: error.status >= 429 };
  ctx.log.error('OpenLineage event not stored', { reason: String(error) });
  return { reason: 'The event could not be stored; send it again.', retriable: true };
}

function answer(received: number, failed: readonly FailedEvent[]): BatchAnswer {
  const retriable = failed.filter((event) => event.retriable).length;
  return {
    status: failed.length === 0 ? 'success' : 'partial_success',
    summary: {
      received,
      successful: received - failed.length,
      failed: failed.length,
      retriable,
      non_retriable: failed.length - retriable,
    },
    failed_events: failed.toSorted((a, b) => a.index - b.index),
  };
}
