import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEmulator, EMULATOR_KEY } from '../../local/cosmos/index.ts';
import { listen } from '../../local/cosmos/server.ts';
import { watchBlobs } from '../../local/watcher.ts';
import type { BatchJob } from '../../shared/batch/index.ts';
import { isOver } from '../../shared/batch/job.ts';
import { readChunks } from '../../shared/batch/store.ts';
import type { Context } from '../../shared/context.ts';
import { isCode } from '../../shared/http/index.ts';
import { publishOver, post } from '../predictions/support.ts';
import { classifier, deploy, features } from '../serving/support.ts';
import { openContext } from '../support/context.ts';
import { eventually } from '../support/eventually.ts';
import { startedHosts } from '../support/hosts.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { drawer, drive, type Fleet as DriverFleet, jobsOf, Messages } from './driver.ts';
import { Instance } from './instance.ts';
import { endings, movableClock, pace, parsedOutput, scoredAtOnce } from './support.ts';

const long = process.env['CAIRN_TEST'] === 'long';
const timesFaster = 20;

let server: TestServer;
let emulator: ReturnType<typeof createEmulator>;
let close: () => Promise<void>;
beforeAll(async () => {
  emulator = createEmulator({});
  const cosmos = await listen(emulator, 0);
  server = await testServer({
    CAIRN_COSMOS_TRANSPORT: '',
    COSMOS_ENDPOINT: cosmos.endpoint,
    COSMOS_KEY: EMULATOR_KEY,
  });
  await deploy(server, 'iris', classifier());
  close = async () => {
    await server.close();
    await cosmos.close();
    emulator.close();
  };
});
afterAll(() => close());

const line = (i: number) =>
  `${i},${(i * 0.37) % 2},${(i % 97) / 7},${-i / 7},the note of row ${i} ${'x'.repeat(i % 50)}\n`;

function fileOf(rows: number): Buffer {
  const parts = ['id,höhe,length,width,note\n'];
  for (let i = 1; i <= rows; i++) parts.push(line(i));
  return Buffer.from(parts.join(''));
}

/** Cells and labels are those of one process; of scores, the runtime rounds the last bit by how many rows it takes at once. */
async function expectScored(output: string, bytes: Buffer): Promise<void> {
  const rows = await parsedOutput(output);
  const expected = await scoredAtOnce(classifier(), features, bytes.toString());
  const withoutScores = (of: readonly string[][]) =>
    createHash('sha256')
      .update(JSON.stringify(of.map((row) => row.slice(0, -1))))
      .digest('hex');
  expect(withoutScores(rows)).toBe(withoutScores(expected));
  const apart = rows.slice(1).map((row, i) => Math.abs(Number(row.at(-1)) - Number(expected[i + 1]?.at(-1))));
  expect(apart.filter((difference) => difference > 1e-6)).toEqual([]);
}

type Fleet = {
  readonly ctx: Context;
  /** Ends one of the processes as a power cut would, and starts it anew. */
  readonly kill: (which: number) => Promise<void>;
  readonly processes: number;
  /** Tells the platform of a file where nobody watches for it. */
  readonly tell?: (name: string) => Promise<void>;
};

type Scored = {
  readonly job: BatchJob;
  readonly sha256: string;
  readonly text: string;
  readonly seconds: number;
  readonly attempts: number;
  readonly kills: number;
};

/** Drops a file and waits until its job has ended; kills a process each time so large a part of the chunks is done. */
async function score(
  { ctx, kill, processes, tell }: Fleet,
  name: string,
  bytes: Buffer,
  { parts, draw, secondsMax }: { parts: readonly number[]; draw: () => number; secondsMax: number },
): Promise<Scored> {
  const begun = Date.now();
  await ctx.stores.blobs('batch-input').write(name, bytes);
  await tell?.(name);
  let kills = 0;
  for (;;) {
    expect(Date.now() - begun).toBeLessThan(secondsMax * 1000);
    // Looks again now and then, until the job is as far as the next kill or has ended.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [job] = await jobsOf(ctx, name);
    if (!job) continue;
    if (isOver(job)) {
      const chunks = await readChunks(ctx, job.jobId);
      const output = (await ctx.stores.blobs('batch-output').read(job.output.name)) ?? Buffer.alloc(0);
      return {
        job,
        sha256: createHash('sha256').update(output).digest('hex'),
        text: output.toString(),
        seconds: (Date.now() - begun) / 1000,
        attempts: chunks.reduce((sum, { attempt }) => sum + attempt, 0),
        kills,
      };
    }
    const part = parts[kills];
    if (part === undefined) continue;
    const chunks = await readChunks(ctx, job.jobId);
    const done = chunks.filter(({ status }) => status === 'done').length;
    // A part of 0 is the plan, of which there may be nothing yet.
    if (part > 0 && !(job.plan.complete && done >= part * job.plan.chunks)) continue;
    // Waits for nothing: the power fails at any moment.
    await new Promise((resolve) => setTimeout(resolve, draw() * 150));
    await kill(Math.floor(draw() * processes));
    kills++;
  }
}

const figuresOf = ({ seconds, attempts, kills, job }: Scored) => ({
  seconds: Math.round(seconds),
  chunks: job.plan.chunks,
  attempts,
  kills,
});

test('workers killed at any moment give the very bytes that undisturbed ones do', {
  timeout: 600_000,
}, async () => {
  const { ctx } = server;
  const env = {
    ...process.env,
    CAIRN_TEST_SINCE: String(Date.now()),
    CAIRN_TEST_SPEED: String(timesFaster),
  };
  const start = () => fork(fileURLToPath(new URL('worker.ts', import.meta.url)), { env, execArgv: [] });
  const workers: ChildProcess[] = [start(), start()];
  const end = async (worker: ChildProcess | undefined) => {
    const exited = worker && once(worker, 'exit');
    worker?.kill('SIGKILL');
    await exited;
  };
  const fleet: Fleet = {
    ctx,
    processes: 2,
    tell: (name) => ctx.stores.queues.send(ctx, 'blob-events', { name }),
    async kill(which) {
      await end(workers[which]);
      workers[which] = start();
    },
  };
  const drop = (name: string, bytes: Buffer, parts: readonly number[], seed: number) =>
    score(fleet, name, bytes, { parts, draw: drawer(seed), secondsMax: 300 });
  try {
    const bytes = fileOf(long ? 300_000 : 30_000);
    const calm = await drop('iris/calm/data.csv', bytes, [], 1);
    expect(calm.job).toMatchObject({ status: 'succeeded', plan: { complete: true } });
    await expectScored(calm.text, bytes);
    const parts = long ? [0, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97] : [0.1, 0.7];
    const killed = await drop('iris/killed/data.csv', bytes, parts, 2);
    expect(killed.job).toMatchObject({ status: 'succeeded' });
    expect(killed.kills).toBe(parts.length);
    expect(killed.sha256).toBe(calm.sha256);
    expect(await endings(ctx, killed.job)).toBe(1);
    process.stdout.write(`${JSON.stringify({ calm: figuresOf(calm), killed: figuresOf(killed) })}\n`);
  } finally {
    await Promise.all(workers.map(end));
  }
});

test.each([429, 503, 408] as const)(
  'a store of documents that answers %i to one request in ten, before or after it has done what was asked, changes nothing',
  async (outcome) => {
    const clock = movableClock();
    const ctx: Context = { ...server.ctx, clock };
    const messages = new Messages();
    const name = `iris/answers-${outcome}/data.csv`;
    const bytes = fileOf(40);
    await ctx.stores.blobs('batch-input').write(name, bytes);
    messages.send('blob-events', { name });
    const next = () => new Instance(ctx, messages.send);
    const use = pace({ chunkBytes: 600, rowsAtOnce: 10, partBytes: 300, checkpointSeconds: 0 });
    const end = [
      emulator.faults.inject({ container: 'jobs', outcome, probability: 0.1 }),
      emulator.faults.inject({ container: 'jobs', outcome, probability: 0.1, point: 'after' }),
    ];
    try {
      await driven({ messages, pace: use, clock, observer: ctx, next }, name);
    } finally {
      for (const stop of end) stop();
    }
    const [job] = await jobsOf(ctx, name);
    expect(job).toMatchObject({ status: 'succeeded', totals: { rows: 40, bad: 0 } });
    const output = await ctx.stores.blobs('batch-output').read(job?.output.name ?? '');
    await expectScored(String(output), bytes);
    expect(job && (await endings(ctx, job))).toBe(1);
  },
);

/** Has a job done, though who looks on is answered no better than who works. */
async function driven(fleet: DriverFleet, name: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++)
    try {
      if (await drive(fleet, name, fleet.next(), 1)) return;
    } catch (error) {
      if (!isCode(error, 'unavailable', 'too-many')) throw error;
    }
  throw new Error('The job does not end.');
}

test.each(long ? [1_000_000] : [])(
  'two hosts, one of them killed five times, score %i rows to the very bytes that undisturbed ones do',
  { timeout: 3_600_000 },
  async (rows) => {
    const hosts = await startedHosts(2);
    const ctx = await openContext({ ...process.env, ...hosts.env });
    const watcher = watchBlobs({
      connectionString: hosts.env['AzureWebJobsStorage'] ?? '',
      container: 'batch-input',
      queue: 'blob-events',
    });
    try {
      const [url = ''] = hosts.urls;
      await publishOver(url, 'linear');
      await post(`${url}/api/v1/endpoints`, { name: 'linear', model: 'linear', alias: 'champion' });
      await eventually(async () => {
        expect((await fetch(`${url}/endpoints/linear/ping`)).status).toBe(200);
      }, 60);
      const fleet: Fleet = {
        ctx,
        processes: 2,
        async kill(which) {
          await hosts.kill(which);
          await hosts.restart(which);
        },
      };
      const bytes = fileOf(rows);
      const calm = await score(fleet, 'linear/calm/data.csv', bytes, {
        parts: [],
        draw: drawer(1),
        secondsMax: 900,
      });
      expect(calm.job).toMatchObject({ status: 'succeeded', totals: { rows } });
      const killed = await score(fleet, 'linear/killed/data.csv', bytes, {
        parts: [0, 0.1, 0.4, 0.6, 0.8],
        draw: drawer(2),
        secondsMax: 2400,
      });
      expect(killed.job).toMatchObject({ status: 'succeeded', totals: { rows } });
      expect(killed.kills).toBe(5);
      expect(killed.sha256).toBe(calm.sha256);
      expect(await endings(ctx, killed.job)).toBe(1);
      process.stdout.write(`${JSON.stringify({ rows, calm: figuresOf(calm), killed: figuresOf(killed) })}\n`);
    } finally {
      await watcher.stop();
      await hosts.stop();
      await ctx.stores.close();
    }
  },
);
