/**
 * Tracking under load: each call by 20 clients on `make start`, the same with the round trips and the throughput
 * limit of a real account, and the same on MLflow's own server with SQLite, one after the other. What a call
 * costs in round trips and request units is read from a meter on the wire, one client calling.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startStack, type StackOptions } from '../local/stack.ts';
import { mlflowPython, mlflowServer } from '../test/mlflow/server.ts';
import { type BenchOptions, type BenchResult, type BenchRow, columns } from './report.ts';
import {
  clients,
  createExperiment,
  type Fixture,
  iterations,
  type Operation,
  operations,
  prepare,
  seed,
} from './tracking-calls.ts';
import { type Measured, measure, Target } from './tracking-load.ts';
import { between, type Reading, readMeter } from './tracking-meter.ts';
import { seedMlflow } from './tracking-mlflow.ts';
import { train, type Training } from './tracking-training.ts';

type Cost = { readonly requests: number; readonly requestUnits: number };
type Figures = Readonly<Record<string, Measured>>;

const slow = { latencyMs: 8, ruPerSecondMax: 5000 };
const secondsMax = 8;
const slowSecondsMax = 4;
const settleSecondsMax = 60;
const costCalls = 10;
/** Numbers of iterations that no measured call has. */
const warmUpFrom = 10_000;
const costFrom = 20_000;
const tripFrom = 30_000;
const tripCalls = 20;

const firstOf500 = 'first log of 500 new keys';

/** The budgets of DESIGN.md's section 8. */
const throughputRatioMin = 5;
const compared = new Set([
  'create-run',
  'log-metric',
  'log-batch 10 metrics',
  'log-batch 500 metrics',
  'get-run',
  'search, filtered and ordered, 100 of 20k',
  'search, newest 1000 of 20k',
  'history of 1000 points',
]);
const tripsMax: Readonly<Record<string, number>> = {
  'get-run': 1,
  'log-metric': 2,
  'log-batch 10 metrics': 2,
  'log-batch 500 metrics': 2,
};
const requestUnitsMax: Readonly<Record<string, number>> = {
  'log-metric': 25,
  'log-batch 500 metrics': 120,
  [firstOf500]: 250,
};
const writersRatioMax = 1.5;
const trainingShareMax = 0.6;

export async function benchTracking({ quick }: BenchOptions): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-tracking-'));
  const runs = quick ? 2000 : 20_000;
  try {
    const cairn = await benchCairn(folder, runs);
    const slowed = await benchSlowed(folder, cairn.fixture, quick ? 15 : 60);
    const mlflow = mlflowPython('3') === undefined ? undefined : await benchMlflow(runs);
    return {
      rows: rowsOf(cairn, slowed, mlflow),
      text: textOf(cairn, slowed, mlflow),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Cairn = {
  readonly fixture: Fixture;
  readonly figures: Figures;
  readonly costs: Readonly<Record<string, Cost>>;
  /** Request units of 20 writers on one run, of as many calls by one. */
  readonly writersRatio: number;
};

async function benchCairn(folder: string, runs: number): Promise<Cairn> {
  return withStack(folder, {}, async (target, meter) => {
    say(`seeding ${runs} runs`);
    const experimentId = await createExperiment(target, 'many runs');
    const runIds = await seed(target, experimentId, runs);
    const fixture = await prepare(target, experimentId, runIds);
    // What follows from so many new runs is not to be counted with the calls below.
    await readMeter(meter, settleSecondsMax);
    const figures: Record<string, Measured> = {};
    const costs: Record<string, Cost> = {};
    for (const operation of operations) {
      figures[operation.name] = await underLoad(target, fixture, operation, secondsMax);
      costs[operation.name] = await costOf(meter, costCalls, async () => {
        const next = operation.next(fixture);
        for (let i = 0; i < costCalls; i++) await target.send(next(0, costFrom + i));
      });
    }
    const [one, many, wide] = await newRuns(target, fixture, 3);
    const log = (runId: string, i: number) =>
      target.call('POST', '/api/2.0/mlflow/runs/log-metric', { run_id: runId, ...point(i) });
    const alone = await costOf(meter, 1, async () => {
      for (let i = 0; i < 10 * clients; i++) await log(one, i);
    });
    const together = await costOf(meter, 1, async () => {
      for (let i = 0; i < 10; i++)
        await Promise.all(Array.from({ length: clients }, (_, n) => log(many, i * clients + n)));
    });
    costs[firstOf500] = await costOf(meter, 1, () =>
      target.call('POST', '/api/2.0/mlflow/runs/log-batch', {
        run_id: wide,
        metrics: Array.from({ length: 500 }, (_, i) => ({ ...point(i), key: `layer ${i}` })),
      }),
    );
    return { fixture, figures, costs, writersRatio: together.requestUnits / alone.requestUnits };
  });
}

type Slowed = {
  readonly figures: Figures;
  /** Round trips of a call that wait for one another. */
  readonly trips: Readonly<Record<string, number>>;
  readonly training: Training;
  readonly used: Reading;
};

/** The same data again, with the round trips and the throughput limit of a real account. */
async function benchSlowed(folder: string, before: Fixture, seconds: number): Promise<Slowed> {
  return withStack(folder, slow, async (target, meter) => {
    const fixture = { ...before, created: [] };
    const figures: Record<string, Measured> = {};
    const trips: Record<string, number> = {};
    for (const operation of operations) {
      figures[operation.name] = await underLoad(target, fixture, operation, slowSecondsMax);
      trips[operation.name] = await tripsOf(target, operation.next(fixture));
    }
    say(`100 trainings for ${seconds} s`);
    const start = await readMeter(meter);
    const training = await train(target, fixture.newExperimentId, seconds);
    return { figures, trips, training, used: between(start, await readMeter(meter)) };
  });
}

async function benchMlflow(runs: number): Promise<Figures> {
  say("MLflow's own server");
  const server = await mlflowServer('3');
  const target = new Target(server.url);
  try {
    const experimentId = await createExperiment(target, 'many runs');
    const fixture = await prepare(target, experimentId, seedMlflow(server.database, experimentId, runs));
    const figures: Record<string, Measured> = {};
    for (const operation of operations)
      figures[operation.name] = await underLoad(target, fixture, operation, secondsMax);
    return figures;
  } finally {
    target.close();
    await server.stop();
  }
}

async function underLoad(
  target: Target,
  fixture: Fixture,
  { name, next, seen }: Operation,
  seconds: number,
): Promise<Measured> {
  const request = next(fixture);
  await measure(target, { clients: 4, iterations: 25, secondsMax: 1 }, (client, i) =>
    request(client, warmUpFrom + i),
  );
  const measured = await measure(target, { clients, iterations, secondsMax: seconds }, request, (answer) =>
    seen?.(fixture, answer),
  );
  say(`${name}: ${Math.round(measured.perSecond)}/s, p50 ${measured.p50.toFixed(1)} ms`);
  return measured;
}

async function costOf(meter: string, calls: number, work: () => Promise<unknown>): Promise<Cost> {
  const before = await readMeter(meter);
  await work();
  const { requests, requestUnits } = between(before, await readMeter(meter));
  return { requests: requests / calls, requestUnits: requestUnits / calls };
}

/** How often the delay of a round trip fits into the quickest of some calls by one client. */
async function tripsOf(target: Target, next: ReturnType<Operation['next']>): Promise<number> {
  let quickest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tripCalls; i++) {
    const started = performance.now();
    await target.send(next(0, tripFrom + i));
    quickest = Math.min(quickest, performance.now() - started);
  }
  return Math.floor(quickest / slow.latencyMs);
}

async function newRuns(target: Target, fixture: Fixture, count: number): Promise<[string, string, string]> {
  const ids = [];
  for (let i = 0; i < count; i++) {
    const body = { experiment_id: fixture.newExperimentId, run_name: 'cost' };
    const made = await target.call<{ run: { info: { run_id: string } } }>(
      'POST',
      '/api/2.0/mlflow/runs/create',
      body,
    );
    ids.push(made.run.info.run_id);
  }
  return ids as [string, string, string];
}

const point = (i: number) => ({ key: 'loss', value: 1 / (i + 1), timestamp: 1_700_000_000_000 + i, step: i });

async function withStack<T>(
  data: string,
  options: Partial<StackOptions>,
  work: (target: Target, meter: string) => Promise<T>,
): Promise<T> {
  const meter = join(data, 'meter.json');
  const stack = await startStack({
    data,
    port: 0,
    ...options,
    env: {
      CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('tracking-meter.ts', import.meta.url)),
      CAIRN_BENCH_METER: meter,
    },
  });
  const target = new Target(stack.url);
  try {
    await target.send({ method: 'GET', path: '/health' });
    const crashed = stack.crashed.then((reason): never => {
      throw new Error(reason);
    });
    return await Promise.race([work(target, meter), crashed]);
  } finally {
    target.close();
    await stack.stop();
  }
}

function rowsOf(cairn: Cairn, slowed: Slowed, mlflow: Figures | undefined): BenchRow[] {
  const rows: BenchRow[] = [];
  for (const { name } of operations) {
    const own = cairn.figures[name];
    const limited = slowed.figures[name];
    const peer = mlflow?.[name];
    if (!own || !limited) continue;
    rows.push(
      ...figuresOf(name, own),
      ...figuresOf(`${name}, ${slow.latencyMs} ms and ${slow.ruPerSecondMax} RU/s`, limited),
    );
    if (peer) {
      const ratio = own.perSecond / peer.perSecond;
      const tail = own.p95 / peer.p50;
      rows.push(
        ...figuresOf(`${name}, mlflow server`, peer),
        {
          name: `${name}: throughput, of mlflow server's`,
          value: ratio,
          unit: '×',
          ...(compared.has(name) ? { budget: { min: throughputRatioMin } } : {}),
        },
        {
          name: `${name}: p95, of mlflow server's p50`,
          value: tail,
          unit: '×',
          ...(compared.has(name) ? { budget: { max: 1 } } : {}),
        },
      );
    }
  }
  for (const [name, trips] of Object.entries(slowed.trips)) {
    const max = tripsMax[name];
    rows.push({
      name: `${name}: round trips in sequence`,
      value: trips,
      unit: '',
      ...(max === undefined ? {} : { budget: { max } }),
    });
  }
  for (const [name, { requests, requestUnits }] of Object.entries(cairn.costs)) {
    const units = requestUnitsMax[name];
    rows.push(
      {
        name: `${name}: requests to the store`,
        value: requests,
        unit: '',
      },
      {
        name: `${name}: request units`,
        value: requestUnits,
        unit: 'RU',
        ...(units === undefined ? {} : { budget: { max: units } }),
      },
    );
  }
  const { training, used } = slowed;
  const allowed = slow.ruPerSecondMax * training.seconds;
  const errors = Object.values(cairn.figures).reduce((sum, m) => sum + m.errors, 0);
  rows.push(
    { name: 'errors under load', value: errors, unit: '', budget: { max: 0 } },
    {
      name: '20 writers on one run: request units, of those of one writer',
      value: cairn.writersRatio,
      unit: '×',
      budget: { max: writersRatioMax },
    },
    { name: '100 trainings: errors', value: training.errors, unit: '', budget: { max: 0 } },
    {
      name: `100 trainings: share of ${slow.ruPerSecondMax} RU/s`,
      value: used.requestUnits / allowed,
      unit: '',
      budget: { max: trainingShareMax },
    },
  );
  return rows;
}

function figuresOf(name: string, { p50, p95, perSecond, errors }: Measured): BenchRow[] {
  return [
    { name: `${name}: p50`, value: p50, unit: 'ms' },
    { name: `${name}: p95`, value: p95, unit: 'ms' },
    { name: `${name}: throughput`, value: perSecond, unit: '/s' },
    ...(errors > 0 ? [{ name: `${name}: errors`, value: errors, unit: '' }] : []),
  ];
}

function textOf(cairn: Cairn, slowed: Slowed, mlflow: Figures | undefined): string {
  const limit = `${slow.latencyMs} ms, ${slow.ruPerSecondMax} RU/s`;
  const heads = [
    '20 clients',
    'p50',
    'p95',
    '/s',
    'trips',
    'requests',
    'RU',
    `${limit}: p50`,
    'p95',
    '/s',
    'errors',
  ];
  const peerHeads = ['mlflow server: p50', 'p95', '/s', '×', 'p95 / its p50'];
  const lines = operations.map(({ name }) => {
    const cells = [...timesOf(cairn.figures[name])];
    const cost = cairn.costs[name];
    cells.push(String(slowed.trips[name] ?? ''));
    cells.push(cost?.requests.toFixed(1) ?? '', cost?.requestUnits.toFixed(1) ?? '');
    cells.push(...timesOf(slowed.figures[name]), String(slowed.figures[name]?.errors ?? ''));
    const own = cairn.figures[name];
    const peer = mlflow?.[name];
    if (own && peer)
      cells.push(
        ...timesOf(peer),
        (own.perSecond / peer.perSecond).toFixed(1),
        (own.p95 / peer.p50).toFixed(2),
      );
    return [name, ...cells];
  });
  const missing =
    mlflow === undefined
      ? '\n\nTHE RATIOS ARE MISSING: MLflow is not installed (make test-mlflow installs it), so its server was not measured.'
      : '';
  return `${columns([[...heads, ...(mlflow ? peerHeads : [])], ...lines])}${missing}`;
}

function timesOf(measured: Measured | undefined): string[] {
  if (!measured) return ['', '', ''];
  const { p50, p95, perSecond } = measured;
  return [p50.toFixed(1), p95.toFixed(1), perSecond.toFixed(0)];
}

function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}
