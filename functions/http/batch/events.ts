import { findJob, isOver, type Seen, watchJob } from '../../../shared/batch/index.ts';
import type { Context } from '../../../shared/context.ts';
import { present } from './present.ts';

/** A word now and then, so that nobody on the way takes the connection for dead. */
const aliveSeconds = 15;
const retryMilliseconds = 1000;

/**
 * A job as server-sent events: `progress` when it has changed, and `finished` as the last. The stream ends by itself
 * after two minutes; a client comes back with `Last-Event-ID` and misses nothing. One that has seen the end gets 204,
 * which tells it to stay away: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function eventsOf(ctx: Context, jobId: string, request: Request): Promise<Response> {
  await findJob(ctx, jobId);
  const gone = new AbortController();
  request.signal.addEventListener('abort', () => gone.abort(), { once: true });
  const after = request.headers.get('last-event-id') ?? undefined;
  const seen = watchJob(ctx, jobId, { after, signal: gone.signal });
  const first = await seen.next();
  if (first.done || (first.value === undefined && isOver(await findJob(ctx, jobId))))
    return new Response(null, { status: 204 });
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(encoded(`retry: ${retryMilliseconds}\n\n${first.value ? textOf(first.value) : ''}`));
    },
    async pull(controller) {
      const text = await nextText(ctx, seen);
      if (text === undefined) controller.close();
      else controller.enqueue(encoded(text));
    },
    cancel: () => gone.abort(),
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that collect answers would hold events back.
      'x-accel-buffering': 'no',
    },
  });
}

/** The next piece of the stream; `undefined` at its end, also where the store does not answer: the client comes back. */
async function nextText(ctx: Context, events: AsyncGenerator<Seen | undefined>): Promise<string | undefined> {
  const quietSince = Date.now();
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) return undefined;
      if (value) return textOf(value);
      if (Date.now() - quietSince >= aliveSeconds * 1000) return ': still here\n\n';
    }
  } catch (error) {
    ctx.log.warn('batch events ended early', { reason: String(error) });
    return undefined;
  }
}

function textOf({ id, job, progress, isLast }: Seen): string {
  const data = JSON.stringify(present(job, progress));
  return `id: ${id}\nevent: ${isLast ? 'finished' : 'progress'}\ndata: ${data}\n\n`;
}

const encoder = new TextEncoder();
const encoded = (text: string) => encoder.encode(text);
