import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cairn, eventually, list } from '../../examples/client.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { publishOver, storedIds } from '../predictions/support.ts';
import { jobOf } from './restore-support.ts';

const rowsOfFile = 800_000;
const writers = 4;
/** Answers that everyone has had when the host is told to end. */
const callsBefore = 5;

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cairn-drain-'));
});
afterAll(() => rm(data, { recursive: true, force: true }));

const start = (): Promise<Stack> =>
  startStack({ data, port: 0, env: { CAIRN_AUTH: 'off', CAIRN_PREDICTION_FLUSH_SECONDS: '3600' } });

type Answer = { readonly status: number; readonly body: string };
/** Why there was no answer: the code of the error of the connection, and whether a part of an answer had come. */
type Refusal = { readonly code: string; readonly isCut: boolean };

/** A call on a connection of its own, so that one that is refused is told from one that was cut. */
function call(url: string, body: unknown): Promise<Answer | Refusal> {
  return new Promise((resolve) => {
    let isCut = false;
    const sent = request(
      url,
      {
        method: 'POST',
        agent: new Agent(),
        headers: { 'content-type': 'application/json', connection: 'close' },
      },
      (response) => {
        isCut = true;
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', (error: NodeJS.ErrnoException) => resolve({ code: String(error.code), isCut }));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
        );
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => resolve({ code: String(error.code), isCut }));
    sent.end(JSON.stringify(body));
  });
}

/** Calls one after the other until one is not answered; gives back the bodies of the answers, and what came instead. */
async function callUntilRefused(
  url: string,
  answered: (calls: number) => void,
  bodyOf: (i: number) => unknown,
) {
  const answers: { i: number; body: string }[] = [];
  for (let i = 0; ; i++) {
    const answer = await call(url, bodyOf(i));
    if (!('status' in answer)) return { answers, end: answer };
    if (answer.status !== 200) return { answers, end: answer };
    answers.push({ i, body: answer.body });
    answered(answers.length);
  }
}

test('a host that is told to end finishes what it has begun: what was acknowledged is there, and nobody gets half an answer', {
  timeout: 300_000,
}, async () => {
  let stack = await start();
  const cairn = new Cairn(stack.url);
  const api = `${stack.url}/api/2.0/mlflow`;
  await publishOver(stack.url, 'iris');
  await cairn.call('POST', '/api/v1/endpoints', { name: 'iris', model: 'iris', alias: 'champion' });
  await eventually('the endpoint', 60, async () =>
    (await fetch(`${stack.url}/endpoints/iris/ping`)).ok ? true : undefined,
  );
  const runs = await Promise.all(
    Array.from({ length: writers }, async () =>
      String((await cairn.mlflow('POST', 'runs/create', {}))['run']?.['info']?.['run_id']),
    ),
  );
  const text = `id,length,width,höhe\n${Array.from({ length: rowsOfFile }, (_, i) => `${i},${i / 7},${i % 5},${-i}\n`).join('')}`;
  await cairn.send('/api/v1/batch-inputs/iris/long.csv', { method: 'PUT', body: text });
  await jobOf(stack, 'long.csv', 'running');

  const calls = new Map<string, number>();
  const counted = (caller: string) => (count: number) => void calls.set(caller, count);
  const logging = runs.map((run_id) =>
    callUntilRefused(`${api}/runs/log-batch`, counted(run_id), (i) => ({
      run_id,
      metrics: [{ key: 'm', value: i, timestamp: i, step: i }],
    })),
  );
  const scoring = Array.from({ length: 2 }, (_, caller) =>
    callUntilRefused(`${stack.url}/endpoints/iris/invocations`, counted(`caller ${caller}`), (i) => ({
      dataframe_split: { columns: ['length', 'width', 'höhe'], data: [[i, caller, 1]] },
    })),
  );
  await expect
    .poll(() => [...calls.values()].filter((count) => count >= callsBefore).length, { timeout: 30_000 })
    .toBe(writers + 2);
  const told = Date.now();
  process.kill(stack.pids.host, 'SIGTERM');
  const why = await stack.crashed;
  const seconds = (Date.now() - told) / 1000;
  const [logged, scored] = await Promise.all([Promise.all(logging), Promise.all(scoring)]);
  await stack.stop();

  expect(why).toContain('The Functions host ended unexpectedly (0)');
  expect(seconds).toBeLessThan(40);
  expect([...logged, ...scored].map(({ end }) => end)).toEqual(
    Array.from({ length: writers + 2 }, () => ({ code: expect.stringMatching(/^ECONN/), isCut: false })),
  );

  stack = await start();
  try {
    const again = new Cairn(stack.url);
    for (const [at, run] of runs.entries()) {
      const { metrics } = await again.mlflow('GET', `metrics/get-history?run_id=${run}&metric_key=m`);
      const steps = new Set(list(metrics).map(({ step }) => Number(step)));
      expect(logged[at]?.answers.length).toBeGreaterThan(0);
      expect((logged[at]?.answers ?? []).filter(({ i }) => !steps.has(i))).toEqual([]);
    }
    const ids = await storedIds(stack.connectionString, 'iris');
    const answered = scored.flatMap(({ answers }) =>
      answers.flatMap(({ body }) => (JSON.parse(body) as { prediction_ids: string[] }).prediction_ids),
    );
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter((id) => !ids.includes(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    const job = await jobOf(stack, 'long.csv', 'succeeded');
    expect(JSON.stringify(job)).toContain(`${rowsOfFile}`);
  } finally {
    await stack.stop();
  }
});
