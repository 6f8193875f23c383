import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../examples/client.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { readPredictions } from '../../shared/predictions/index.ts';
import { openContext, testEnvironment } from '../support/context.ts';
import { type Answered, askUntil, post, publishOver, seeded, storedIds } from './support.ts';

const rounds = process.env['CAIRN_TEST'] === 'long' ? 8 : 2;
const hour = 3_600_000;

let data: string;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'cairn-queue-'));
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** A stack whose host answers and queues; another process empties the queue. */
const start = (): Promise<Stack> =>
  startStack({
    data,
    port: 0,
    env: { CAIRN_AUTH: 'off', 'AzureWebJobs.predictions.Disabled': 'true' },
  });

function consumer({ connectionString }: Stack): ChildProcess {
  return fork(fileURLToPath(new URL('consumer/main.ts', import.meta.url)), {
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '', ...testEnvironment(connectionString) },
  });
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null)
    throw new Error('The consumer ended before it was killed.');
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const idsOf = (answered: readonly Answered[]) => answered.flatMap(({ ids }) => ids);

test('of what was answered none is lost and none comes twice, wherever the host or who empties the queue is killed', {
  timeout: 90_000 * (rounds + 1),
}, async () => {
  const draw = seeded(20_260_203);
  const answered: Answered[] = [];
  let stack = await start();
  try {
    await publishOver(stack.url, 'm');
    await post(`${stack.url}/api/v1/endpoints`, {
      name: 'durable',
      model: 'm',
      alias: 'champion',
      logging: { durability: 'queue' },
    });
    await eventually(
      'the endpoint',
      60,
      async () => (await fetch(`${stack.url}/endpoints/durable/ping`)).ok || undefined,
    );
    for (let round = 0; round < rounds; round++) {
      let isOver = false;
      const asking = askUntil(stack.url, 'durable', () => isOver, draw);
      for (let death = 0; death < 4; death++) {
        const child = consumer(stack);
        await new Promise((resolve) => setTimeout(resolve, 700 + draw() * 1500));
        await killed(child);
      }
      process.kill(stack.pids.host, 'SIGKILL');
      isOver = true;
      answered.push(...(await asking));
      await stack.stop();
      stack = await start();
    }
    const last = consumer(stack);
    const wanted = new Set(idsOf(answered));
    expect(wanted.size).toBe(idsOf(answered).length);
    await eventually('all rows in parts', 60, async () => {
      const stored = new Set(await storedIds(stack.connectionString, 'durable'));
      return [...wanted].every((id) => stored.has(id)) || undefined;
    });
    // What the dead had taken and not done with has come again by then.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await killed(last);

    const ctx = await openContext({ ...process.env, ...testEnvironment(stack.connectionString) });
    const read: string[] = [];
    for await (const part of readPredictions(ctx, {
      endpoint: 'durable',
      from: Date.now() - 2 * hour,
      to: Date.now() + hour,
      columns: ['predictionId'],
    }))
      read.push(...part.column('predictionId').map(String));
    await ctx.stores.close();
    const stored = await storedIds(stack.connectionString, 'durable');
    expect([...wanted].filter((id) => !read.includes(id))).toEqual([]);
    expect(new Set(read).size).toBe(read.length);
    // A death between a part and its messages leaves rows in two parts; that they were there shows that it was tried.
    expect(stored.length).toBeGreaterThanOrEqual(read.length);
  } finally {
    await stack.stop();
  }
});
