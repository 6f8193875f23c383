import { afterAll, describe, expect, test } from 'vitest';
import {
  type BatchJob,
  usualPace,
  cancelJob,
  cleanJob,
  deleteJob,
  getJob,
  lookAfterJobs,
  listJobs,
  planJob,
  recoverJob,
  removeLeftovers,
  retryJob,
  scoreChunk,
  submitBlob,
  submitJob,
} from '../../shared/batch/index.ts';
import { claim } from '../../shared/batch/claim.ts';
import { failJob, finishIfDone } from '../../shared/batch/finish.ts';
import { watchOver } from '../../shared/batch/watch-over.ts';
import { readChunk, readChunks, readFiles, readJob } from '../../shared/batch/store.ts';
import type { Stores } from '../../shared/azure/index.ts';
import type { Context } from '../../shared/context.ts';
import { type CairnEvent, schedule } from '../../shared/events/index.ts';
import { CairnError, isCode } from '../../shared/http/index.ts';
import { deleteModel } from '../../shared/registry/index.ts';
import { classifier, deploy, publish } from '../serving/support.ts';
import { agendaOf } from './driver.ts';
import {
  drop,
  expectOutput,
  irisServer,
  pace,
  outputOf,
  rowsFile,
  runJob,
  withLooks,
  withOutput,
  withoutInput,
} from './support.ts';

const { server, ctx, clock } = await irisServer();
afterAll(() => server.close());

const once = pace({ chunkBytes: 60, rowsAtOnce: 2, partBytes: 60, failuresMax: 1, checkpointSeconds: 0 });
const file = rowsFile;

const stateOf = async ({ jobId }: BatchJob) => (await readJob(ctx, jobId))?.doc;
const post = (job: BatchJob, what: string) => server.call('POST', `/api/v1/batch-jobs/${job.jobId}/${what}`);
const remove = (job: BatchJob) => server.call('DELETE', `/api/v1/batch-jobs/${job.jobId}`);

/** A storage account that takes no more blocks of some chunks. */
const broken = (chunks: readonly number[]) =>
  withOutput(ctx, {
    async stageBlock(name, id, data) {
      if (chunks.includes(Number(id.slice(0, 6)))) throw new Error('the disk is full');
      await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
    },
  });

/** The same stores, which let something happen before each change of a job that is asked to go on. */
function beforeRetried(of: Context, happens: () => Promise<void>): Context {
  const documents = of.stores.documents('jobs');
  const watched = new Proxy(documents, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      return async (...args: [unknown, unknown, ...unknown[]]) => {
        if (name === 'batch' && JSON.stringify(args[1]).includes('"batch.retried"')) await happens();
        return own.apply(target, args) as unknown;
      };
    },
  });
  const all = new Proxy(of.stores.documents, {
    apply: (target, _, [container]: Parameters<Stores['documents']>) =>
      container === 'jobs' ? watched : target(container),
  });
  return { ...of, stores: { ...of.stores, documents: all } };
}

/** The same stores, which find no job; something may happen before they say so. */
function withoutJobs(of: Context, happens: () => Promise<void> = () => Promise.resolve()): Context {
  const documents = of.stores.documents('jobs');
  const empty = new Proxy(documents, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      if (name !== 'query') return own.bind(target) as unknown;
      return async () => {
        await happens();
        return [];
      };
    },
  });
  const all = new Proxy(of.stores.documents, {
    apply: (target, _, [container]: Parameters<Stores['documents']>) =>
      container === 'jobs' ? empty : target(container),
  });
  return { ...of, stores: { ...of.stores, documents: all } };
}

/** A job of some chunks, of which the second has failed for good. */
async function failedJob(text = file(20)): Promise<BatchJob> {
  const job = await drop(ctx, 'iris', text);
  await planJob(ctx, job, once);
  for (const chunk of [0, 1, 2]) await scoreChunk(broken([1]), { jobId: job.jobId, chunk }, once);
  const failed = await stateOf(job);
  expect(failed).toMatchObject({ status: 'failed', failure: { code: 'attempts' } });
  return failed as BatchJob;
}

const expectWhole = (job: BatchJob, text = file(20)) => expectOutput(ctx, job, text);

describe('what was counted of a job', () => {
  const kept = async ({ jobId }: BatchJob) => {
    const names: string[] = [];
    for await (const { name } of ctx.stores.blobs('profiles').walk(`default/_batch/${jobId}/`))
      names.push(name);
    return names.length > 0;
  };
  const sweepAfter = (days: number) =>
    removeLeftovers({ ...ctx, clock: { now: () => clock.now() + days * 86_400_000 } });

  test('stays for a week where the job is not there, as after a restore', async () => {
    const job = { jobId: 'batch-lost' } as BatchJob;
    await ctx.stores.blobs('profiles').write('default/_batch/batch-lost/0.profile', Buffer.from('x'));
    await sweepAfter(7);
    expect(await kept(job)).toBe(true);
    await sweepAfter(9);
    expect(await kept(job)).toBe(false);
  });

  test('stays while it may go on, and for a week where it has failed', async () => {
    const failed = await failedJob();
    const running = await drop(ctx, 'iris', file(20));
    await planJob(ctx, running, once);
    await sweepAfter(7);
    expect([await kept(failed), await kept(running)]).toEqual([true, true]);
    await sweepAfter(9);
    expect([await kept(failed), await kept(running)]).toEqual([false, true]);
    // The files that it scored are whole, and so it goes on all the same.
    await post(failed, 'retry');
    await server.drain();
    await expectWhole(failed);
  });
});

describe('a model that is deleted', () => {
  test('fails its jobs that run, which stay to be looked at', async () => {
    await publish(server, 'leaving', classifier());
    await ctx.stores.blobs('batch-input').write('leaving/a.csv', Buffer.from(file(20)));
    const input = { container: 'batch-input', name: 'leaving/a.csv', isPrefix: false } as const;
    const { job } = await submitJob(ctx, { model: 'leaving', input });
    await planJob(ctx, job, once);
    await deleteModel(ctx, 'leaving');
    await server.drain();
    expect(await stateOf(job)).toMatchObject({ status: 'failed', failure: { code: 'model' } });
    const { status, body } = await server.call('GET', `/api/v1/batch-jobs/${job.jobId}`);
    expect([status, body['owner']?.['name']]).toEqual([200, 'leaving']);
    expect((await post(job, 'retry')).status).toBe(200);
    await server.drain();
    expect(await stateOf(job)).toMatchObject({ status: 'failed', failure: { code: 'model' } });
    expect((await remove(job)).status).toBe(204);
  });
});

describe('a retry', () => {
  test('goes on with what failed, keeps what is done, and uses no id of a block twice', async () => {
    const job = await failedJob();
    const before = await readChunks(ctx, job.jobId);
    const done = before.filter(({ status }) => status === 'done').map(({ index }) => index);
    expect(done).toContain(0);
    const { status, body } = await post(job, 'retry');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'running', retries: 1, error: null });
    expect((await readChunk(ctx, job.jobId, 1))?.doc).toMatchObject({
      status: 'pending',
      attempt: 1,
      failures: 0,
    });
    await server.drain();
    await expectWhole(job);
    const after = await readChunks(ctx, job.jobId);
    expect(after.filter(({ index }) => done.includes(index))).toEqual(
      before.filter(({ index }) => done.includes(index)),
    );
    expect(after[1]).toMatchObject({ status: 'done', attempt: 2 });
    const ids = after.flatMap(({ progress }) => progress.blockIds);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('of a job that was cancelled goes on, too, though its workers hold chunks yet', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, once);
    const zombie = await claim(ctx, job.jobId, 0, once);
    expect(zombie).toBeDefined();
    await cancelJob(ctx, job.jobId);
    expect((await post(job, 'retry')).body).toMatchObject({ status: 'running' });
    expect((await readChunk(ctx, job.jobId, 0))?.doc).toMatchObject({ status: 'pending', attempt: 1 });
    await server.drain();
    await expectWhole(job);
  });

  test('of a job that was cancelled before it was planned plans it', async () => {
    const job = await drop(ctx, 'iris', file(5));
    await cancelJob(ctx, job.jobId);
    expect((await post(job, 'retry')).body).toMatchObject({ status: 'planned' });
    await server.drain();
    await expectWhole(job, file(5));
  });

  test('of a plan that broke off takes it up where it is', async () => {
    const job = await drop(ctx, 'iris', file(60));
    await planJob(ctx, job, pace({ chunkBytes: 1, workSecondsMax: -1 }));
    await cancelJob(ctx, job.jobId);
    expect(await stateOf(job)).toMatchObject({ plan: { chunks: 20, complete: false } });
    await post(job, 'retry');
    await server.drain();
    await expectWhole(job, file(60));
  });

  test.each([
    ['at its start', 0, 5],
    ['in its midst', 20, 60],
  ])('of a plan that failed too often %s has all its tries again', async (_, chunks, rows) => {
    const job = await drop(ctx, 'iris', file(rows));
    const use = pace({ chunkBytes: 1, workSecondsMax: -1 });
    if (chunks > 0) await planJob(ctx, job, use);
    const odd = withoutInput(ctx, new Error('two and two are five'));
    for (const run of [1, 2]) {
      for (let tries = 1; tries < use.failuresMax; tries++)
        await expect(planJob(odd, job, use)).rejects.toThrow('five');
      await planJob(odd, job, use);
      expect(await stateOf(job)).toMatchObject({ status: 'failed', failure: { code: 'attempts' } });
      const retried = await retryJob(ctx, job.jobId);
      expect(retried).toMatchObject({ retries: run, plan: { chunks, complete: false } });
      expect(retried.plan).not.toHaveProperty('failures');
    }
    await server.drain();
    await expectWhole(job, file(rows));
  });

  test('asked for twice, or by several at once, is one', async () => {
    const job = await failedJob();
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(job, 'retry')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await stateOf(job)).toMatchObject({ retries: 1 });
    expect(await post(job, 'retry')).toMatchObject({ status: 200, body: { retries: 1 } });
    await server.drain();
    await expectWhole(job);
  });

  test('can be had again after it failed again, and each leaves an event', async () => {
    const job = await failedJob();
    for (const run of [1, 2]) {
      await retryJob(ctx, job.jobId);
      await scoreChunk(broken([1]), { jobId: job.jobId, chunk: 1 }, once);
      expect(await stateOf(job)).toMatchObject({ status: 'failed', retries: run });
    }
    await retryJob(ctx, job.jobId);
    await server.drain();
    await expectWhole(job);
    const events = await ctx.stores
      .documents('jobs')
      .query<{ event: CairnEvent }>(
        { text: "SELECT * FROM c WHERE c.type = 'event'" },
        { key: [job.jobId], consistency: 'strong' },
      );
    expect(events.map(({ event }) => event.type).toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'batch.finished'),
      'batch.requested',
      ...Array.from({ length: 3 }, () => 'batch.retried'),
    ]);
  });

  test('is refused for a job that has succeeded, and for none', async () => {
    const job = await drop(ctx, 'iris', file(3));
    await runJob(ctx, job);
    expect(await post(job, 'retry')).toMatchObject({ status: 409, body: { field: 'id' } });
    expect((await server.call('POST', '/api/v1/batch-jobs/never/retry')).status).toBe(404);
  });

  test.each([
    ['was overwritten', (name: string) => ctx.stores.blobs('batch-input').write(name, Buffer.from(file(2)))],
    ['is gone', (name: string) => ctx.stores.blobs('batch-input').remove(name)],
  ])('is refused where the input %s', async (_, change) => {
    const job = await failedJob();
    await change(job.input.name);
    const { status, body } = await post(job, 'retry');
    expect([status, String(body['detail']).includes(job.input.name)]).toEqual([409, true]);
    expect(await stateOf(job)).toMatchObject({ status: 'failed' });
  });

  test('is refused where one of several files has changed, and names it', async () => {
    const input = { container: 'batch-input', name: 'iris/several/', isPrefix: true } as const;
    for (const name of ['a.csv', 'b.csv'])
      await ctx.stores.blobs('batch-input').write(`${input.name}${name}`, Buffer.from(file(2)));
    const { job } = await submitJob(ctx, { endpoint: 'iris', input });
    await cancelJob(ctx, job.jobId);
    await ctx.stores.blobs('batch-input').write(`${input.name}b.csv`, Buffer.from(file(3)));
    const refused = await post(job, 'retry');
    expect([refused.status, String(refused.body['detail']).includes('several/b.csv')]).toEqual([409, true]);
  });

  test('is refused where staged blocks are gone', async () => {
    const job = await failedJob();
    // Writing the blob drops what was staged of it, as the service does by itself after a week.
    await ctx.stores.blobs('batch-output').write(job.output.name, Buffer.from('x'));
    await ctx.stores.blobs('batch-output').remove(job.output.name);
    expect(await post(job, 'retry')).toMatchObject({ status: 409 });
    expect(await stateOf(job)).toMatchObject({ status: 'failed' });
  });

  test('pins a version for a file that came when nothing could score it', async () => {
    const name = 'later/early.csv';
    await ctx.stores.blobs('batch-input').write(name, Buffer.from(file(4)));
    const job = (await submitBlob(ctx, name)) as BatchJob;
    expect(job).toMatchObject({ status: 'failed', failure: { code: 'endpoint' } });
    expect(await post(job, 'retry')).toMatchObject({ status: 409 });
    await deploy(server, 'later', classifier());
    expect((await post(job, 'retry')).body).toMatchObject({ status: 'planned', model: { version: 1 } });
    await server.drain();
    await expectWhole(job, file(4));
  });

  test('is not failed by who found the failure before and was slow to say so', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, once);
    const running = (await stateOf(job)) as BatchJob;
    await scoreChunk(broken([1]), { jobId: job.jobId, chunk: 1 }, once);
    await retryJob(ctx, job.jobId);
    await failJob(ctx, running, { code: 'attempts', reason: 'said late' });
    expect(await stateOf(job)).toMatchObject({ status: 'running', retries: 1 });
    await Promise.all([recoverJob(ctx, job, once), recoverJob(ctx, job, once), finishIfDone(ctx, job.jobId)]);
    await server.drain();
    await expectWhole(job);
  });

  test('is found by the timer where its messages are lost', async () => {
    const job = await failedJob();
    await retryJob(ctx, job.jobId);
    expect(await agendaOf(ctx)).toContain('batch-jobs');
    await recoverJob(ctx, job);
    await server.drain();
    await expectWhole(job);
  });

  test('that died before it began leaves the job as it was, to be asked for again', async () => {
    const job = await failedJob();
    const dies = beforeRetried(ctx, () => Promise.reject(new Error('the instance has ended')));
    await expect(retryJob(dies, job.jobId)).rejects.toThrow('has ended');
    await recoverJob(ctx, job);
    expect(await stateOf(job)).toMatchObject({ status: 'failed', failure: { code: 'attempts' } });
    await retryJob(ctx, job.jobId);
    await server.drain();
    await expectWhole(job);
  });

  test('takes what an older release put on the agenda off it, once it has ended', async () => {
    const job = await failedJob();
    const entry = { dueAt: 0, everySeconds: 60, workspace: 'default', message: { kind: 'batch-recover' } };
    for (const name of [`batch:${job.jobId}`, `batch:${job.jobId}:1`]) await schedule(ctx, name, entry);
    await recoverJob(ctx, job);
    expect((await agendaOf(ctx)).filter((name) => name.includes(job.jobId))).toEqual([]);
  });
});

describe('the timer', () => {
  const look = async (at: Context) => {
    const sent: object[] = [];
    const queues = {
      ...at.stores.queues,
      send: async (_: Context, __: string, body: object) => void sent.push(body),
    };
    await lookAfterJobs({ ...at, stores: { ...at.stores, queues } }, once);
    return sent;
  };
  const later = (seconds: number): Context => ({
    ...ctx,
    clock: { now: () => clock.now() + seconds * 1000 },
  });

  test('looks into a job that runs each minute, and into one that waits for its plan less and less', async () => {
    const running = await drop(ctx, 'iris', file(20));
    await planJob(ctx, running, once);
    const waiting = await drop(ctx, 'iris', file(2));
    const asks = ({ jobId }: BatchJob) => ({ kind: 'batch-recover', jobId });
    const early = await look(ctx);
    expect(early).toContainEqual(asks(running));
    expect(early).not.toContainEqual(asks(waiting));
    expect(await look(later(90))).toContainEqual(asks(waiting));
    expect(await look(later(150))).not.toContainEqual(asks(waiting));
    await server.drain();
    const after = await look(later(150));
    expect(after).not.toContainEqual(asks(running));
    expect(after).not.toContainEqual(asks(waiting));
  });

  test('looks for an hour after the last job, and no longer', async () => {
    const none = withoutJobs(ctx);
    await watchOver(ctx);
    await look(none);
    expect(await agendaOf(ctx)).toContain('batch-jobs');
    await look({ ...none, clock: later(3_000).clock });
    expect(await agendaOf(ctx)).toContain('batch-jobs');
    await look({ ...none, clock: later(7_300).clock });
    expect(await agendaOf(ctx)).not.toContain('batch-jobs');
  });

  test('goes on where a job comes while it finds none', async () => {
    await watchOver(ctx);
    const late = later(7_300);
    await look(withoutJobs(late, () => watchOver(late)));
    expect(await agendaOf(ctx)).toContain('batch-jobs');
  });

  test('asks again for a plan that waits its turn after a minute and then each five, by messages that do not pile up', async () => {
    const job = await drop(ctx, 'iris', file(3));
    const kept: unknown[] = [];
    const queues: Stores['queues'] = {
      ...ctx.stores.queues,
      send(of, queue, message, how) {
        if ('kind' in message && message.kind === 'batch-plan') kept.push(how?.keptSeconds);
        return ctx.stores.queues.send(of, queue, message, how);
      },
    };
    for (let minute = 0; minute < 7; minute++) {
      clock.advance(61);
      const asked = (await look(ctx)).filter((each) => JSON.stringify(each).includes(job.jobId));
      // It may wait in the queue itself, and is no less a look for that.
      clock.advance(asked.length > 0 ? 40 : 0);
      if (asked.length > 0) await recoverJob({ ...ctx, stores: { ...ctx.stores, queues } }, job);
    }
    expect(kept).toEqual([120, 120]);
    await server.drain();
    await expectWhole(job, file(3));
  });

  test('leaves a commit alone that goes on for minutes', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `iris/slowly/${i}.csv`);
    for (const name of names) await ctx.stores.blobs('batch-input').write(name, Buffer.from(file(3)));
    const input = { container: 'batch-input', name: 'iris/slowly/', isPrefix: true } as const;
    const { job } = await submitJob(ctx, { endpoint: 'iris', input });
    await planJob(ctx, job, usualPace);
    const asked: object[] = [];
    const slow = withOutput(ctx, {
      async commitBlocks(name, ids, how) {
        clock.advance(4);
        asked.push(...(await look(ctx)));
        return ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
      },
    });
    for (const chunk of names.keys()) await scoreChunk(slow, { jobId: job.jobId, chunk });
    expect(await stateOf(job)).toMatchObject({ status: 'succeeded' });
    expect(asked).not.toContainEqual({ kind: 'batch-recover', jobId: job.jobId });
  });
});

test('a file that somebody else has put where an output was to be is not taken for it', async () => {
  const job = await drop(ctx, 'iris', file(3));
  await planJob(ctx, job, usualPace);
  const { output } = (await stateOf(job)) ?? job;
  const intruding = withOutput(ctx, {
    async commitBlocks(name, ids, how) {
      if (name === output.name) await ctx.stores.blobs('batch-output').write(name, Buffer.from('id\n'));
      return ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
    },
  });
  await scoreChunk(intruding, { jobId: job.jobId, chunk: 0 });
  expect(await stateOf(job)).toMatchObject({
    status: 'failed',
    failure: { code: 'commit', reason: expect.stringContaining('Another file was put at') },
  });
  expect(await outputOf(ctx, job)).toBeUndefined();
});

test('an output that is there already, though of other blocks, is the job’s own where it is the same', async () => {
  const first = await drop(ctx, 'iris', file(20));
  await runJob(ctx, first, once);
  const bytes = Buffer.from((await outputOf(ctx, first)) ?? '');
  const job = await drop(ctx, 'iris', file(20));
  const restored = withOutput(ctx, {
    async commitBlocks(name, ids, how) {
      if (name === job.output.name) await ctx.stores.blobs('batch-output').write(name, bytes);
      return ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
    },
  });
  expect(await runJob(restored, job, once)).toMatchObject({ status: 'succeeded' });
  await expectWhole(job);
});

test('a commit of many files that is refused one leaves none of the others, which were under way', async () => {
  const names = ['a', 'b', 'c'].map((name) => `iris/refused/${name}.csv`);
  for (const name of names) await ctx.stores.blobs('batch-input').write(name, Buffer.from(file(3)));
  const input = { container: 'batch-input', name: 'iris/refused/', isPrefix: true } as const;
  const { job } = await submitJob(ctx, { endpoint: 'iris', input });
  await planJob(ctx, job, usualPace);
  const isRefused = Promise.withResolvers<undefined>();
  const committed: string[] = [];
  const refusing = withOutput(ctx, {
    async commitBlocks(name, ids, how) {
      if (name.endsWith('a.csv')) {
        isRefused.resolve(undefined);
        throw new CairnError('conflict', 'The blocks are gone.');
      }
      // Those beside it end after it.
      await isRefused.promise;
      await new Promise((resolve) => setTimeout(resolve, 20));
      const made = await ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
      committed.push(name);
      return made;
    },
  });
  for (const chunk of [0, 1, 2]) await scoreChunk(refusing, { jobId: job.jobId, chunk });
  expect(committed).toHaveLength(2);
  expect(await stateOf(job)).toMatchObject({ status: 'failed', failure: { code: 'commit' } });
  for (const { output } of await readFiles(ctx, job.jobId))
    expect(await ctx.stores.blobs('batch-output').stat(output)).toBeUndefined();
});

describe('a cancellation', () => {
  test('and a commit that meet leave a cancelled job without output, or a whole one', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 8; round++) {
      const text = file(4 + round);
      const job = await drop(ctx, 'iris', text);
      await planJob(ctx, job, usualPace);
      // Waits for nothing: it comes at another moment of the commit each time.
      const late = new Promise((resolve) => setTimeout(resolve, round * 4));
      const [, cancelled] = await Promise.all([
        scoreChunk(ctx, { jobId: job.jobId, chunk: 0 }),
        late.then(() => post(job, 'cancel')),
      ]);
      const now = await stateOf(job);
      seen.add(String(now?.status));
      expect([200, 409]).toContain(cancelled.status);
      expect(now?.status).toBe(cancelled.status === 200 ? 'cancelled' : 'succeeded');
      const output = await outputOf(ctx, job);
      expect(output !== undefined).toBe(now?.status === 'succeeded');
    }
    expect([...seen].every((status) => ['cancelled', 'succeeded'].includes(status))).toBe(true);
  });

  test('is refused for a job that has ended otherwise, and done again it is the same', async () => {
    const job = await failedJob();
    expect(await post(job, 'cancel')).toMatchObject({ status: 409 });
    const other = await drop(ctx, 'iris', file(2));
    expect(await post(other, 'cancel')).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await post(other, 'cancel')).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  });

  test('in the middle of a chunk is noticed by its worker at the next beat', async () => {
    const job = await drop(ctx, 'iris', file(200));
    const slow = pace({ chunkBytes: 1 << 20, rowsAtOnce: 1, partBytes: 40, heartbeatSeconds: 0.01 });
    await planJob(ctx, job, slow);
    let blocks = 0;
    const { ctx: watched, nextLook } = withLooks(ctx);
    const worker = withOutput(watched, {
      async stageBlock(name, id, data) {
        if (++blocks === 2) {
          await cancelJob(ctx, job.jobId);
          await nextLook();
        }
        await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
      },
    });
    await scoreChunk(worker, { jobId: job.jobId, chunk: 0 }, slow);
    expect(blocks).toBeLessThan(10);
    expect(await outputOf(ctx, job)).toBeUndefined();
    expect(await stateOf(job)).toMatchObject({ status: 'cancelled' });
  });
});

describe('a deletion', () => {
  test('takes the outputs, the files and the chunks, and hides the job', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await runJob(ctx, job, once);
    await server.drain();
    await ctx.stores.blobs('batch-output').write(`${job.output.name}.errors.jsonl`, Buffer.from('{}\n'));
    expect((await remove(job)).status).toBe(204);
    const url = `/api/v1/batch-outputs/${job.output.name}`;
    // At once, before anything was cleaned.
    expect((await server.fetch(url)).status).toBe(404);
    for (const path of ['', '/files', '/events'])
      expect((await server.call('GET', `/api/v1/batch-jobs/${job.jobId}${path}`)).status).toBe(404);
    expect((await post(job, 'retry')).status).toBe(404);
    expect((await post(job, 'cancel')).status).toBe(404);
    await server.drain();
    expect(await outputOf(ctx, job)).toBeUndefined();
    expect(await ctx.stores.blobs('batch-output').stat(`${job.output.name}.errors.jsonl`)).toBeUndefined();
    expect(await readChunks(ctx, job.jobId)).toEqual([]);
    expect(await readFiles(ctx, job.jobId)).toEqual([]);
    const listed = async () => (await listJobs(ctx, { limit: 200 })).items.map(({ jobId }) => jobId);
    await expect.poll(listed, { timeout: 5_000 }).not.toContain(job.jobId);
    // Again, it is done already.
    expect((await remove(job)).status).toBe(204);
    expect((await server.call('DELETE', '/api/v1/batch-jobs/never')).status).toBe(404);
  });

  test('is refused while the job runs', async () => {
    const job = await drop(ctx, 'iris', file(20));
    expect(await remove(job)).toMatchObject({ status: 409 });
    await planJob(ctx, job, once);
    expect(await remove(job)).toMatchObject({ status: 409, body: { field: 'id' } });
    await cancelJob(ctx, job.jobId);
    expect((await remove(job)).status).toBe(204);
  });

  test('holds against a late event of the same blob, and not against who asks for it again', async () => {
    const job = await drop(ctx, 'iris', file(6));
    await runJob(ctx, job);
    await deleteJob(ctx, job.jobId);
    await server.drain();
    expect(await submitBlob(ctx, job.input.name)).toBeUndefined();
    const ask = () => server.call('POST', '/api/v1/batch-jobs', { endpoint: 'iris', input: job.input.name });
    const again = await ask();
    expect([again.status, String(again.body['id']) === job.jobId]).toEqual([202, false]);
    expect(await submitBlob(ctx, job.input.name)).toBeUndefined();
    expect(await ask()).toMatchObject({ status: 200, body: { id: again.body['id'] } });
    await server.drain();
    const second = (await getJob(ctx, String(again.body['id']))).job;
    await expectWhole(second, file(6));
    // And once more.
    expect((await remove(second)).status).toBe(204);
    const third = await ask();
    expect(third.status).toBe(202);
    expect(new Set([job.jobId, again.body['id'], third.body['id']]).size).toBe(3);
    await server.drain();
  });

  test('and a worker that comes late leave nothing behind', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, once);
    const stalled = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    const zombieCtx = withOutput(ctx, {
      async stageBlock(name, id, data) {
        stalled.resolve(undefined);
        await released.promise;
        await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
      },
    });
    const zombie = scoreChunk(zombieCtx, { jobId: job.jobId, chunk: 0 }, once);
    await stalled.promise;
    await cancelJob(ctx, job.jobId);
    expect((await remove(job)).status).toBe(204);
    await server.drain();
    released.resolve(undefined);
    await zombie;
    await planJob(ctx, job);
    await recoverJob(ctx, job);
    await finishIfDone(ctx, job.jobId);
    await server.drain();
    expect(await readChunks(ctx, job.jobId)).toEqual([]);
    expect(await readFiles(ctx, job.jobId)).toEqual([]);
    expect(await outputOf(ctx, job)).toBeUndefined();
  });

  test('and a retry that meet leave a job that runs, or none', async () => {
    for (let round = 0; round < 6; round++) {
      const job = await failedJob();
      const [deleted, retried] = await Promise.all([remove(job), post(job, 'retry')]);
      await server.drain();
      const now = await stateOf(job);
      expect([204, 409]).toContain(deleted.status);
      expect([200, 404]).toContain(retried.status);
      expect(now?.deletedAt !== undefined).toBe(deleted.status === 204);
      expect(retried.status === 200).toBe(deleted.status === 409);
      expect((await readFiles(ctx, job.jobId)).length).toBe(deleted.status === 204 ? 0 : 1);
    }
  });

  test('that broke off is finished by who hears of it again', async () => {
    const job = await drop(ctx, 'iris', file(6));
    await runJob(ctx, job);
    await deleteJob(ctx, job.jobId);
    const event = { subject: { jobId: job.jobId } } as unknown as CairnEvent;
    const dying = withOutput(ctx, {});
    const failing = new Proxy(dying.stores.blobs('batch-output'), {
      get: (target, name) =>
        name === 'removeBelow'
          ? () => Promise.reject(new Error('gone away'))
          : (Reflect.get(target, name) as unknown),
    });
    const stores = { ...ctx.stores, blobs: () => failing };
    await expect(cleanJob({ ...ctx, stores }, event)).rejects.toThrow('gone away');
    expect(await readChunks(ctx, job.jobId)).not.toEqual([]);
    await cleanJob(ctx, event);
    await cleanJob(ctx, event);
    expect(await readChunks(ctx, job.jobId)).toEqual([]);
    expect(await outputOf(ctx, job)).toBeUndefined();
  });

  test('of a job leaves others alone, and is not one of a job that runs', async () => {
    const kept = await drop(ctx, 'iris', file(6));
    await runJob(ctx, kept);
    await cleanJob(ctx, { subject: { jobId: kept.jobId } } as unknown as CairnEvent);
    await expectWhole(kept, file(6));
    expect(await readChunks(ctx, kept.jobId)).not.toEqual([]);
  });
});

describe('what is named of another workspace', () => {
  test('is not there to be retried, cancelled or deleted', async () => {
    const job = await failedJob();
    const other: Context = { ...ctx, workspace: 'other' };
    for (const act of [retryJob, cancelJob, deleteJob]) {
      const error = await act(other, job.jobId).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(isCode(error, 'not-found')).toBe(true);
    }
    expect(await stateOf(job)).toMatchObject({ status: 'failed' });
  });
});

test('a version that is published later does not change what a job was pinned to', async () => {
  const job = await failedJob();
  await publish(server, 'iris', classifier(9));
  await retryJob(ctx, job.jobId);
  await server.drain();
  await expectWhole(job);
  expect(await stateOf(job)).toMatchObject({ model: { version: job.model?.version } });
});
