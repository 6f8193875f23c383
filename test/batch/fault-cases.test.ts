import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BatchJob,
  type Pace,
  cancelJob,
  cleanJob,
  deleteJob,
  planJob,
  recoverJob,
  retryJob,
  scoreChunk,
} from '../../shared/batch/index.ts';
import { finishIfDone } from '../../shared/batch/finish.ts';
import { readChunk, readChunks, readJob } from '../../shared/batch/store.ts';
import type { Clock, Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { CairnError } from '../../shared/http/index.ts';
import { classifier, features } from '../serving/support.ts';
import { eventually } from '../support/eventually.ts';
import { attempt, drawer, drive, type Fleet, handle, jobsOf, Messages } from './driver.ts';
import { Instance, refusal } from './instance.ts';
import {
  drop,
  endings,
  expectOutput,
  irisServer,
  pace,
  outputOf,
  parsedOutput,
  rowsFile,
  scoredAtOnce,
  withLooks,
  withOutput,
} from './support.ts';

const { server, ctx, clock } = await irisServer();
afterAll(() => server.close());
const long = process.env['CAIRN_TEST'] === 'long';
const small = pace({ chunkBytes: 200, rowsAtOnce: 2, partBytes: 60, checkpointSeconds: 0 });
const file = rowsFile;

let messages: Messages;
beforeEach(() => {
  messages = new Messages();
});

const stateOf = async ({ jobId }: BatchJob) => (await readJob(ctx, jobId))?.doc;
/** A process that does as it should, on these stores. */
const instance = (of: Context = ctx) => new Instance(of, messages.send);
const fleetOf = (of: Context = ctx, use: Pace = small): Fleet => ({
  messages,
  pace: use,
  clock,
  observer: ctx,
  next: () => instance(of),
});

async function planned(text: string, use: Pace = small): Promise<BatchJob> {
  const job = await drop(ctx, 'iris', text);
  await planJob(instance().ctx, job, use);
  return job;
}

/** It is whole, has told of its end once, and has nothing left to do. */
async function expectWhole(job: BatchJob, text: string): Promise<void> {
  await expectOutput(ctx, job, text);
  await expectEnded(job);
}

async function expectEnded(job: BatchJob): Promise<void> {
  expect(await endings(ctx, job)).toBe(1);
}

async function expectFailed(job: BatchJob, failure: object): Promise<void> {
  expect(await stateOf(job)).toMatchObject({ status: 'failed', failure });
  expect(await outputOf(ctx, job)).toBeUndefined();
  await expectEnded(job);
}

/** A first worker of chunk 0 that stands still before it stages, then does so with something else. */
async function zombieOf(job: BatchJob) {
  const stalled = Promise.withResolvers<undefined>();
  const released = Promise.withResolvers<undefined>();
  const staged: string[] = [];
  const late = withOutput(ctx, {
    async stageBlock(name, id) {
      stalled.resolve(undefined);
      await released.promise;
      staged.push(id);
      await ctx.stores.blobs('batch-output').stageBlock(name, id, Buffer.from('from the dead\n'));
    },
  });
  const ended = scoreChunk(late, { jobId: job.jobId, chunk: 0 }, small).catch(() => undefined);
  await stalled.promise;
  return {
    async wake() {
      released.resolve(undefined);
      await ended;
      expect(staged.length).toBeGreaterThan(0);
    },
  };
}

describe('a first worker of a chunk that stages late changes nothing', () => {
  test('of a job that has been committed meanwhile', async () => {
    const job = await planned(file(20));
    const zombie = await zombieOf(job);
    expect(await drive(fleetOf(), job.input.name, instance())).toBe(true);
    await zombie.wake();
    await expectWhole(job, file(20));
  });

  test('between the commit and its record', async () => {
    const job = await planned(file(20));
    const zombie = await zombieOf(job);
    const committer = withOutput(ctx, {
      async commitBlocks(name, ids, how) {
        const made = await ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
        await zombie.wake();
        return made;
      },
    });
    expect(await drive(fleetOf(committer), job.input.name, instance(committer))).toBe(true);
    await expectWhole(job, file(20));
  });

  test('of a job that was stopped and goes on', async () => {
    const job = await planned(file(20));
    const zombie = await zombieOf(job);
    await cancelJob(ctx, job.jobId);
    await retryJob(instance().ctx, job.jobId);
    await scoreChunk(ctx, { jobId: job.jobId, chunk: 0 }, small);
    await zombie.wake();
    await drive(fleetOf(), job.input.name, instance());
    const now = (await stateOf(job)) as BatchJob;
    expect(now).toMatchObject({ status: 'succeeded', retries: 1 });
    await expectOutput(ctx, job, file(20));
  });
});

describe('messages that are lost', () => {
  test('are sent again when nothing has moved for a minute, those of twenty chunks at a time', async () => {
    const use = pace({ ...small, chunkBytes: 30 });
    const job = await planned(file(90), use);
    const { ctx: timer } = instance();
    const askedAgain = async (seconds: number) => {
      clock.advance(seconds);
      const before = messages.sent.length;
      await recoverJob(timer, job, use);
      return messages.sent.slice(before).map(({ body }) => (body as { chunk: number }).chunk);
    };
    const from = (first: number) => Array.from({ length: 20 }, (_, i) => first + i);
    const { plan } = (await stateOf(job)) as BatchJob;
    expect(plan.chunks).toBeGreaterThan(40);
    messages.waiting = [];
    expect(await askedAgain(30)).toEqual([]);
    expect(await askedAgain(31)).toEqual(from(0));
    expect(await askedAgain(30)).toEqual(from(20));
    // Somebody has come further: what waits may only wait its turn.
    await scoreChunk(ctx, { jobId: job.jobId, chunk: plan.chunks - 1 }, use);
    expect(await askedAgain(40)).toEqual([]);
    expect(await askedAgain(600)).toHaveLength(plan.chunks - 1);
    expect(await drive(fleetOf(), job.input.name, instance())).toBe(true);
    await expectWhole(job, file(90));
  });

  test('are not waited for where a worker is silent: another looks when its lease ends', async () => {
    const job = await planned(file(20));
    const worker = new Instance(ctx, messages.send, {
      strike: (count) => (count === 15 ? 'dies before' : undefined),
    });
    await attempt(worker, () => scoreChunk(worker.ctx, { jobId: job.jobId, chunk: 0 }, small));
    const dead = (await readChunk(ctx, job.jobId, 0))?.doc;
    expect(dead).toMatchObject({ status: 'claimed' });
    clock.advance(15);
    const delays: unknown[] = [];
    const { queues } = ctx.stores;
    const watched = {
      ...ctx,
      stores: {
        ...ctx.stores,
        queues: {
          ...queues,
          send: async (...[, , message, how]: Parameters<typeof queues.send>) =>
            void delays.push([message, how?.delaySeconds]),
        },
      },
    };
    await recoverJob(watched, job, small);
    expect(delays).toEqual([]);
    clock.advance(10);
    await recoverJob(watched, job, small);
    const message = { jobId: job.jobId, chunk: 0 };
    expect(delays).toEqual([[message, expect.closeTo(16, 0)]]);
    clock.advance(17);
    await scoreChunk(ctx, message, small);
    expect((await readChunk(ctx, job.jobId, 0))?.doc).toMatchObject({ status: 'done', attempt: 2 });
    expect(await drive(fleetOf(), job.input.name, instance())).toBe(true);
    await expectWhole(job, file(20));
  });
});

test('a plan whose message is lost is asked for again by the timer', async () => {
  const job = await drop(instance().ctx, 'iris', file(20));
  messages.waiting = [];
  expect(await drive(fleetOf(), job.input.name, instance())).toBe(true);
  await expectWhole(job, file(20));
  // And where it was lost in the midst: a planner that has no time leaves after its first write.
  const use = pace({ ...small, chunkBytes: 30, workSecondsMax: -1 });
  const begun = await planned(file(60), use);
  expect(await stateOf(begun)).toMatchObject({ status: 'running', plan: { complete: false } });
  messages.waiting = [];
  expect(await drive(fleetOf(), begun.input.name, instance())).toBe(true);
  await expectWhole(begun, file(60));
});

describe('a worker that hangs', () => {
  test('loses its chunk when the host would have ended it, though its heart beats', async () => {
    const use = pace({ ...small, heartbeatSeconds: 0.02 });
    const job = await planned(file(20), use);
    const hangs = withOutput(ctx, { stageBlock: () => new Promise(() => undefined) });
    void scoreChunk(hangs, { jobId: job.jobId, chunk: 0 }, use);
    const beats = async () => {
      const doc = (await readChunk(ctx, job.jobId, 0))?.doc;
      expect(doc).toMatchObject({ status: 'claimed', attempt: 1 });
      expect(doc && 'heartbeatAt' in doc && clock.now() - doc.heartbeatAt).toBeLessThan(5000);
    };
    await eventually(beats);
    clock.advance(500);
    await eventually(beats);
    clock.advance(101);
    let last: number | undefined;
    const isStill = async () => {
      const before = last;
      const doc = (await readChunk(ctx, job.jobId, 0))?.doc;
      last = doc && 'heartbeatAt' in doc ? doc.heartbeatAt : undefined;
      return last !== undefined && last === before;
    };
    await expect.poll(isStill, { interval: 100, timeout: 5_000 }).toBe(true);
    clock.advance(61);
    // Five beats' time in which nothing must happen: nobody says any more that it lives.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const silent = (await readChunk(ctx, job.jobId, 0))?.doc;
    expect(silent && 'heartbeatAt' in silent && clock.now() - silent.heartbeatAt).toBeGreaterThan(60_000);
    expect(await drive(fleetOf(ctx, use), job.input.name, instance())).toBe(true);
    await expectWhole(job, file(20));
  });
});

describe('of two that commit', () => {
  /** A job with all chunks done, of which a worker has begun to commit and stands still just before. */
  async function committing(refuses: boolean) {
    const job = await planned(file(20));
    const stalled = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    const slow = withOutput(ctx, {
      async commitBlocks(name, ids, how) {
        stalled.resolve(undefined);
        await released.promise;
        if (refuses) throw new CairnError('conflict', 'The blocks are gone.');
        return ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
      },
    });
    const chunks = await readChunks(ctx, job.jobId);
    for (const { index } of chunks.slice(1)) await scoreChunk(ctx, { jobId: job.jobId, chunk: index }, small);
    const ended = scoreChunk(slow, { jobId: job.jobId, chunk: 0 }, small);
    await stalled.promise;
    return {
      job,
      wake: async () => {
        released.resolve(undefined);
        await ended;
      },
    };
  }

  test('one does, and the other finds it done', async () => {
    const { job, wake } = await committing(false);
    expect(await stateOf(job)).toMatchObject({ status: 'committing' });
    clock.advance(61);
    await Promise.all([
      recoverJob(ctx, job, small),
      recoverJob(ctx, job, small),
      finishIfDone(ctx, job.jobId),
    ]);
    await wake();
    await expectWhole(job, file(20));
  });

  test('one that is refused takes nothing away from the other, who has ended before', async () => {
    const { job, wake } = await committing(true);
    expect(await stateOf(job)).toMatchObject({ status: 'committing' });
    clock.advance(61);
    await recoverJob(ctx, job, small);
    await wake();
    await expectWhole(job, file(20));
  });

  test('one that is refused first fails the job, and the other leaves nothing visible', async () => {
    const { job, wake } = await committing(true);
    expect(await stateOf(job)).toMatchObject({ status: 'committing' });
    clock.advance(61);
    const other = withOutput(ctx, {
      async commitBlocks(name, ids, how) {
        const made = await ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
        await wake();
        return made;
      },
    });
    await recoverJob(other, job, small);
    await expectFailed(job, { code: 'commit' });
  });

  test('one that ends between the failure and the removal leaves that to the timer', async () => {
    const job = await planned(file(20));
    const of = instance(
      withOutput(ctx, {
        async commitBlocks(name, ids, how) {
          // It is there, and yet the answer is that it cannot be.
          await ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
          throw new CairnError('conflict', 'The blocks are gone.');
        },
        remove: () => {
          of.die();
          return new Promise<undefined>(() => undefined);
        },
      }),
    );
    expect(await drive(fleetOf(), job.input.name, of)).toBe(true);
    await expectFailed(job, { code: 'commit' });
  });
});

describe('a chunk that cannot be scored', () => {
  const stagesNot = (stop: () => Promise<never>) =>
    withOutput(ctx, {
      stageBlock: (name, id, data) =>
        id.startsWith('000001') ? stop() : ctx.stores.blobs('batch-output').stageBlock(name, id, data),
    });

  test('fails the job with its reason after five tries, and nothing is visible', async () => {
    const job = await planned(file(20));
    const broken = stagesNot(() => Promise.reject(new Error('the disk is full')));
    expect(await drive(fleetOf(broken), job.input.name, instance(broken))).toBe(true);
    await expectFailed(job, {
      code: 'attempts',
      reason: 'Chunk 1 failed 5 times, the last time because the disk is full',
    });
    expect((await readChunk(ctx, job.jobId, 1))?.doc).toMatchObject({ status: 'failed', attempt: 5 });
  });

  test('fails the job, too, where each of its workers ends without a word', async () => {
    const job = await planned(file(20));
    let deaths = 0;
    const doomed = (): Instance => {
      const of = instance(
        stagesNot(() => {
          deaths++;
          of.die();
          return new Promise<never>(() => undefined);
        }),
      );
      return of;
    };
    expect(await drive({ ...fleetOf(), next: doomed }, job.input.name, doomed())).toBe(true);
    await expectFailed(job, {
      code: 'attempts',
      reason: 'Chunk 1 failed 5 times, the last time because its workers stopped without a word',
    });
    expect(deaths).toBe(5);
  });
});

describe('storage that answers 503', () => {
  test.each([3, 20, 60])('for a while from operation %i on holds a job up and no more', async (from) => {
    const job = await drop(instance().ctx, 'iris', file(20));
    const of = new Instance(ctx, messages.send, {
      strike: (count) => (count >= from && count < from + 25 ? 'is refused' : undefined),
    });
    expect(await drive({ ...fleetOf(), next: () => of }, job.input.name, of)).toBe(true);
    expect(of.count).toBeGreaterThan(from + 25);
    await expectWhole(job, file(20));
  });

  test('in one of eight operations, all the time, does no more either', async () => {
    const draw = drawer(503);
    const job = await drop(instance().ctx, 'iris', file(20));
    const of = new Instance(ctx, messages.send, {
      strike: () => (draw() < 0.125 ? 'is refused' : undefined),
    });
    expect(await drive({ ...fleetOf(), next: () => of }, job.input.name, of)).toBe(true);
    await expectWhole(job, file(20));
  });

  test('and takes no output keeps the job waiting, who loses nothing and ends when it can', async () => {
    const job = await planned(file(20));
    const away = withOutput(ctx, { stageBlock: () => Promise.reject(refusal()) });
    expect(await drive(fleetOf(away), job.input.name, instance(away), 3)).toBe(false);
    expect(await stateOf(job)).toMatchObject({ status: 'running' });
    for (const chunk of await readChunks(ctx, job.jobId))
      expect(chunk).toMatchObject({ status: 'pending', failures: 0 });
    expect(await drive(fleetOf(), job.input.name, instance())).toBe(true);
    await expectWhole(job, file(20));
  });

  test('and commits nothing keeps the job committing until it can', async () => {
    const job = await planned(file(20));
    const away = withOutput(ctx, { commitBlocks: () => Promise.reject(refusal()) });
    expect(await drive(fleetOf(away), job.input.name, instance(away), 10)).toBe(false);
    expect(await stateOf(job)).toMatchObject({ status: 'committing' });
    expect(await outputOf(ctx, job)).toBeUndefined();
    expect(await drive(fleetOf(), job.input.name, instance())).toBe(true);
    await expectWhole(job, file(20));
  });
});

describe('a clock that is ten minutes', () => {
  const slow = pace({
    rowsAtOnce: 2,
    partBytes: 1 << 20,
    workSecondsMax: 100_000,
    // The time of these tests stands still but for what they move it.
    heartbeatSeconds: 3600,
  });
  const text = file(240);
  const shifted = (seconds: number): Clock => ({ now: () => clock.now() + seconds * 1000 });

  /**
   * Scores a chunk that takes ten minutes, each two rows four seconds. Every minute, just before the worker can
   * record what it has staged, another one looks after the job.
   */
  async function scoreSlowly(
    workerAhead: number,
    otherAhead: number,
  ): Promise<{ job: BatchJob; taken: number }> {
    const job = await planned(text, slow);
    const begun = clock.now();
    let now = begun;
    const ahead = (seconds: number): Clock => ({ now: () => now + seconds * 1000 });
    const other = new Instance(ctx, messages.send, { clock: ahead(otherAhead) });
    let minutes = 0;
    const stores = withOutput(ctx, {
      async stageBlock(name, id, data) {
        await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
        for (; (now - begun) / 60_000 > minutes + 1; minutes++) await recoverJob(other.ctx, job, slow);
      },
    });
    const own = ahead(workerAhead);
    const worker = new Instance(stores, messages.send, {
      clock: {
        now() {
          now += 4000;
          return own.now();
        },
      },
    });
    const fleet: Fleet = {
      ...fleetOf(ctx, slow),
      next: () => worker,
      clock: { advance: (seconds) => void (now += seconds * 1000) },
    };
    expect(await drive(fleet, job.input.name, worker)).toBe(true);
    clock.advance((now - clock.now()) / 1000);
    expect(minutes).toBeGreaterThan(5);
    return { job, taken: ((await readChunk(ctx, job.jobId, 0))?.doc.attempt ?? 0) - 1 };
  }

  test.each([
    ['ahead of its worker takes a chunk away every minute, and it is done all the same', 0, 600],
    ['behind the others loses its worker the chunk every minute, and it is done all the same', -600, 0],
  ])('%s', async (_, workerAhead, otherAhead) => {
    const { job, taken } = await scoreSlowly(workerAhead, otherAhead);
    expect(taken).toBeGreaterThan(2);
    await expectWhole(job, text);
  });

  test.each([
    ['ahead of the others', 600, 0],
    ['behind its worker', 0, -600],
  ])('%s takes nothing away', async (_, workerAhead, otherAhead) => {
    const { job, taken } = await scoreSlowly(workerAhead, otherAhead);
    expect(taken).toBe(0);
    await expectWhole(job, text);
  });

  test('ahead does not keep a chunk for ever of a worker that has died', async () => {
    const job = await planned(file(20));
    const worker = new Instance(ctx, messages.send, {
      clock: shifted(600),
      strike: (count) => (count === 12 ? 'dies before' : undefined),
    });
    expect(await drive(fleetOf(), job.input.name, worker)).toBe(true);
    await expectWhole(job, file(20));
  });
});

describe('a job that is cancelled in the midst of a chunk', () => {
  test('leaves nothing visible, and its worker stops within a heartbeat', async () => {
    // Nothing is recorded in between: only the heartbeat can tell.
    const use = pace({ rowsAtOnce: 1, partBytes: 1, heartbeatSeconds: 0.05 });
    const job = await planned(file(400), use);
    let staged = 0;
    let after = 0;
    let isCancelled = false;
    const { ctx: watched, nextLook } = withLooks(ctx);
    const slow = withOutput(watched, {
      async stageBlock(name, id, data) {
        await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
        staged++;
        if (isCancelled) after++;
        if (staged !== 5) return;
        await cancelJob(ctx, job.jobId);
        isCancelled = true;
        await nextLook();
      },
    });
    await scoreChunk(slow, { jobId: job.jobId, chunk: 0 }, use);
    expect(staged).toBeGreaterThanOrEqual(5);
    expect(after).toBeLessThanOrEqual(2);
    expect(await stateOf(job)).toMatchObject({ status: 'cancelled' });
    await drive(fleetOf(), job.input.name, instance());
    expect(await stateOf(job)).toMatchObject({ status: 'cancelled' });
    expect(await outputOf(ctx, job)).toBeUndefined();
    expect(await endings(ctx, job)).toBe(1);
  });
});

test('a job that is deleted in the midst of a chunk leaves nothing, whatever its worker does then', async () => {
  const job = await planned(file(20));
  const zombie = await zombieOf(job);
  await cancelJob(ctx, job.jobId);
  await deleteJob(ctx, job.jobId);
  const deleted = { type: 'batch.deleted', subject: { jobId: job.jobId } } as unknown as CairnEvent;
  await cleanJob(ctx, deleted);
  await zombie.wake();
  expect(await drive(fleetOf(), job.input.name, instance(), 3)).toBe(true);
  expect(await stateOf(job)).toMatchObject({ status: 'cancelled', deletedAt: expect.any(Number) });
  expect(await readChunks(ctx, job.jobId)).toEqual([]);
  const left: string[] = [];
  for (const container of ['batch-output', 'profiles'] as const)
    for await (const { name } of ctx.stores.blobs(container).walk(''))
      if (name.includes(job.jobId)) left.push(name);
  expect(left).toEqual([]);
});

test.each([1, 2, 3, 4])(
  'a job that failed and is retried while timers and late messages look after it ends once, whole (seed %i)',
  async (seed) => {
    const draw = drawer(seed);
    const job = await planned(file(20));
    const broken = withOutput(ctx, { stageBlock: () => Promise.reject(new Error('the disk is full')) });
    expect(await drive(fleetOf(broken), job.input.name, instance(broken))).toBe(true);
    expect(await stateOf(job)).toMatchObject({ status: 'failed' });
    const { jobId } = job;
    const { ctx: here } = instance();
    const acts = [
      () => Promise.all([retryJob(here, jobId), retryJob(here, jobId), retryJob(here, jobId)]),
      () => recoverJob(here, job, small),
      () => recoverJob(here, job, small),
      () => finishIfDone(here, jobId),
      ...messages.sent.map((message) => () => handle(here, message, small)),
    ];
    await Promise.all(
      acts.map(async (act) => {
        // Waits for nothing: each comes at some moment of the others.
        await new Promise((resolve) => setTimeout(resolve, draw() * 60));
        await act();
      }),
    );
    expect(await drive(fleetOf(), job.input.name, instance())).toBe(true);
    const now = (await stateOf(job)) as BatchJob;
    expect(now).toMatchObject({ status: 'succeeded', retries: 1, totals: { rows: 20, bad: 0 } });
    await expectOutput(ctx, job, file(20));
    // That it failed, and that it has succeeded.
    expect(await endings(ctx, now)).toBe(2);
  },
);

describe('an input', () => {
  test.each([
    ['overwritten', (name: string) => ctx.stores.blobs('batch-input').write(name, Buffer.from(file(20, 9)))],
    ['deleted', (name: string) => ctx.stores.blobs('batch-input').remove(name)],
  ])(
    'that is %s at any moment leaves the whole output of what it was, or a failed job that says so',
    { timeout: 600_000 },
    async (_, change) => {
      const draw = drawer(7);
      const ends: string[] = [];
      for (let at = 1; at < 130; at += long ? 1 : 1 + Math.floor(draw() * 30)) {
        messages = new Messages();
        const job = await drop(instance().ctx, 'iris', file(20));
        const of = new Instance(ctx, messages.send, {
          strike: (count) => (count === at ? () => change(job.input.name) : undefined),
        });
        expect(await drive({ ...fleetOf(), next: () => of }, job.input.name, of)).toBe(true);
        const now = (await stateOf(job)) as BatchJob;
        ends.push(now.status);
        await (now.status === 'succeeded'
          ? expectWhole(job, file(20))
          : expectFailed(job, { code: 'input-changed' }));
      }
      expect(new Set(ends)).toEqual(new Set(['failed', 'succeeded']));
    },
  );

  test('of the same name tomorrow is another job, and the output of the first stays', async () => {
    const name = 'iris/daily/data.csv';
    const outputs: string[] = [];
    for (const text of [file(5), file(7, 3), file(7, 3)]) {
      await ctx.stores.blobs('batch-input').write(name, Buffer.from(text));
      messages.send('blob-events', { name });
      messages.send('blob-events', { name });
      expect(await drive(fleetOf(), name, instance())).toBe(true);
      const job = (await jobsOf(ctx, name)).at(-1) as BatchJob;
      outputs.push(job.output.name);
      await expectWhole(job, text);
      clock.advance(86_400);
    }
    expect(new Set(outputs).size).toBe(3);
    const first = await ctx.stores.blobs('batch-output').read(outputs[0] ?? '');
    expect(await parsedOutput(first?.toString() ?? '')).toEqual(
      await scoredAtOnce(classifier(), features, file(5)),
    );
  });
});
