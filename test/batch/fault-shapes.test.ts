import { afterAll, describe, expect, test } from 'vitest';
import { inLedger, newLedger } from '../../shared/ledger.ts';
import { attempt, drawer, handle, isAtRest, jobsOf, Messages } from './driver.ts';
import {
  begin,
  clock,
  ctx,
  expectExact,
  harmless,
  long,
  server,
  settled,
  type ShapeName,
  shapes,
  small,
  strikeAll,
} from './faults.ts';
import { faults, Instance, told } from './instance.ts';

afterAll(() => server.close());

describe('an operation on storage, whichever of a job it is,', () => {
  test.each(told)('that %s changes nothing of the output', { timeout: 600_000 }, async (fault) => {
    expect(await strikeAll(fault)).toBeGreaterThan(0);
  });

  test.each(Object.keys(shapes).slice(1) as ShapeName[])(
    'that is struck in any way changes nothing of the output of a job of another shape: %s',
    { timeout: 600_000 },
    async (shape) => {
      const draw = drawer(shape.length);
      const first = Math.floor(draw() * faults.length);
      const isStruck = (i: number) => long || [0, 2, 4].includes((i - first + faults.length) % faults.length);
      for (const fault of faults.filter((_, i) => isStruck(i)))
        expect(await harmless(shape, fault, { count: long ? 5 : 1, draw })).toBeGreaterThan(0);
    },
  );
});

describe('messages', () => {
  test.each(Array.from({ length: long ? 40 : 3 }, (_, seed) => seed + 1))(
    'that come twice, late and in any order to several workers at once make one output (seed %i)',
    async (seed) => {
      const draw = drawer(seed);
      const messages = new Messages();
      const name = await begin('csv', messages);
      messages.send('blob-events', { name });
      const ledger = newLedger();
      await inLedger(ledger, () => scramble(messages, name, draw));
      await expectExact('csv', { name, ledger });
      expect(ledger.spent.batchRows).toBe(9);
      // And all of them once more, long after.
      for (const message of [...messages.sent]) await handle(ctx, message, small);
      await expectExact('csv', { name, ledger });
    },
  );

  /** Three workers take messages as they like, of which some come again. */
  async function scramble(messages: Messages, name: string, draw: () => number): Promise<void> {
    const worker = async (instance: Instance) => {
      for (let idle = 0; idle < 3; ) {
        const message = messages.take(draw);
        if (!message) {
          idle++;
          await settled();
          continue;
        }
        if (draw() < 0.4) messages.waiting.push({ ...message });
        if ((await attempt(instance, () => handle(instance.ctx, message, small))) !== 'done')
          messages.giveBack(message);
      }
    };
    for (let minute = 0; minute < 30; minute++) {
      await Promise.all([1, 2, 3].map(() => worker(new Instance(ctx, messages.send))));
      if (await isAtRest(ctx, name)) return;
      clock.advance(61);
      for (const job of await jobsOf(ctx, name))
        messages.send('work', { kind: 'batch-recover', jobId: job.jobId });
    }
    throw new Error('The job does not end.');
  }
});
