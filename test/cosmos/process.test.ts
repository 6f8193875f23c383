import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CosmosClient } from '@azure/cosmos';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMULATOR_KEY } from '../../local/cosmos/index.ts';
import { createTransport, reset } from '../../local/cosmos/transport.ts';
import { codeOf, messageOf } from './support.ts';

const main = fileURLToPath(new URL('../../local/cosmos/main.ts', import.meta.url));
const rounds = process.env['CAIRN_TEST'] === 'long' ? 40 : 2;

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cosmos-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `npm run cosmos` with the arguments, without npm. */
function run(...args: string[]): { child: ChildProcess; output: () => string; exit: Promise<number | null> } {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text, exit: once(child, 'close').then(() => child.exitCode) };
}

async function serve(...args: string[]) {
  const server = run('--port', '0', ...args);
  while (!server.output().includes('\n')) {
    const ended = await Promise.race([
      server.exit.then(() => true),
      once(server.child.stdout as never, 'data').then(() => false),
    ]);
    if (ended) throw new Error(server.output());
  }
  const endpoint = /http:\S+\d/.exec(server.output())?.[0] ?? '';
  return { ...server, endpoint, client: new CosmosClient({ endpoint, key: EMULATOR_KEY }) };
}

async function containerOf(client: CosmosClient) {
  const { database } = await client.databases.createIfNotExists({ id: 'db' });
  return (await database.containers.createIfNotExists({ id: 'c', partitionKey: { paths: ['/pk'] } }))
    .container;
}

describe('over HTTP', () => {
  test('a default client finds its way, writes, reads and queries', async () => {
    const { client, child, exit } = await serve('--ranges', '2', '--latency', '2ms');
    const container = await containerOf(client);
    await container.items.create({ id: 'é/'.slice(0, 1), pk: '日本', n: 1 });
    expect((await container.item('é', '日本').read()).resource).toMatchObject({ n: 1 });
    expect(
      (await container.items.query('SELECT VALUE c.n FROM c ORDER BY c.n').fetchAll()).resources,
    ).toEqual([1]);
    expect((await container.item('é', '日本').delete()).statusCode).toBe(204);
    client.dispose();
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  test('reset empties the account', async () => {
    const { client, endpoint } = await serve();
    const container = await containerOf(client);
    expect((await fetch(`${endpoint}/_emulator/reset`, { method: 'POST' })).status).toBe(204);
    expect(await codeOf(container.read())).toBe(404);
    client.dispose();
  });

  test(`SIGKILL while 16 clients write loses nothing that was acknowledged, ${rounds} times`, async () => {
    const acknowledged = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      const { client, child, exit } = await serve('--data', folder);
      const container = await containerOf(client);
      const stopAt = acknowledged.size + 150 + round * 7;
      const write = async (worker: number): Promise<void> => {
        for (let i = 0; acknowledged.size < stopAt; i++) {
          const id = `${round}-${worker}-${i}`;
          const batch = [id, `${id}b`].map((each) => ({
            operationType: 'Create' as const,
            resourceBody: { id: each, pk: id, n: i },
          }));
          if (worker % 2) await container.items.batch(batch, id);
          else await container.items.create({ id, pk: id, n: i });
          acknowledged.add(id);
          if (acknowledged.size === stopAt) child.kill('SIGKILL');
        }
      };
      await Promise.allSettled(Array.from({ length: 16 }, (_, worker) => write(worker)));
      await exit;
      client.dispose();
    }
    const { client } = await serve('--data', folder);
    const container = await containerOf(client);
    const { resources } = await container.items.query<string>('SELECT VALUE c.id FROM c').fetchAll();
    const found = new Set(resources);
    expect([...acknowledged].filter((id) => !found.has(id))).toEqual([]);
    // A batch that was cut short is whole or absent.
    const halves = [...found].filter((id) => id.endsWith('b') && !found.has(id.slice(0, -1)));
    expect(halves).toEqual([]);
    const byIndex = await container.items.query<string>('SELECT VALUE c.id FROM c WHERE c.n >= 0').fetchAll();
    expect(new Set(byIndex.resources)).toEqual(found);
    client.dispose();
  }, 300_000);

  test('the help names every option', async () => {
    const { exit, output } = run('--help');
    expect(await exit).toBe(0);
    for (const option of ['--port', '--data', '--latency', '--ru', '--ranges', '--stale-reads', '--entra']) {
      expect(output()).toContain(option);
    }
  });

  test('a busy port ends with 1 and says what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { exit, output } = run('--port', String((other.address() as AddressInfo).port));
    expect(await exit).toBe(1);
    expect(output()).toContain('--port');
    other.close();
  });

  test('a folder that is a file, or in use, ends with 1 and says so', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const wrong = run('--port', '0', '--data', file);
    expect(await wrong.exit).toBe(1);
    expect(wrong.output()).toContain('cannot be opened');
    const { client } = await serve('--data', folder);
    const second = run('--port', '0', '--data', folder);
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain('in use');
    client.dispose();
  });

  test.each([['--ranges', '0'], ['--latency', 'soon'], ['--ru', '-1'], ['--port', 'x'], ['--nonsense']])(
    '%s %s is refused by name',
    async (...args) => {
      const { exit, output } = run(...args);
      expect(await exit).toBe(1);
      expect(output()).toContain(args[0]?.replace('--ranges', 'ranges'));
    },
  );
});

describe('on a worker thread', () => {
  const connect = async (settings: Record<string, string>) => {
    const transport = await createTransport(settings);
    const { endpoint, key, httpClient } = transport;
    const client = new CosmosClient({
      endpoint,
      key,
      httpClient,
      connectionPolicy: { enableEndpointDiscovery: false },
    });
    const close = async () => {
      client.dispose();
      await transport.close();
    };
    return { client, transport, close };
  };

  test('data in a folder is there for the next connection, and connections at one time share it', async () => {
    const settings = { CAIRN_COSMOS_DATA: folder };
    const [first, second] = await Promise.all([connect(settings), connect(settings)]);
    await (await containerOf(first.client)).items.create({ id: 'a', pk: 'p' });
    expect((await (await containerOf(second.client)).item('a', 'p').read()).statusCode).toBe(200);
    await first.close();
    expect((await (await containerOf(second.client)).item('a', 'p').read()).statusCode).toBe(200);
    await second.close();
    const third = await connect(settings);
    expect((await (await containerOf(third.client)).item('a', 'p').read()).statusCode).toBe(200);
    await third.close();
  });

  test('reset deletes the items and keeps the containers', async () => {
    const { client, close } = await connect({ CAIRN_COSMOS_RANGES: '4' });
    const container = await containerOf(client);
    await container.items.create({ id: 'a', pk: 'p' });
    await reset({});
    expect((await container.items.readAll().fetchAll()).resources).toEqual([]);
    await close();
  });

  test('the settings reach the emulator: four ranges, and a budget', async () => {
    const { client, close } = await connect({
      CAIRN_COSMOS_RANGES: '4',
      CAIRN_COSMOS_RU: '50',
      CAIRN_COSMOS_LATENCY_MS: '1',
    });
    const container = await containerOf(client);
    expect((await container.readPartitionKeyRanges().fetchAll()).resources).toHaveLength(4);
    let retries = 0;
    for (let i = 0; i < 14; i++) {
      const { headers } = await container.items.create({ id: `i${i}`, pk: 'p' });
      retries += Number(headers['x-ms-throttle-retry-count']);
    }
    expect(retries).toBeGreaterThan(0);
    await close();
  });

  test('a setting that is not valid is refused by name', async () => {
    expect(await messageOf(createTransport({ CAIRN_COSMOS_RU: 'many' }))).toContain('CAIRN_COSMOS_RU');
    expect(await messageOf(createTransport({ CAIRN_COSMOS_RANGES: '0' }))).toContain('ranges');
  });
});
