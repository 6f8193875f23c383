import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { endpointName } from '../endpoints/index.ts';
import { hourOf } from './prediction-id.ts';
import { logFolder } from './predictions.ts';
import type { QueuedRows } from './queued-rows.ts';

const triesMax = 20;
const delaySecondsMax = 3_600;

/**
 * Takes a message that failed as often as the queue allows back to the queue, later each time; one that failed for half
 * a day is set aside as a blob, and said to be.
 */
export async function queueAgain(ctx: Context, message: object): Promise<void> {
  const { tries = 0 } = message as { tries?: number };
  if (tries >= triesMax) {
    const isAside = await setAside(ctx, message, `It failed ${tries} times.`).then(
      () => true,
      () => false,
    );
    if (isAside) return;
  }
  const delaySeconds = Math.min(30 * 2 ** tries, delaySecondsMax);
  ctx.log.warn('queued predictions are tried again', { tries, delaySeconds });
  await ctx.stores.queues.send(
    ctx,
    'predictions',
    { ...message, tries: tries + 1 },
    { delaySeconds, isKept: true },
  );
}

/** Keeps a message that cannot be made part of the log beside it, for people to look at. */
export async function setAside(ctx: Context, message: unknown, reason: string): Promise<void> {
  const { head } = (message ?? {}) as { head?: Partial<QueuedRows['head']> };
  const endpoint = endpointName.safeParse(head?.endpoint).data ?? '_unknown';
  const hour = /^\d{10}$/.test(String(head?.hour)) ? String(head?.hour) : hourOf(ctx.clock.now());
  const bytes = Buffer.from(JSON.stringify(message));
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const name = `${logFolder(ctx, endpoint, 'set-aside', hour)}${digest}.json`;
  await ctx.stores
    .blobs('predictions')
    .write(name, bytes, { createOnly: true, contentType: 'application/json' });
  ctx.log.error('predictions set aside', { endpoint, blob: name, reason });
}
