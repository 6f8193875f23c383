/**
 * Tracking while endpoints are stormed: how much longer it takes than with nobody else there, in the shape of two apps
 * and in that of one. In Azure each app has instances of its own; here each has a core of its own, on which the callers
 * of the storm are as well, and the stores are on that of tracking. Round trips and throughput are those of an account.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/stack.ts';
import { startedHosts } from '../test/support/hosts.ts';
import { models, withoutNames } from './serving-models.ts';
import { inferCall } from './serving-calls.ts';
import type { Measured as Stormed } from './serving-load.ts';
import { serve } from './serving-stack.ts';
import type { BenchOptions, BenchRow } from './report.ts';
import { createExperiment, operations, prepare, seed } from './tracking-calls.ts';
import { type Request, Target } from './tracking-load.ts';

const account = { latencyMs: 8, requestUnitsPerSecond: 5000 };
const endpoint = 'storm';
/** As a training logs: who calls without a pause asks for all the throughput that the account has. */
const callsPerSecond = 20;
const stormConnections = 32;
const ratioMax = 1.5;
const measuredCalls = ['create-run', 'log-batch 10 metrics', 'get-run'];
const runs = 200;
const model = models['tiny linear'] ?? (() => new Uint8Array());

export async function benchIsolation({ quick }: BenchOptions): Promise<BenchRow[]> {
  const seconds = quick ? 4 : 15;
  const two = await benchShape(2, seconds);
  const one = await benchShape(1, seconds);
  return [
    ...rowsOf('two apps', two, ratioMax),
    { name: 'two apps: calls of the endpoint', value: two.calls.perSecond, unit: '/s' },
    {
      name: 'two apps: calls of the endpoint that failed',
      value: two.calls.errors,
      unit: '',
      budget: { max: 0 },
    },
    ...rowsOf('one app', one),
    { name: 'one app: calls of the endpoint', value: one.calls.perSecond, unit: '/s' },
  ];
}

type Shape = {
  /** 95th percentiles in milliseconds, by call. */
  readonly idle: Readonly<Record<string, number>>;
  readonly stormed: Readonly<Record<string, number>>;
  readonly calls: Stormed;
};

async function benchShape(apps: 1 | 2, seconds: number): Promise<Shape> {
  process.stderr.write(`  ${apps === 2 ? 'two apps' : 'one app'}\n`);
  const url = `http://127.0.0.1:${await freePort()}`;
  const env = { CAIRN_PUBLIC_URL: url, CAIRN_INFERENCE_URL: url };
  const envOf = [{ CAIRN_SURFACES: 'control' }, { CAIRN_SURFACES: 'inference' }];
  const hosts = await startedHosts(apps, env, apps === 2 ? { envOf, cosmos: account } : { cosmos: account });
  const [control = '', inference = control] = hosts.urls;
  const target = new Target(control);
  try {
    await serve(control, endpoint, withoutNames(model()), {}, inference);
    pin(process.pid, 0);
    pin(hosts.pid(0), 0);
    if (apps === 2) pin(hosts.pid(1), 1);
    const experimentId = await createExperiment(target, 'isolation');
    const fixture = await prepare(target, experimentId, await seed(target, experimentId, runs));
    const p95s = async (from: number) => {
      const all: Record<string, number> = {};
      for (const { name, next } of operations.filter((one) => measuredCalls.includes(one.name))) {
        const request = next(fixture);
        all[name] = await paced(target, seconds / measuredCalls.length, (i) => request(0, from + i));
      }
      return all;
    };
    await p95s(0);
    const idle = await p95s(100_000);
    const stormEnds = storm(inference, seconds + 2);
    const stormed = await p95s(200_000);
    return { idle, stormed, calls: await stormEnds };
  } finally {
    target.close();
    await hosts.stop();
    pin(process.pid, undefined);
  }
}

/** The 95th percentile, in milliseconds, of calls that begin one after the other at an even pace. */
async function paced(target: Target, seconds: number, next: (call: number) => Request): Promise<number> {
  const calls = Array.from({ length: Math.round(seconds * callsPerSecond) }, async (_, i) => {
    await sleep((i * 1000) / callsPerSecond);
    const before = performance.now();
    const { status } = await target.send(next(i));
    if (status !== 200) throw new Error(`A call was answered by ${status}.`);
    return performance.now() - before;
  });
  const sorted = (await Promise.all(calls)).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
}

function rowsOf(shape: string, { idle, stormed }: Shape, most?: number): BenchRow[] {
  return measuredCalls.flatMap((name): BenchRow[] => {
    const before = idle[name] ?? 0;
    const during = stormed[name] ?? 0;
    return [
      { name: `${shape}: ${name}, p95 idle`, value: before, unit: 'ms' },
      { name: `${shape}: ${name}, p95 under the storm`, value: during, unit: 'ms' },
      {
        name: `${shape}: ${name}, p95 under the storm, of idle`,
        value: during / before,
        unit: '×',
        ...(most === undefined ? {} : { budget: { max: most } }),
      },
    ];
  });
}

/** Callers of the endpoint, in a process of their own. */
async function storm(url: string, seconds: number): Promise<Stormed> {
  const child = fork(fileURLToPath(new URL('isolation-storm.ts', import.meta.url)));
  pin(child.pid ?? 0, 1);
  child.send({ url, call: inferCall(endpoint, 'JSON', 1), connections: stormConnections, seconds });
  const [stormed] = (await once(child, 'message')) as [Stormed];
  return stormed;
}

/** Confines a process with all its threads to one core, or lets it go again. */
function pin(pid: number, core: number | undefined): void {
  const cores = core === undefined ? `0-${cpus().length - 1}` : String(core);
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cores, String(pid)], { stdio: 'ignore' });
}
