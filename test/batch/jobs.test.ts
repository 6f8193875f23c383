import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BatchJob,
  cancelJob,
  getJob,
  planJob,
  recoverJob,
  scoreChunk,
  submitBlob,
} from '../../shared/batch/index.ts';
import { claim } from '../../shared/batch/claim.ts';
import { readChunk, readChunks } from '../../shared/batch/store.ts';
import { CairnError } from '../../shared/http/index.ts';
import { writeModel } from '../../shared/onnx/index.ts';
import { createModel, getReady, modelByName, moveAlias } from '../../shared/registry/index.ts';
import { atOnce, createEndpoint, following } from '../../shared/endpoints/index.ts';
import { classifier, deploy, register } from '../serving/support.ts';
import {
  drop,
  endings,
  expectOutput,
  irisServer,
  movableClock,
  pace,
  outputOf,
  runJob,
  withOutput,
  withoutInput,
} from './support.ts';

const { server, ctx, clock } = await irisServer();
afterAll(() => server.close());
const long = process.env['CAIRN_TEST'] === 'long';

/** A model whose inputs are no rows, since they differ in how many there are. */
const rowless = writeModel({
  graph: {
    inputs: ['two', 'three'].map((name, at) => ({
      name,
      kind: 'tensor',
      elementType: 'int64',
      shape: [at + 2, 1],
    })),
    outputs: ['two', 'three'].map((name, at) => ({
      name: `${name}-out`,
      kind: 'tensor',
      elementType: 'int64',
      shape: [at + 2, 1],
    })),
    nodes: ['two', 'three'].map((name) => ({ op: 'Identity', inputs: [name], outputs: [`${name}-out`] })),
  },
});
/** Takes zero and nothing else, which no look at the model tells. */
const picky = writeModel({
  graph: {
    inputs: [{ name: 'x', kind: 'tensor', elementType: 'float32', shape: ['n', 1] }],
    outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['n', 1] }],
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['at'], attributes: { to: { int: 7 } } },
      { op: 'Gather', inputs: ['only', 'at'], outputs: ['y'] },
    ],
    initializers: [{ name: 'only', type: 'float32', shape: [1], data: Float32Array.of(1) }],
  },
});
/** Says that it takes any number of rows, and takes one. */
const single = writeModel({
  graph: {
    inputs: [{ name: 'x', kind: 'tensor', elementType: 'float32', shape: ['n', 1] }],
    outputs: [{ name: 'y', kind: 'tensor', elementType: 'float32', shape: ['n', 1] }],
    nodes: [{ op: 'Reshape', inputs: ['x', 'one'], outputs: ['y'] }],
    initializers: [{ name: 'one', type: 'int64', shape: [2], data: BigInt64Array.of(1n, 1n) }],
  },
});

beforeAll(async () => {
  // All at once: a deployment waits for the queues, which the jobs below fill.
  await deploy(server, 'bereft', classifier(77));
  await deploy(server, 'rowless', rowless);
  await deploy(server, 'picky', picky);
  await deploy(server, 'single', single);
});

const header = 'id,höhe,length,width,note';
const line = (i: number) =>
  `${i},${(i * 0.37) % 2},${Math.sin(i) * 3},${i % 5 === 0 ? '' : -i / 7},n${'x'.repeat(i % 4)}`;
const file = (rows: number) =>
  `${header}\n${Array.from({ length: rows }, (_, i) => `${line(i + 1)}\n`).join('')}`;

/** Jobs end as they must: what is committed is the whole output, once. */
async function expectDone(job: BatchJob, text: string): Promise<void> {
  await expectOutput(ctx, job, text);
  expect(await endings(ctx, job)).toBe(1);
}

describe('the output', () => {
  const variants: [string, string][] = [
    ['line feeds', file(9)],
    ['CR LF', file(9).replaceAll('\n', '\r\n')],
    ['no final line end', file(9).trimEnd()],
    ['a byte order mark', `\uFEFF${file(9)}`],
    ['one row', file(1)],
    ['one row without a line end', file(1).trimEnd()],
    ['empty lines', file(9).replaceAll('\n', '\n\n')],
    ['quoted line feeds and quotes', file(9).replaceAll(/n(x*)\n/g, '"a ""n""\n$1"\n')],
    ['numbers in quotes, blanks and words', `${header}\n1,"1.5", 2 ,NA,\n2,.5,+1e-1,inf,\n`],
  ];

  test.each(variants)(
    'is that of one process scoring all at once, wherever the file is cut: %s',
    async (_, text) => {
      const outputs = new Set<string | undefined>();
      const bytes = Buffer.byteLength(text);
      // Every cut of the last two thirds, and of the first one those that make many chunks of a few sizes.
      const sizes = Array.from({ length: bytes }, (_size, i) => i + 1).filter(
        (size) => size > bytes / 3 || size % 9 === 1,
      );
      for (const chunkBytes of long ? sizes : [1, 53, 1 << 20]) {
        const job = await drop(ctx, 'iris', text);
        await runJob(ctx, job, pace({ chunkBytes, rowsAtOnce: 1 + (chunkBytes % 3), partBytes: 100 }));
        await expectDone(job, text);
        outputs.add(await outputOf(ctx, job));
      }
      expect(outputs.size).toBe(1);
    },
  );

  test('ends every line in a line feed and keeps the cells as they stand', async () => {
    const job = await drop(ctx, 'iris', `\uFEFF"id",höhe,length,width\r\n007,"1",2.50,\r\n\r\n8,1,1,1`);
    await runJob(ctx, job);
    expect(await outputOf(ctx, job)).toMatch(
      /^"id",höhe,length,width,prediction,score\n007,"1",2\.50,,\w+,(NaN|[\d.]+)\n8,1,1,1,\w+,[\d.]+\n$/,
    );
  });
});

describe('events', () => {
  test('one that comes twice, at once or late, makes one job', async () => {
    const job = await drop(ctx, 'iris', file(3));
    const again = await Promise.all(Array.from({ length: 4 }, () => submitBlob(ctx, job.input.name)));
    expect(new Set([job, ...again].map((each) => each?.jobId))).toEqual(new Set([job.jobId]));
    await runJob(ctx, job);
    expect(await submitBlob(ctx, job.input.name)).toMatchObject({ jobId: job.jobId, status: 'succeeded' });
    await runJob(ctx, job);
    await expectDone(job, file(3));
  });

  test('one that is late finds the blob as it is now, and one of a blob that is gone finds nothing', async () => {
    const old = await drop(ctx, 'iris', file(3));
    await ctx.stores.blobs('batch-input').write(old.input.name, Buffer.from(file(4)));
    const job = await submitBlob(ctx, old.input.name);
    expect(job?.jobId).not.toBe(old.jobId);
    await ctx.stores.blobs('batch-input').remove(old.input.name);
    expect(await submitBlob(ctx, old.input.name)).toBeUndefined();
  });

  test('a file that cannot be scored leaves a failed job that says why', async () => {
    expect(await drop(ctx, 'nobody', file(1))).toMatchObject({
      status: 'failed',
      failure: {
        code: 'endpoint',
        reason: expect.stringMatching(
          /^There is no endpoint or model 'nobody'; create one and retry/,
        ) as string,
      },
    });
    await createModel(ctx, { name: 'unread' });
    await moveAlias(ctx, {
      name: 'unread',
      alias: 'champion',
      version: await register(ctx, 'unread', classifier()),
    });
    await createEndpoint(ctx, {
      name: 'unread',
      deployments: [following('unread', 'champion')],
      rollout: atOnce,
    });
    const waiting = await drop(ctx, 'unread', file(1));
    expect(waiting).toMatchObject({ status: 'failed', failure: { code: 'endpoint' } });
    expect(await endings(ctx, waiting)).toBe(1);
    await ctx.stores.blobs('batch-input').write('iris/photo.png', Buffer.from('x'));
    const photo = await submitBlob(ctx, 'iris/photo.png');
    expect(photo && (await runJob(ctx, photo))).toMatchObject({
      failure: { code: 'bad-input', reason: expect.stringContaining('.csv') as string },
    });
    for (const name of [
      'stray.csv',
      'iris/day/_SUCCESS',
      'iris/.being-written.csv',
      'iris/day/_temporary/0/part-0.csv',
    ]) {
      await ctx.stores.blobs('batch-input').write(name, Buffer.from('x'));
      expect(await submitBlob(ctx, name)).toBeUndefined();
    }
  });
});

describe('bad input', () => {
  const row = (cells: string) => `${file(40)}${cells}\n${file(3).split('\n').slice(1).join('\n')}`;
  test.each<[string, string | Buffer, object]>([
    ['an empty file', '', { reason: expect.stringContaining('empty') }],
    ['a header only', `${header}\n`, { reason: expect.stringContaining('no rows') }],
    ['a missing column', 'id,length,width\n1,2,3\n', { row: 0, column: 'höhe' }],
    [
      'a column in other letters',
      'id,length,width, Höhe\n1,2,3,4\n',
      { row: 0, column: 'höhe', reason: expect.stringContaining("; ' Höhe' is another name") },
    ],
    ['a column there twice', 'length,width,höhe,width\n1,2,3,4\n', { row: 0, column: 'width' }],
    ['a column named like an output', 'length,width,höhe,score\n1,2,3,4\n', { row: 0, column: 'score' }],
    [
      'text for a number',
      row('41,1,2,three,x'),
      { row: 41, column: 'width', value: 'three', reason: 'is not a number' },
    ],
    ['too few values', row('41,1,2'), { row: 41, reason: 'The row has 3 values, but the header has 5' }],
    [
      'too many values',
      row('41,1,2,3,4,5'),
      { row: 41, reason: 'The row has 6 values, but the header has 5' },
    ],
    ['a quote that never closes', `${file(40)}41,1,2,3,"x`, { row: 41 }],
    [
      'UTF-16',
      Buffer.from(file(2), 'utf16le').fill(0xff, 0, 1).fill(0xfe, 1, 2),
      { reason: expect.stringContaining('UTF-16') },
    ],
  ])('fails the job with the place, and nothing is visible: %s', async (_, text, failure) => {
    const job = await drop(ctx, 'iris', text);
    const failed = await runJob(ctx, job, pace({ chunkBytes: 300 }));
    expect(failed).toMatchObject({ status: 'failed', failure: { code: 'bad-input', ...failure } });
    expect(await outputOf(ctx, job)).toBeUndefined();
    expect(await endings(ctx, job)).toBe(1);
  });
});

describe('workers', () => {
  const small = pace({ chunkBytes: 200, rowsAtOnce: 2, partBytes: 60, checkpointSeconds: 0 });

  test('of several at one chunk one scores it, and of several at the end one commits', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, small);
    const { plan } = (await getJob(ctx, job.jobId)).job;
    expect(plan).toMatchObject({ rows: 20, complete: true });
    const messages = Array.from({ length: plan.chunks * 3 }, (_, i) => ({
      jobId: job.jobId,
      chunk: i % plan.chunks,
    }));
    await Promise.all(messages.map((message) => scoreChunk(ctx, message, small)));
    await expectDone(job, file(20));
    const attempts = (await readChunks(ctx, job.jobId)).map(
      (chunk) => chunk.status === 'done' && chunk.attempt,
    );
    expect(new Set(attempts)).toEqual(new Set([1]));
  });

  test('several planners cut the input once', async () => {
    const job = await drop(ctx, 'iris', file(60));
    const each = pace({ chunkBytes: 1 });
    await Promise.all([planJob(ctx, job, each), planJob(ctx, job, each), planJob(ctx, job, each)]);
    await planJob(ctx, job, each);
    const chunks = await readChunks(ctx, job.jobId);
    expect(chunks.map(({ row, rows }) => [row, rows])).toEqual(
      Array.from({ length: 60 }, (_, i) => [i + 1, 1]),
    );
  });

  test('one that is lost is replaced when its lease has run out, and the job goes on', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, small);
    expect(await claim(ctx, job.jobId, 0, small)).toBeDefined();
    await scoreChunk(ctx, { jobId: job.jobId, chunk: 0 }, small);
    await recoverJob(ctx, job, small);
    expect((await readChunk(ctx, job.jobId, 0))?.doc).toMatchObject({ status: 'claimed', attempt: 1 });
    clock.advance(61);
    await recoverJob(ctx, job, small);
    expect((await readChunk(ctx, job.jobId, 0))?.doc).toMatchObject({ status: 'pending', failures: 1 });
    await runJob(ctx, job, small);
    expect((await readChunk(ctx, job.jobId, 0))?.doc).toMatchObject({ status: 'done', attempt: 2 });
    await expectDone(job, file(20));
  });

  test('after five that were lost the job fails', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, small);
    for (let lost = 0; lost < 5; lost++) {
      expect(await claim(ctx, job.jobId, 1, small)).toBeDefined();
      clock.advance(61);
    }
    await recoverJob(ctx, job, small);
    expect((await getJob(ctx, job.jobId)).job).toMatchObject({
      status: 'failed',
      failure: { code: 'attempts' },
    });
    await runJob(ctx, job, small);
    expect(await outputOf(ctx, job)).toBeUndefined();
    expect(await endings(ctx, job)).toBe(1);
  });

  test('one that stalls and comes back late changes nothing', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, small);
    const stalled = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    const staged: string[] = [];
    const zombieCtx = withOutput(ctx, {
      async stageBlock(name, id) {
        stalled.resolve(undefined);
        await released.promise;
        staged.push(id);
        await ctx.stores.blobs('batch-output').stageBlock(name, id, Buffer.from('from the dead\n'));
      },
    });
    const zombie = scoreChunk(zombieCtx, { jobId: job.jobId, chunk: 0 }, small);
    await stalled.promise;
    clock.advance(61);
    await recoverJob(ctx, job, small);
    await scoreChunk(ctx, { jobId: job.jobId, chunk: 0 }, small);
    released.resolve(undefined);
    await zombie;
    expect(staged).toEqual(['00000000010000']);
    await runJob(ctx, job, small);
    await expectDone(job, file(20));
    // And once more, behind the commit.
    await ctx.stores
      .blobs('batch-output')
      .stageBlock(job.output.name, '00000000010001', Buffer.from('later still\n'));
    await expectDone(job, file(20));
  });

  test('one that fails leaves its progress to the next, which goes on from there', async () => {
    const job = await drop(ctx, 'iris', file(20));
    const one = { ...small, chunkBytes: 1 << 20 };
    await planJob(ctx, job, one);
    let blocks = 0;
    const failing = withOutput(ctx, {
      async stageBlock(name, id, data) {
        if (++blocks > 4) throw new Error('the disk is full');
        await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
      },
    });
    await expect(scoreChunk(failing, { jobId: job.jobId, chunk: 0 }, one)).rejects.toThrow('disk');
    const { doc } = (await readChunk(ctx, job.jobId, 0)) ?? {};
    expect(doc).toMatchObject({ status: 'pending', failures: 1, attempt: 1 });
    await runJob(ctx, job, one);
    const after = (await readChunk(ctx, job.jobId, 0))?.doc;
    const ids = after?.status === 'done' ? after.progress.blockIds : [];
    expect(ids.slice(0, 3).map((id) => id.slice(0, 10))).toEqual(['0000000001', '0000000001', '0000000001']);
    expect(ids.at(-1)?.slice(0, 10)).toBe('0000000002');
    await expectDone(job, file(20));
  });

  test('one that stages often records now and then how far it is', async () => {
    const job = await drop(ctx, 'iris', file(20));
    const one = { ...small, chunkBytes: 1 << 20, checkpointSeconds: 20 };
    await planJob(ctx, job, one);
    const slow = movableClock();
    let blocks = 0;
    const failing = withOutput(
      { ...ctx, clock: slow },
      {
        async stageBlock(name, id, data) {
          slow.advance(8);
          if (++blocks > 4) throw new Error('the disk is full');
          await ctx.stores.blobs('batch-output').stageBlock(name, id, data);
        },
      },
    );
    await expect(scoreChunk(failing, { jobId: job.jobId, chunk: 0 }, one)).rejects.toThrow('disk');
    expect((await readChunk(ctx, job.jobId, 0))?.doc.progress.blockIds).toHaveLength(4);
    await runJob(ctx, job, one);
    await expectDone(job, file(20));
  });

  test('a plan that fails for no known reason is tried five times, and storage that is away is waited for', async () => {
    const job = await drop(ctx, 'iris', file(20));
    const away = withoutInput(ctx, new CairnError('unavailable', 'Storage is away.'));
    const odd = withoutInput(ctx, new Error('two and two are five'));
    for (let tries = 0; tries < 6; tries++) await expect(planJob(away, job, small)).rejects.toThrow('away');
    for (let tries = 0; tries < 4; tries++) await expect(planJob(odd, job, small)).rejects.toThrow('five');
    await planJob(odd, job, small);
    expect((await getJob(ctx, job.jobId)).job).toMatchObject({
      status: 'failed',
      failure: { code: 'attempts', reason: expect.stringContaining('two and two are five') as string },
    });
  });

  test('one whose time is over hands the rest on, and so does a planner', async () => {
    const job = await drop(ctx, 'iris', file(50));
    const impatient = { ...small, chunkBytes: 1, workSecondsMax: -1 };
    await planJob(ctx, job, impatient);
    expect((await getJob(ctx, job.jobId)).job.plan).toMatchObject({ chunks: 20, complete: false });
    await planJob(ctx, job, impatient);
    await planJob(ctx, job, impatient);
    expect((await getJob(ctx, job.jobId)).job.plan).toMatchObject({ chunks: 50, complete: true });

    const whole = await drop(ctx, 'iris', file(50));
    const slow = { ...impatient, chunkBytes: 1 << 20 };
    await planJob(ctx, whole, slow);
    for (let message = 0; message < 25; message++)
      await scoreChunk(ctx, { jobId: whole.jobId, chunk: 0 }, slow);
    expect((await readChunk(ctx, whole.jobId, 0))?.doc).toMatchObject({
      status: 'done',
      attempt: 25,
      failures: 0,
    });
    await expectDone(whole, file(50));
  });

  test('a message that was lost is sent again', async () => {
    const job = await drop(ctx, 'iris', file(2));
    await planJob(ctx, job, small);
    const sent = (await readChunk(ctx, job.jobId, 0))?.doc;
    await recoverJob(ctx, job, small);
    expect((await readChunk(ctx, job.jobId, 0))?.doc).toEqual(sent);
    clock.advance(301);
    await recoverJob(ctx, job, small);
    expect((await readChunk(ctx, job.jobId, 0))?.doc).toMatchObject({
      status: 'pending',
      failures: 0,
      sentAt: expect.closeTo(clock.now(), -4),
    });
  });

  test('a message that merely waits is sent again less and less often', async () => {
    const job = await drop(ctx, 'iris', file(2));
    await planJob(ctx, job, small);
    let sent = 0;
    const queues: typeof ctx.stores.queues = {
      ...ctx.stores.queues,
      send(of, queue, message, how) {
        if ('chunk' in message && message.chunk === 0) sent++;
        return ctx.stores.queues.send(of, queue, message, how);
      },
    };
    for (let minute = 0; minute < 120; minute++) {
      clock.advance(60);
      await recoverJob({ ...ctx, stores: { ...ctx.stores, queues } }, job, small);
    }
    // After 1, 3, 7, 15, 31 and 63 minutes.
    expect(sent).toBe(6);
    await runJob(ctx, job, small);
    await expectDone(job, file(2));
  });
});

describe('the commit', () => {
  test.each(['before', 'after'] as const)(
    'that died %s the storage service answered is completed by the timer, once',
    async (when) => {
      const job = await drop(ctx, 'iris', file(20));
      const dying = withOutput(ctx, {
        async commitBlocks(name, ids, how) {
          if (when === 'after') await ctx.stores.blobs('batch-output').commitBlocks(name, ids, how);
          throw new Error('power cut');
        },
      });
      const use = pace({ chunkBytes: 200 });
      await planJob(ctx, job, use);
      await expect(runJob(dying, job, use)).rejects.toThrow('power cut');
      expect((await getJob(ctx, job.jobId)).job.status).toBe('committing');
      clock.advance(61);
      await Promise.all([1, 2, 3].map(() => recoverJob(ctx, job, use)));
      await expectDone(job, file(20));
    },
  );

  test('is never made of blocks that are not there', async () => {
    const job = await drop(ctx, 'iris', file(5));
    const forgetful = withOutput(ctx, { stageBlock: () => Promise.resolve() });
    expect(await runJob(forgetful, job)).toMatchObject({ status: 'failed', failure: { code: 'commit' } });
    expect(await outputOf(ctx, job)).toBeUndefined();
  });
});

describe('a job that cannot go on', () => {
  const use = pace({ chunkBytes: 200 });

  test('fails when its input is overwritten or deleted under it, and the new input has a job of its own', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, use);
    await scoreChunk(ctx, { jobId: job.jobId, chunk: 0 }, use);
    await ctx.stores.blobs('batch-input').write(job.input.name, Buffer.from(file(7)));
    expect(await runJob(ctx, job, use)).toMatchObject({
      status: 'failed',
      failure: { code: 'input-changed', reason: expect.stringContaining('was overwritten') },
    });
    expect(await outputOf(ctx, job)).toBeUndefined();
    const next = await submitBlob(ctx, job.input.name);
    if (next) await runJob(ctx, next, use);
    await expectDone(next ?? job, file(7));

    const gone = await drop(ctx, 'iris', file(20));
    await ctx.stores.blobs('batch-input').remove(gone.input.name);
    expect(await runJob(ctx, gone, use)).toMatchObject({
      status: 'failed',
      failure: { code: 'input-changed', reason: expect.stringContaining('was deleted') },
    });
  });

  test('fails when its model’s file is gone, or its model does not take rows', async () => {
    const { modelId } = await modelByName(ctx, 'bereft');
    const { served } = await getReady(ctx, modelId, 1);
    await ctx.stores.blobs('models').remove(served.blob);
    expect(await runJob(ctx, await drop(ctx, 'bereft', file(3)))).toMatchObject({
      status: 'failed',
      failure: { code: 'model', reason: 'A file of version 1 is gone; register the model again.' },
    });

    expect(await runJob(ctx, await drop(ctx, 'rowless', 'two,three\n1,1\n'))).toMatchObject({
      status: 'failed',
      failure: { code: 'model', reason: expect.stringContaining('they are not rows') },
    });
  });

  test('fails at once, as bad input, where its model runs on other values of these sizes', async () => {
    expect(await runJob(ctx, await drop(ctx, 'picky', 'a\n1\n2\n3\n'))).toMatchObject({
      status: 'failed',
      failure: { code: 'bad-input', reason: "The model cannot run on these values of 'x'" },
    });
  });

  test('fails after its last try without failing the message, which no further try could serve', async () => {
    const job = await drop(ctx, 'single', 'a\n1\n2\n3\n');
    const tries = pace({ failuresMax: 2 });
    await planJob(ctx, job, tries);
    const chunk = { jobId: job.jobId, chunk: 0 };
    await expect(scoreChunk(ctx, chunk, tries)).rejects.toThrow('The model failed to run');
    await scoreChunk(ctx, chunk, tries);
    expect((await getJob(ctx, job.jobId)).job).toMatchObject({ failure: { code: 'attempts' } });
  });

  test('stops where it is cancelled, and cannot be cancelled once it has ended', async () => {
    const job = await drop(ctx, 'iris', file(20));
    await planJob(ctx, job, use);
    expect(await cancelJob(ctx, job.jobId)).toMatchObject({ status: 'cancelled' });
    expect(await cancelJob(ctx, job.jobId)).toMatchObject({ status: 'cancelled' });
    expect(await runJob(ctx, job, use)).toMatchObject({ status: 'cancelled' });
    expect(await outputOf(ctx, job)).toBeUndefined();
    const done = await drop(ctx, 'iris', file(2));
    await runJob(ctx, done);
    await expect(cancelJob(ctx, done.jobId)).rejects.toMatchObject({ code: 'conflict' });
  });
});
