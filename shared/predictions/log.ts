import type { Context } from '../context.ts';
import type { Logging } from '../endpoints/index.ts';
import { bufferPredictions, countPredictions, type LogHead } from './buffer.ts';
import { queuePredictions } from './queue.ts';
import type { Scored } from './rows.ts';

const everyCall: Logging = { sampleRate: 1, durability: 'buffer' };

/**
 * Adds the rows of a call to the log and gives their ids; none where the call is not among the `sampleRate` that is
 * logged, which is drawn for each and then counted alone. With durability `queue` the rows are in a queue when this is over, and it throws
 * `unavailable` where they cannot be brought there: a call that is answered is a call that is logged.
 */
export async function logPredictions(
  ctx: Context,
  head: LogHead,
  scored: Scored,
  { sampleRate, durability }: Logging = everyCall,
): Promise<readonly string[]> {
  if (scored.rows === 0) return [];
  if (ctx.ids.random() >= sampleRate) {
    countPredictions(ctx, head, scored);
    return [];
  }
  return durability === 'queue' ? queuePredictions(ctx, head, scored) : bufferPredictions(ctx, head, scored);
}
