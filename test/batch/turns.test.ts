import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BatchJob,
  handOnChunks,
  type Pace,
  planJob,
  scoreChunk,
  takeTurn,
} from '../../shared/batch/index.ts';
import { readChunk, readChunks, readJob } from '../../shared/batch/store.ts';
import { drive, handle, Messages } from './driver.ts';
import { Instance } from './instance.ts';
import { drop, expectOutput, irisServer, pace, rowsFile, withOutput } from './support.ts';

const { server, ctx, clock } = await irisServer();
afterAll(() => server.close());

const use = pace({ chunkBytes: 30, rowsAtOnce: 2, partBytes: 60, checkpointSeconds: 0 });
const [many, some, few] = [rowsFile(80), rowsFile(30), rowsFile(5)];

let messages: Messages;
let worker: Instance;
beforeEach(() => {
  messages = new Messages();
  // Struck never, it counts its operations.
  worker = new Instance(ctx, messages.send, { strike: () => undefined });
});

async function planned(text: string, by: Pace = use): Promise<BatchJob> {
  const job = await drop(ctx, 'iris', text);
  await planJob(worker.ctx, job, by);
  return job;
}

const statusOf = async ({ jobId }: BatchJob) => (await readJob(ctx, jobId))?.doc.status;
const chunksOf = ({ jobId }: BatchJob) => readChunks(ctx, jobId);
const doneOf = async (job: BatchJob) =>
  (await chunksOf(job)).filter(({ status }) => status === 'done').length;

/** Has the worker take messages in their order; `false` where there are fewer. */
async function takes(count: number): Promise<boolean> {
  for (let taken = 0; taken < count; taken++) {
    const message = messages.take();
    if (!message) return false;
    await handle(worker.ctx, message, use);
  }
  return true;
}

const driven = (job: BatchJob) =>
  drive({ messages, pace: use, clock, observer: ctx, next: () => worker }, job.input.name, worker);

describe('on one worker', () => {
  test('a small job that comes after a large one is done within as many chunks of that as it has itself', async () => {
    const large = await planned(many);
    expect((await chunksOf(large)).length).toBeGreaterThan(30);
    await takes(3);
    expect(await doneOf(large)).toBe(3);
    const small = await planned(few);
    const { length } = await chunksOf(small);
    expect(length).toBeGreaterThan(1);
    await takes(length);
    expect(await statusOf(small)).toBe('succeeded');
    expect(await doneOf(large)).toBe(3 + length);
    await expectOutput(ctx, small, few);
    expect(await driven(large)).toBe(true);
    await expectOutput(ctx, large, many);
    // Each chunk was asked for once, and taken once.
    const all = [...(await chunksOf(large)), ...(await chunksOf(small))];
    expect(messages.sent.filter(({ queue }) => queue === 'batch-chunks')).toHaveLength(all.length);
    expect(all.map(({ attempt }) => attempt)).toEqual(all.map(() => 1));
  });

  test('several small jobs come one after the other, the smallest first', async () => {
    const large = await planned(some);
    const jobs = [await planned(rowsFile(4)), await planned(rowsFile(2)), await planned(rowsFile(3))];
    const ended: number[] = [];
    for (let taken = 0; ended.length < jobs.length && taken < 12; taken++) {
      await takes(1);
      for (const [i, job] of jobs.entries())
        if (!ended.includes(i) && (await statusOf(job)) === 'succeeded') ended.push(i);
    }
    expect(ended).toEqual([1, 2, 0]);
    expect(await statusOf(large)).toBe('running');
    expect(await driven(large)).toBe(true);
    await expectOutput(ctx, large, some);
  });

  test('a small job that fails or is held up by storage holds up nobody, and waits for its own messages', async () => {
    const large = await planned(some);
    const small = await planned(few);
    const broken = withOutput(worker.ctx, {
      stageBlock: (name, id, data) =>
        name.includes(small.jobId)
          ? Promise.reject(new Error('the disk is full'))
          : ctx.stores.blobs('batch-output').stageBlock(name, id, data),
    });
    const { length } = await chunksOf(small);
    for (let chunk = 0; chunk < length + 3; chunk++)
      await takeTurn(broken, { jobId: large.jobId, chunk }, use);
    expect(await doneOf(large)).toBe(length + 3);
    for (const chunk of await chunksOf(small))
      expect(chunk).toMatchObject({ status: 'pending', attempt: 1, failures: 1 });
    expect(await driven(large)).toBe(true);
    await expectOutput(ctx, large, some);
    expect(await driven(small)).toBe(true);
    await expectOutput(ctx, small, few);
  });

  test('a job with nobody behind it pays one query for each chunk, and one of a single chunk none', async () => {
    const operationsOf = async (text: string, by: Pace, act: typeof takeTurn) => {
      const job = await planned(text, by);
      const before = worker.count;
      await act(worker.ctx, { jobId: job.jobId, chunk: 0 }, by);
      const { count } = worker;
      expect(await driven(job)).toBe(true);
      return count - before;
    };
    const alone = async (...args: Parameters<typeof scoreChunk>) => void (await scoreChunk(...args));
    // The first has the model to load.
    await operationsOf(few, use, alone);
    expect(await operationsOf(few, use, takeTurn)).toBe((await operationsOf(few, use, alone)) + 1);
    const whole = pace({ ...use, chunkBytes: 1 << 20 });
    expect(await operationsOf(few, whole, takeTurn)).toBe(await operationsOf(few, whole, alone));
  });
});

describe('a chunk of a slow model', () => {
  const slow = pace({ ...use, chunkBytes: 500, heartbeatSeconds: 3600 });

  /** Takes a message of the job while each look at the clock is four seconds after the last. */
  async function scoreSlowly(job: BatchJob): Promise<number> {
    let now = clock.now();
    const begun = now;
    const late = new Instance(ctx, messages.send, { clock: { now: () => (now += 4000) } });
    await takeTurn(late.ctx, { jobId: job.jobId, chunk: 0 }, slow);
    clock.advance((now - clock.now()) / 1000);
    return (now - begun) / 1000;
  }

  test('is handed on after a turn where a smaller job waits, which then has one', async () => {
    const large = await planned(some, slow);
    const small = await planned(rowsFile(2), slow);
    await scoreSlowly(large);
    const first = await readChunk(ctx, large.jobId, 0);
    expect(first?.doc).toMatchObject({ status: 'pending', attempt: 1, failures: 0 });
    expect(first?.doc.progress.read).toBeGreaterThan(0);
    expect(await statusOf(small)).toBe('succeeded');
    expect(messages.waiting.at(-1)?.body).toEqual({ jobId: large.jobId, chunk: 0 });
    expect(await driven(large)).toBe(true);
    await expectOutput(ctx, large, some);
  });

  test('is kept to its end where nobody waits', async () => {
    const large = await planned(some, slow);
    expect(await scoreSlowly(large)).toBeGreaterThan(slow.turnSeconds);
    expect((await readChunk(ctx, large.jobId, 0))?.doc).toMatchObject({ status: 'done', attempt: 1 });
    expect(await driven(large)).toBe(true);
    await expectOutput(ctx, large, some);
  });

  test('that waits has no more than a turn of a worker of another job', async () => {
    const large = await planned(many, slow);
    const small = await planned(some, pace({ ...slow, chunkBytes: 1 << 20 }));
    await scoreSlowly(large);
    const first = (await readChunk(ctx, small.jobId, 0))?.doc;
    expect(first).toMatchObject({ status: 'pending', attempt: 1, failures: 0 });
    expect(first?.progress.read).toBeGreaterThan(0);
    expect(await driven(large)).toBe(true);
    await expectOutput(ctx, large, many);
    await expectOutput(ctx, small, some);
  });
});

test('a worker whose process is about to end hands on what it scores, and begins nothing more', async () => {
  const one = pace({ rowsAtOnce: 2, partBytes: 60, checkpointSeconds: 3_600 });
  const job = await planned(many, one);
  const { jobId } = job;
  let handedOn: Promise<void> | undefined;
  const ending = withOutput(worker.ctx, {
    stageBlock(name, id, data) {
      handedOn ??= handOnChunks(ending.stores);
      return ctx.stores.blobs('batch-output').stageBlock(name, id, data);
    },
  });
  await takeTurn(ending, { jobId, chunk: 0 }, one);
  await handedOn;
  const chunk = (await readChunk(ctx, jobId, 0))?.doc;
  expect(chunk).toMatchObject({ status: 'pending', attempt: 1, failures: 0 });
  expect(chunk?.progress.rows).toBeGreaterThan(0);
  expect(chunk?.progress.rows).toBeLessThan(80);
  await expect(takeTurn(ending, { jobId, chunk: 0 }, one)).rejects.toThrow('about to end');
  expect(await driven(job)).toBe(true);
  await expectOutput(ctx, job, many);
});
