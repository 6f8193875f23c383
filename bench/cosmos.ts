/**
 * The Cosmos DB emulator through the official client in one process, and plain `node:sqlite` beside it: what the
 * protocol, the client and the index cost on top of the store. Rates are per second of this process's processor time,
 * client included, so that other work on the machine does not show; times are medians.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Container, CosmosClient } from '@azure/cosmos';
import {
  createEmulator,
  EMULATOR_ENDPOINT,
  EMULATOR_KEY,
  inProcessHttpClient,
} from '../local/cosmos/index.ts';
import { type BenchRow, table } from './report.ts';

const WIDTH = 32;
const CREATES = 10_000;
const READS = 5_000;
const LOADED = 100_000;
const PER_PARTITION = 20;
const LARGE_PARTITION = 20_000;

/** Local figures; each budget holds on two shared cores. */
export async function benchCosmos(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cosmos-bench-'));
  try {
    const floor = sqliteFloor(folder);
    const memory = await withContainer(null, measureWrites);
    const disk = await withContainer(join(folder, 'emulator'), measureWrites);
    const queries = await withContainer(null, measureQueries);
    return [
      {
        name: 'create, 32 parallel, in memory',
        value: memory.createsPerSecond,
        unit: '/s',
        budget: { min: 3000 },
      },
      { name: 'create, 32 parallel, in a folder', value: disk.createsPerSecond, unit: '/s' },
      {
        name: 'plain node:sqlite insert, a commit each, in a folder',
        value: floor.insertsPerSecond,
        unit: '/s',
      },
      {
        name: 'create in a folder, of the plain insert',
        value: disk.createsPerSecond / floor.insertsPerSecond,
        unit: '×',
      },
      { name: 'point read, p50', value: memory.readMs, unit: 'ms', budget: { max: 0.5 } },
      { name: 'plain node:sqlite get and parse, p50', value: floor.readMs, unit: 'ms' },
      { name: 'point read, of the plain get', value: memory.readMs / floor.readMs, unit: '×' },
      {
        name: '100k items: query of one partition, p50',
        value: queries.partitionMs,
        unit: 'ms',
        budget: { max: 5 },
      },
      { name: '100k items: filter over all partitions, p50', value: queries.crossMs, unit: 'ms' },
      { name: '20k items in one partition: ordered page of 100, p50', value: queries.orderedMs, unit: 'ms' },
      {
        name: '20k items in one partition: filtered and ordered page of 100, p50',
        value: queries.filteredMs,
        unit: 'ms',
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withContainer<T>(
  data: string | null,
  measure: (container: Container) => Promise<T>,
): Promise<T> {
  const emulator = createEmulator({ data });
  const client = new CosmosClient({
    endpoint: EMULATOR_ENDPOINT,
    key: EMULATOR_KEY,
    httpClient: inProcessHttpClient(emulator),
    connectionPolicy: { enableEndpointDiscovery: false },
  });
  const { database } = await client.databases.create({ id: 'bench' });
  const { container } = await database.containers.create({
    id: 'runs',
    partitionKey: { paths: ['/experiment'] },
  });
  try {
    return await measure(container);
  } finally {
    client.dispose();
    emulator.close();
  }
}

async function measureWrites(container: Container): Promise<{ createsPerSecond: number; readMs: number }> {
  await parallel(500, async (i) => void (await container.items.create(document(CREATES + i))));
  const started = process.cpuUsage();
  await parallel(CREATES, async (i) => void (await container.items.create(document(i))));
  const createsPerSecond = CREATES / secondsSince(started);
  const readMs = await median(READS, async (i) => {
    const { id, experiment } = document(i);
    await container.item(id, experiment).read();
  });
  return { createsPerSecond, readMs };
}

type QueryFigures = { partitionMs: number; crossMs: number; orderedMs: number; filteredMs: number };

async function measureQueries(container: Container): Promise<QueryFigures> {
  const batches = LOADED / PER_PARTITION;
  await parallel(batches, (i) => load(container, i * PER_PARTITION, PER_PARTITION, `e${i}`));
  await parallel(LARGE_PARTITION / 100, (i) => load(container, LOADED + i * 100, 100, 'large'));
  const query = (text: string, partitionKey?: string) =>
    container.items
      .query(text, { maxItemCount: 100, ...(partitionKey !== undefined && { partitionKey }) })
      .fetchNext();
  const ordered = 'SELECT * FROM c ORDER BY c.metrics.loss';
  const filtered = "SELECT * FROM c WHERE c.status = 'FINISHED' ORDER BY c.metrics.loss DESC";
  return {
    partitionMs: await median(400, (i) => query(filtered, `e${(i * 7) % batches}`)),
    crossMs: await median(20, (i) => query(`SELECT * FROM c WHERE c.name = 'run ${i * 991}'`)),
    orderedMs: await median(50, () => query(ordered, 'large')),
    filteredMs: await median(50, () => query(filtered, 'large')),
  };
}

async function load(container: Container, from: number, count: number, experiment: string): Promise<void> {
  const operations = Array.from({ length: count }, (_, i) => ({
    operationType: 'Create' as const,
    resourceBody: { ...document(from + i), experiment },
  }));
  const { code } = await container.items.batch(operations, experiment);
  if (code !== 200) throw new Error(`The load failed with ${code}.`);
}

/** About 0.7 KB, with the properties of a run. */
function document(i: number) {
  return {
    id: `run-${i}`,
    experiment: `e${Math.floor(i / PER_PARTITION)}`,
    type: 'run',
    v: 1,
    name: `run ${i}`,
    status: ['RUNNING', 'FINISHED', 'FAILED'][i % 3] ?? '',
    startTime: 1_700_000_000_000 + i * 1000,
    endTime: 1_700_000_060_000 + i * 1000,
    params: { lr: '0.01', depth: String(i % 12), optimizer: 'adam' },
    metrics: { loss: ((i * 7919) % 10_007) / 10_007, accuracy: ((i * 104_729) % 9973) / 9973 },
    tags: ['nightly', `user-${i % 17}`],
    note: 'x'.repeat(330),
  };
}

function sqliteFloor(folder: string): { insertsPerSecond: number; readMs: number } {
  const db = new DatabaseSync(join(folder, 'floor.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  db.exec('CREATE TABLE items (seq INTEGER PRIMARY KEY, pk TEXT, id TEXT, body TEXT, UNIQUE (pk, id))');
  const insert = db.prepare('INSERT INTO items (pk, id, body) VALUES (?, ?, ?)');
  const started = process.cpuUsage();
  for (let i = 0; i < CREATES; i++) {
    const item = document(i);
    insert.run(item.experiment, item.id, JSON.stringify(item));
  }
  const insertsPerSecond = CREATES / secondsSince(started);
  const get = db.prepare('SELECT body FROM items WHERE pk = ? AND id = ?');
  const times = Array.from({ length: READS }, (_, i) => {
    const { id, experiment } = document(i);
    const before = performance.now();
    const row = get.get(experiment, id) as { body: string };
    JSON.parse(row.body);
    return performance.now() - before;
  });
  db.close();
  return { insertsPerSecond, readMs: middle(times) };
}

async function parallel(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

async function median(count: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await work(i);
    times.push(performance.now() - started);
  }
  return middle(times);
}

function secondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}

function middle(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${table(await benchCosmos())}\n`);
}
