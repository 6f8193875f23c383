import { describe, expect, test } from 'vitest';
import { bodyOf, type Pace } from './body.ts';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A body that sends these pieces, each after so many milliseconds; the last one may never come. */
function sent(pieces: readonly (readonly [milliseconds: number, bytes: number])[]) {
  const state = { cancelled: false, left: [...pieces] };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = state.left.shift();
      if (!next) return controller.close();
      const [milliseconds, bytes] = next;
      if (milliseconds === Number.POSITIVE_INFINITY) return new Promise<void>(() => undefined);
      await pause(milliseconds);
      if (!state.cancelled) controller.enqueue(new Uint8Array(bytes));
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { body, state };
}

async function bytesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>, pace?: Pace, pauseEach = 0) {
  let bytes = 0;
  for await (const chunk of bodyOf({ body }, pace)) {
    bytes += chunk.byteLength;
    if (pauseEach > 0) await pause(pauseEach);
  }
  return bytes;
}

const strict: Pace = { graceSeconds: 0.1, bytesPerSecondMin: 1000 };

describe('a body', () => {
  test('that comes at its pace is read whole, and can be read by nobody else', async () => {
    const { body } = sent([
      [0, 10],
      [1, 5000],
      [1, 1],
    ]);
    expect(await bytesOf(body)).toBe(5011);
    expect(body.locked).toBe(false);
  });

  test('of which nothing comes is given up after its time, and its sender is told to stop', async () => {
    const { body, state } = sent([
      [0, 10],
      [Number.POSITIVE_INFINITY, 1],
    ]);
    await expect(bytesOf(body, strict)).rejects.toMatchObject({ code: 'too-slow', status: 408 });
    expect(state.cancelled).toBe(true);
    expect(body.locked).toBe(false);
  });

  test('that drips is given up as well: a byte buys no more than its share of time', async () => {
    const drops = Array.from({ length: 1000 }, () => [20, 1] as const);
    const { body, state } = sent(drops);
    await expect(bytesOf(body, strict)).rejects.toMatchObject({ code: 'too-slow' });
    expect(state.left.length).toBeGreaterThan(900);
  });

  test('whose reader is slow is not blamed for it', async () => {
    const { body } = sent(Array.from({ length: 8 }, () => [0, 10] as const));
    expect(await bytesOf(body, strict, 30)).toBe(80);
  });

  test('of which no more is wanted is left', async () => {
    const { body, state } = sent([
      [0, 10],
      [0, 10],
      [Number.POSITIVE_INFINITY, 1],
    ]);
    for await (const chunk of bodyOf({ body })) {
      expect(chunk.byteLength).toBe(10);
      break;
    }
    expect(state.cancelled).toBe(true);
  });

  test('that breaks off is its sender’s failure', async () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.error(new Error('gone')),
    });
    await expect(bytesOf(body)).rejects.toMatchObject({ code: 'bad-request' });
  });
});
