/** What the queue function does, as a process that can be killed alone. Its environment names the stores. */
import { platform } from '../../../shared/context.ts';
import { keepQueued } from '../../../shared/predictions/index.ts';
import { openContext } from '../../support/context.ts';

const ctx = { ...(await openContext(process.env)), principal: platform };
/** Short, so that what a killed one held comes again soon. */
const options = { groupSeconds: 0.2, leaseSeconds: 2 };

for (;;) {
  const taken = await ctx.stores.queues.take('predictions', options.leaseSeconds);
  for (const { message, done } of taken) {
    await keepQueued(ctx, message as object, options);
    await done();
  }
  if (taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
}
