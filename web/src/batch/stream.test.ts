import { expect, test } from 'vitest';
import { eventsIn, type StreamEvent } from './stream.ts';

async function read(...pieces: readonly (string | Uint8Array)[]): Promise<StreamEvent[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  const events: StreamEvent[] = [];
  for await (const event of eventsIn(body)) events.push(event);
  return events;
}

test('events come whole, wherever the stream is cut, and words that keep it alive are none', async () => {
  const text =
    'retry: 1000\n\nid: 7\nevent: progress\ndata: {"name":"höhe"}\n\n: still here\n\ndata: a\ndata: b\n\n';
  const whole = [
    { type: 'progress', id: '7', data: '{"name":"höhe"}' },
    { type: 'message', id: undefined, data: 'a\nb' },
  ];
  expect(await read(text)).toEqual(whole);
  const bytes = new TextEncoder().encode(text);
  for (let cut = 1; cut < bytes.length; cut++)
    expect(await read(bytes.slice(0, cut), bytes.slice(cut))).toEqual(whole);
});

test('an event that broke off is none', async () => {
  expect(await read('data: a\n\nid: 2\ndata: b')).toEqual([{ type: 'message', id: undefined, data: 'a' }]);
});
