/**
 * Real-time inference over HTTP: what a model adds to a call that is only parsed and written again, in the same host
 * and router; what going together gains a large model; how long a new instance needs for its first answer; and the
 * same ONNX models behind MLflow's scoring server and MLServer. Whatever is compared is asked in turns. The callers
 * share the machine with what they ask.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack } from '../local/stack.ts';
import { type BenchOptions, type BenchResult, type BenchRow, columns } from './report.ts';
import { echoCall, inferCall } from './serving-calls.ts';
import { benchCold } from './serving-cold.ts';
import { load } from './serving-load.ts';
import { models, slug } from './serving-models.ts';
import { appWithEcho, serve, servingStack } from './serving-stack.ts';
import { type Case, inTurns, type Pace, ratio, summary, type Turn, type Turns } from './serving-turns.ts';
import { benchVersus } from './serving-versus.ts';

/** The budgets of DESIGN.md's section 8. */
const echoShareMin = 0.5;
const togetherRatioMin = 1.5;
const tailRatioMax = 4;

/** Calls of a thousand rows by fifty callers would mostly wait for one another. */
const connectionsByRows: ReadonlyMap<number, number> = new Map([
  [1, 50],
  [32, 50],
  [1024, 8],
]);
const small = 'tiny linear';
const large = '1000 trees';
const alone = `${large}, each call alone`;
const warmUpSeconds = 3;

export async function benchServing({ quick }: BenchOptions): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-serving-'));
  const pace: Pace = quick ? { rounds: 1, seconds: 0.7 } : { rounds: 5, seconds: 1.5 };
  try {
    const appDir = await appWithEcho(join(folder, 'app'));
    const data = join(folder, 'data');
    const turns = await benchOwn(data, appDir, pace);
    const cold = await benchCold(folder, data, appDir);
    const versus = await benchVersus(folder, data, appDir, pace);
    const text = [
      textOf(turns),
      columns([...cold, ...versus.rows].map(({ name, value, unit }) => [name, value.toFixed(1), unit])),
      ...(versus.missing.length > 0
        ? [
            `NOT COMPARED: ${versus.missing.join(' and ')} not installed; \`make bench-peers\` installs what there is (from PyPI).`,
          ]
        : []),
    ].join('\n\n');
    return { rows: [...rowsOf(turns), ...cold, ...versus.rows], text };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchOwn(data: string, appDir: string, pace: Pace): Promise<Turns> {
  const stack = await servingStack(data, appDir);
  try {
    for (const [name, make] of Object.entries(models)) await serve(stack.url, slug(name), make());
    await serve(stack.url, slug(alone), models[large]?.() ?? new Uint8Array(), { micro_batch_rows: 1 });
    // The first thousands of calls pay for the compiler.
    await load(stack.url, inferCall(slug(small), 'JSON', 1), 50, warmUpSeconds);
    const turns = new Map<string, readonly Turn[]>();
    for (const rows of connectionsByRows.keys())
      for (const [name, measured] of await inTurns(casesOf(stack, rows), pace)) turns.set(name, measured);
    return turns;
  } finally {
    await stack.stop();
  }
}

function casesOf({ url, pids }: Stack, rows: number): Case[] {
  const pid = pids.host;
  const connections = connectionsByRows.get(rows) ?? 1;
  const infer = (model: string, form: 'JSON' | 'binary') => ({
    name: nameOf(model, form, rows),
    url,
    call: inferCall(slug(model), form, rows),
    connections,
    pid,
  });
  return [
    { name: nameOf('echo', 'JSON', rows), url, call: echoCall(rows), connections, pid },
    ...Object.keys(models).flatMap((model) => [infer(model, 'JSON'), infer(model, 'binary')]),
    ...(rows === 1 ? [infer(alone, 'JSON')] : []),
  ];
}

const nameOf = (what: string, form: string, rows: number) =>
  `${what}, ${form}, ${rows} ${rows === 1 ? 'row' : 'rows'}`;

const perSecond = (turn: Turn) => turn.perSecond;

function rowsOf(turns: Turns): BenchRow[] {
  const of = (model: string, form: 'JSON' | 'binary') => nameOf(model, form, 1);
  const echo = of('echo', 'JSON');
  const errors = [...turns.values()].flat().reduce((sum, each) => sum + each.errors, 0);
  return [
    ...[...turns].flatMap(([name, each]) => figuresOf(name, summary(each))),
    {
      name: `${of(small, 'JSON')}: throughput, of echo's`,
      value: ratio(turns, of(small, 'JSON'), echo, perSecond),
      unit: '×',
      budget: { min: echoShareMin },
    },
    {
      name: `${of(small, 'JSON')}: p99, of echo's`,
      value: ratio(turns, of(small, 'JSON'), echo, ({ p99 }) => p99),
      unit: '×',
      budget: { max: tailRatioMax },
    },
    {
      name: `${of(small, 'JSON')}: processor time, of echo's`,
      value: ratio(turns, of(small, 'JSON'), echo, (turn) => turn.cpuMicros),
      unit: '×',
    },
    {
      name: `${of(large, 'JSON')}: throughput, of each call alone`,
      value: ratio(turns, of(large, 'JSON'), of(alone, 'JSON'), perSecond),
      unit: '×',
      budget: { min: togetherRatioMin },
    },
    { name: 'answers other than 2xx', value: errors, unit: '', budget: { max: 0 } },
  ];
}

function figuresOf(name: string, { p50, p99, perSecond: calls, cpuMicros }: Turn): BenchRow[] {
  return [
    { name: `${name}: throughput`, value: calls, unit: '/s' },
    { name: `${name}: p50`, value: p50, unit: 'ms' },
    { name: `${name}: p99`, value: p99, unit: 'ms' },
    { name: `${name}: processor time of the host`, value: cpuMicros, unit: 'µs' },
  ];
}

/** A line a model, and of each number of rows: calls a second, the share of echo's, rows a second, times, and processor time of the host. */
function textOf(turns: Turns): string {
  const heads = [...connectionsByRows].flatMap(([rows, connections]) => [
    `${rows} × ${connections}: /s`,
    'of echo',
    'rows/s',
    'p50 ms',
    'p99 ms',
    'cpu µs',
  ]);
  const lines = ['echo', ...Object.keys(models), alone].flatMap((what) =>
    (['JSON', 'binary'] as const).flatMap((form) => {
      const cells = [...connectionsByRows.keys()].flatMap((rows) => cellsOf(turns, what, form, rows));
      return cells.every((cell) => cell === '') ? [] : [[`${what}, ${form}`, ...cells]];
    }),
  );
  return columns([['rows × connections', ...heads], ...lines]);
}

function cellsOf(turns: Turns, what: string, form: string, rows: number): string[] {
  const name = nameOf(what, form, rows);
  const measured = turns.get(name);
  if (measured === undefined) return ['', '', '', '', '', ''];
  const { perSecond: calls, p50, p99, cpuMicros } = summary(measured);
  const share = ratio(turns, name, nameOf('echo', 'JSON', rows), perSecond);
  return [
    calls.toFixed(0),
    share.toFixed(2),
    (calls * rows).toFixed(0),
    p50.toFixed(1),
    p99.toFixed(1),
    cpuMicros.toFixed(0),
  ];
}
