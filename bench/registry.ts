/**
 * The registry at scale: ten thousand models of ten versions each, an alias resolved and pages of searches at the
 * beginning, in the middle and at the end, on `make start` and on MLflow's own server with SQLite. What a call costs
 * in requests and request units is read from a meter on the wire.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startStack } from '../local/stack.ts';
import { mlflowPython, mlflowServer } from '../test/mlflow/server.ts';
import { modelName, seedCairn, seedMlflow, versionsEach } from './registry-seed.ts';
import { type BenchOptions, type BenchResult, type BenchRow, columns } from './report.ts';
import { type Measured, measure, Target } from './tracking-load.ts';
import { between, readMeter } from './tracking-meter.ts';

const pageSize = 100;
const clients = 4;
const secondsMax = 2;
const costCalls = 10;
const api = '/api/2.0/mlflow';
/** The cost of the last page, of the first one's. */
const endRatioMax = 1.5;

type Search = {
  readonly name: string;
  readonly kind: 'registered-models' | 'model-versions';
  readonly query: Readonly<Record<string, string>>;
  /** What it finds, of all models. */
  readonly share: number;
};

const searches: readonly Search[] = [
  { name: 'models by name', kind: 'registered-models', query: {}, share: 1 },
  {
    name: 'models of a team, last changed first',
    kind: 'registered-models',
    query: { filter: "tags.team = 'red'", order_by: 'last_updated_timestamp DESC' },
    share: 1 / 3,
  },
  { name: 'versions, last changed first', kind: 'model-versions', query: {}, share: versionsEach },
  {
    name: 'versions of a level, by name',
    kind: 'model-versions',
    query: { filter: "tags.level = 'prod'", order_by: 'name ASC' },
    share: versionsEach / 2,
  },
];
const places = ['beginning', 'middle', 'end'] as const;

type Figure = Measured & { readonly requests?: number; readonly requestUnits?: number };
type Figures = Map<string, Figure>;

export async function benchRegistry({ quick }: BenchOptions): Promise<BenchResult> {
  const models = quick ? 1000 : 10_000;
  const own = await benchCairn(models);
  const peer = mlflowPython('3') === undefined ? undefined : await benchMlflow(models);
  return { rows: rowsOf(own, peer), text: textOf(own, peer) };
}

async function benchCairn(models: number): Promise<Figures> {
  const data = await mkdtemp(join(tmpdir(), 'cairn-registry-'));
  const meter = join(data, 'meter.json');
  try {
    say(`seeding ${models} models of ${versionsEach} versions`);
    await seedCairn(join(data, 'cosmos'), models);
    const stack = await startStack({
      data,
      port: 0,
      env: {
        CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('tracking-meter.ts', import.meta.url)),
        CAIRN_BENCH_METER: meter,
      },
    });
    const target = new Target(stack.url);
    try {
      return await figuresOf(target, models, (search, offset) => walkTo(target, search, offset), meter);
    } finally {
      target.close();
      await stack.stop();
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function benchMlflow(models: number): Promise<Figures> {
  say("MLflow's own server");
  const server = await mlflowServer('3');
  const target = new Target(server.url);
  try {
    seedMlflow(server.database, models);
    // Its tokens are offsets.
    return await figuresOf(target, models, (_, offset) =>
      Promise.resolve(Buffer.from(JSON.stringify({ offset })).toString('base64')),
    );
  } finally {
    target.close();
    await server.stop();
  }
}

async function figuresOf(
  target: Target,
  models: number,
  tokenAt: (search: Search, offset: number) => Promise<string>,
  meter?: string,
): Promise<Figures> {
  const figures: Figures = new Map();
  const run = async (name: string, pathOf: (i: number) => string) => {
    await target.call('GET', pathOf(0));
    const get = (i: number) => ({ method: 'GET', path: pathOf(i) }) as const;
    const load = { clients, iterations: 500, secondsMax };
    const measured = await measure(target, load, (client, i) => get(i * clients + client));
    if (meter !== undefined && measured.errors > 0)
      throw new Error(`${name}: ${measured.errors} calls failed`);
    figures.set(name, { ...measured, ...(meter === undefined ? {} : await costOf(meter, target, pathOf)) });
    const failed = measured.errors > 0 ? `, ${measured.errors} of ${measured.calls} failed` : '';
    say(`${name}: ${measured.perSecond.toFixed(1)}/s, p50 ${measured.p50.toFixed(1)} ms${failed}`);
  };
  const query = (values: Record<string, string>) => String(new URLSearchParams(values));
  await run('alias', (i) => {
    const name = modelName((i * 7919) % models);
    return `${api}/registered-models/alias?${query({ name, alias: 'champion' })}`;
  });
  await run('versions of a model by name', (i) => {
    const filter = `name = '${modelName((i * 7919) % models)}'`;
    return `${api}/model-versions/search?${query({ filter })}`;
  });
  for (const search of searches)
    for (const [place, where] of [0, 0.5, 1].entries()) {
      const last = Math.floor(models * search.share) - pageSize;
      const offset = Math.floor((last * where) / pageSize) * pageSize;
      const page_token = offset === 0 ? '' : await tokenAt(search, offset);
      const path = `${api}/${search.kind}/search?${query({ ...search.query, max_results: String(pageSize), page_token })}`;
      await run(`${search.name}: ${places[place]}`, () => path);
    }
  return figures;
}

async function costOf(meter: string, target: Target, pathOf: (i: number) => string) {
  const before = await readMeter(meter);
  for (let i = 0; i < costCalls; i++) await target.call('GET', pathOf(i));
  const { requests, requestUnits } = between(before, await readMeter(meter));
  return { requests: requests / costCalls, requestUnits: requestUnits / costCalls };
}

/** The token of the page that begins behind `offset` rows; it is good for pages of every size. */
async function walkTo(target: Target, { kind, query }: Search, offset: number): Promise<string> {
  let token = '';
  for (let left = offset; left > 0; ) {
    const max_results = String(Math.min(left, 1000));
    const answer = await target.call<Record<string, unknown>>(
      'GET',
      `${api}/${kind}/search?${String(new URLSearchParams({ ...query, max_results, page_token: token }))}`,
    );
    left -= (answer[kind.replace('-', '_')] as unknown[]).length;
    token = String(answer['next_page_token']);
  }
  return token;
}

function rowsOf(own: Figures, peer: Figures | undefined): BenchRow[] {
  const rows = [...own].flatMap(([name, figure]): BenchRow[] => [
    { name: `${name}: p50`, value: figure.p50, unit: 'ms' },
    { name: `${name}: requests to the store`, value: figure.requests ?? 0, unit: '' },
    { name: `${name}: request units`, value: figure.requestUnits ?? 0, unit: '' },
    ...ratioRows(name, figure, peer?.get(name)),
  ]);
  for (const { name } of searches) {
    const cost = (place: string) => own.get(`${name}: ${place}`)?.requestUnits ?? 0;
    const value = Math.max(cost('middle'), cost('end')) / cost('beginning');
    rows.push({
      name: `${name}: a later page, of the first one's cost`,
      value,
      unit: '×',
      budget: { max: endRatioMax },
    });
  }
  return rows;
}

function ratioRows(name: string, own: Figure, peer: Figure | undefined): BenchRow[] {
  if (!peer) return [];
  return [
    { name: `${name}: p50, mlflow server`, value: peer.p50, unit: 'ms' },
    { name: `${name}: throughput, of mlflow server's`, value: own.perSecond / peer.perSecond, unit: '×' },
  ];
}

function textOf(own: Figures, peer: Figures | undefined): string {
  const head = ['', 'p50 ms', 'requests', 'RU', ...(peer ? ['mlflow p50 ms', 'throughput'] : [])];
  const lines = [...own].map(([name, figure]) => {
    const other = peer?.get(name);
    return [
      name,
      figure.p50.toFixed(1),
      (figure.requests ?? 0).toFixed(1),
      (figure.requestUnits ?? 0).toFixed(1),
      ...(other ? [other.p50.toFixed(1), `${(figure.perSecond / other.perSecond).toFixed(1)} ×`] : []),
    ];
  });
  return columns([head, ...lines]);
}

function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}
