import { CairnError } from './errors.ts';

/** How long a client may let others wait for its body: some seconds, and one more for each of so many bytes. */
export type Pace = { readonly graceSeconds: number; readonly bytesPerSecondMin: number };

/** Nobody on a line that works is slower. A client that sends a byte now and then is done with after a minute. */
const pace: Pace = { graceSeconds: 60, bytesPerSecondMin: 32 * 1024 };

/**
 * The body as it arrives. What is the client's failure is told so: `bad-request` where it goes away before the end,
 * `too-slow` where it is waited for longer than its pace allows. The time that whoever reads takes does not count.
 */
export async function* bodyOf(
  { body }: Pick<Request, 'body'>,
  { graceSeconds, bytesPerSecondMin }: Pace = pace,
): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  let milliseconds = graceSeconds * 1000;
  let isTooSlow = false;
  let isOver = false;
  const giveUp = () => {
    isTooSlow = true;
    // Ends the read that waits.
    reader.cancel().catch(() => undefined);
  };
  try {
    for (;;) {
      const began = performance.now();
      const timer = setTimeout(giveUp, milliseconds);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (isTooSlow)
        throw new CairnError('too-slow', 'The body comes too slowly; send it again over a better line.');
      if (done) {
        isOver = true;
        return;
      }
      milliseconds -= performance.now() - began;
      milliseconds = Math.max(0, milliseconds + (value.byteLength / bytesPerSecondMin) * 1000);
      yield value;
    }
  } catch (cause) {
    if (cause instanceof CairnError) throw cause;
    isOver = true;
    throw new CairnError('bad-request', 'The body broke off before its end.', { cause });
  } finally {
    if (!isOver) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}
