import type { Context } from '../context.ts';
import { isEnding, untilHandedOn } from './ending.ts';
import { scoreChunk } from './score-chunk.ts';
import { type Pace, usualPace } from './pace.ts';
import type { ChunkMessage } from './chunk.ts';
import { waitingChunk } from './waiting.ts';

/**
 * Scores the chunk of a message, then one of a smaller job that waits, so that a small job does not stand behind all
 * messages of a large one where few workers are. The message of that other chunk stays in the queue and finds it done.
 * Throws as {@link scoreChunk} does, for the chunk of the message alone.
 */
export function takeTurn(ctx: Context, message: ChunkMessage, pace: Pace = usualPace): Promise<void> {
  // The message comes back, to an instance that goes on.
  if (isEnding(ctx)) return Promise.reject(new Error('This instance is about to end.'));
  return untilHandedOn(ctx, () => scoreInTurn(ctx, message, pace));
}

async function scoreInTurn(ctx: Context, message: ChunkMessage, pace: Pace): Promise<void> {
  const job = await scoreChunk(ctx, message, pace);
  if (!job || isEnding(ctx)) return;
  try {
    const other = await waitingChunk(ctx, job);
    if (other) await scoreChunk(ctx, other, pace, pace.turnSeconds);
  } catch (error) {
    // The other chunk has a message of its own, and is as free for that as it was.
    ctx.log.warn('batch chunk of another job not scored', { reason: String(error) });
  }
}
