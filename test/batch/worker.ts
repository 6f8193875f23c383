/**
 * A worker of batch jobs in a process of its own, to be killed by a test. Its time runs faster, so that a lease is over
 * within seconds: `CAIRN_TEST_SPEED` times since `CAIRN_TEST_SINCE`, the same for all of them.
 */
import { enqueueDue } from '../../shared/events/index.ts';
import { usualPace } from '../../shared/batch/index.ts';
import { openContext } from '../support/context.ts';
import { handle } from './driver.ts';

const since = Number(process.env['CAIRN_TEST_SINCE']);
const speed = Number(process.env['CAIRN_TEST_SPEED']);
const clock = { now: () => since + (Date.now() - since) * speed };
const ctx = { ...(await openContext(process.env)), clock };
const pace = {
  ...usualPace,
  chunkBytes: 128 * 1024,
  partBytes: 32 * 1024,
  heartbeatSeconds: usualPace.heartbeatSeconds / speed,
};

setInterval(() => void enqueueDue(ctx).catch(() => undefined), 60_000 / speed);
for (;;) {
  for (const queue of ['blob-events', 'work', 'batch-chunks'] as const)
    for (const { message, done } of await ctx.stores.queues.take(queue, 2))
      try {
        await handle(ctx, { queue, body: message as object }, pace);
        await done();
      } catch {
        // It comes again.
      }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
