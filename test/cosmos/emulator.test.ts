import { type Container, CosmosClient, type FeedOptions } from '@azure/cosmos';
import { afterEach, describe, expect, test } from 'vitest';
import {
  EMULATOR_ENDPOINT,
  EMULATOR_KEY,
  type Emulator,
  type EmulatorOptions,
  inProcessHttpClient,
  type Observation,
} from '../../local/cosmos/index.ts';
import { type Account, clientOf, codeOf, openEmulator } from './support.ts';

/** What the emulator adds to the protocol, or models of the service that a test cannot provoke in a real account. */
describe('emulator', () => {
  let account: Account;
  let emulator: Emulator;
  let container: Container;
  let clock: { ms: number };

  afterEach(() => account.close());

  async function start(options: EmulatorOptions = {}): Promise<void> {
    clock = { ms: Date.now() };
    ({ account, emulator } = await openEmulator({ now: () => clock.ms, ...options }));
    container = await account.container('plain');
  }

  describe('authentication', () => {
    test('another key is refused with 401', async () => {
      await start();
      const other = clientOf(emulator, Buffer.from('another key').toString('base64'));
      expect(await codeOf(other.databases.readAll().fetchAll())).toBe(401);
      other.dispose();
    });

    test('a request that is older than 15 minutes is refused', async () => {
      await start();
      clock.ms += 16 * 60_000;
      expect(await codeOf(container.item('a', 'p').read())).toBe(403);
    });

    test.each([true, false])(
      'Entra ID tokens are accepted only where that is asked for: %s',
      async (entra) => {
        await start({ entra });
        const client = new CosmosClient({
          // The client sends tokens over TLS only; in process the address is a name and no more.
          endpoint: EMULATOR_ENDPOINT.replace('http:', 'https:'),
          aadCredentials: {
            getToken: () => Promise.resolve({ token: 'a.b.c', expiresOnTimestamp: Date.now() + 3_600_000 }),
          },
          httpClient: inProcessHttpClient(emulator),
          connectionPolicy: { enableEndpointDiscovery: false },
        });
        const code = await codeOf(
          client.database(account.database.id).container('plain').items.create({ id: 'a', pk: 'p' }),
        );
        expect(code).toBe(entra ? undefined : 401);
        client.dispose();
      },
    );

    test('the account names itself as its only location, and its default consistency is Strong', async () => {
      await start();
      const { resource } = await account.client.getDatabaseAccount();
      expect(resource?.consistencyPolicy).toBe('Strong');
      expect(resource?.writableLocations).toEqual([
        { name: 'Local', databaseAccountEndpoint: `${EMULATOR_ENDPOINT}/` },
      ]);
    });
  });

  describe('time to live', () => {
    test('an item is gone when its time is over, and its id is free', async () => {
      await start();
      const declaration = { id: 'ttl', partitionKey: { paths: ['/pk'] }, defaultTtl: -1 };
      const { container: ttl } = await account.database.containers.create(declaration);
      await ttl.items.create({ id: 'short', pk: 'p', ttl: 10 });
      await ttl.items.create({ id: 'long', pk: 'p' });
      clock.ms += 9_000;
      expect((await ttl.item('short', 'p').read()).statusCode).toBe(200);
      clock.ms += 2_000;
      expect((await ttl.item('short', 'p').read()).statusCode).toBe(404);
      expect((await ttl.items.query('SELECT VALUE c.id FROM c').fetchAll()).resources).toEqual(['long']);
      expect((await ttl.items.create({ id: 'short', pk: 'p' })).statusCode).toBe(201);
    });

    test('the default holds for items that say nothing, counted from their last write', async () => {
      await start();
      const declaration = { id: 'ttl', partitionKey: { paths: ['/pk'] }, defaultTtl: 10 };
      const { container: ttl } = await account.database.containers.create(declaration);
      await ttl.items.create({ id: 'a', pk: 'p' });
      await ttl.items.create({ id: 'forever', pk: 'p', ttl: -1 });
      clock.ms += 8_000;
      await ttl.items.upsert({ id: 'a', pk: 'p' });
      clock.ms += 8_000;
      expect((await ttl.item('a', 'p').read()).statusCode).toBe(200);
      clock.ms += 3_000;
      expect((await ttl.item('a', 'p').read()).statusCode).toBe(404);
      expect((await ttl.item('forever', 'p').read()).statusCode).toBe(200);
    });

    test.each([0, -2, 1.5, null, '10'])('the ttl %j is refused', async (ttl) => {
      await start();
      expect(await codeOf(container.items.create({ id: 'a', pk: 'p', ttl: ttl as number }))).toBe(400);
    });

    test('expired items are purged, index entries and all', async () => {
      await start();
      const declaration = { id: 'ttl', partitionKey: { paths: ['/pk'] }, defaultTtl: 10 };
      const { container: ttl } = await account.database.containers.create(declaration);
      for (let i = 0; i < 50; i++) await ttl.items.create({ id: `i${i}`, pk: 'p' });
      clock.ms += 3_600_000 / 10;
      await ttl.items.create({ id: 'new', pk: 'p' });
      expect(emulator.statistics().items).toBe(1);
    });
  });

  describe('faults', () => {
    test('a throttled request is tried again by the client after the time it was told', async () => {
      await start();
      emulator.faults.inject({ operations: ['create'], outcome: 429, retryAfterMs: 5, count: 2 });
      const { headers } = await container.items.create({ id: 'a', pk: 'p' });
      expect(headers['x-ms-throttle-retry-count']).toBe(2);
    });

    test.each([503, 408] as const)('%i on a create comes back to the caller', async (outcome) => {
      await start();
      emulator.faults.inject({ operations: ['create'], outcome, count: 1 });
      expect(await codeOf(container.items.create({ id: 'a', pk: 'p' }))).toBe(outcome);
      expect((await container.items.create({ id: 'a', pk: 'p' })).statusCode).toBe(201);
    });

    test('a range that is gone comes back as 410 with its substatus', async () => {
      await start();
      emulator.faults.inject({ operations: ['upsert'], outcome: 410, count: 1 });
      const error: unknown = await container.items
        .upsert({ id: 'a', pk: 'p' })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 410, substatus: 1002 });
    });

    test('a connection that breaks after the commit leaves the write done and the caller in doubt', async () => {
      await start();
      emulator.faults.inject({ operations: ['create'], outcome: 'drop', point: 'after', count: 1 });
      expect(await codeOf(container.items.create({ id: 'a', pk: 'p' }))).toBe('REQUEST_SEND_ERROR');
      expect(await codeOf(container.items.create({ id: 'a', pk: 'p' }))).toBe(409);
    });

    test('a connection that breaks before leaves nothing done', async () => {
      await start();
      emulator.faults.inject({ operations: ['create'], outcome: 'drop', point: 'before', count: 1 });
      await codeOf(container.items.create({ id: 'a', pk: 'p' }));
      expect((await container.item('a', 'p').read()).statusCode).toBe(404);
    });

    test('what a probability hits depends on the seed alone', async () => {
      const hits = async (seed: number) => {
        await start({ seed });
        emulator.faults.inject({ operations: ['read'], outcome: 503, probability: 0.5 });
        const codes: unknown[] = [];
        for (let i = 0; i < 20; i++) codes.push(await codeOf(container.item('a', 'p').read()));
        return codes;
      };
      const first = await hits(3);
      expect(await hits(3)).toEqual(first);
      expect(await hits(4)).not.toEqual(first);
      expect(new Set(first)).toEqual(new Set([503, undefined]));
    });

    test('a fault ends when it is taken back', async () => {
      await start();
      const end = emulator.faults.inject({ outcome: 503 });
      expect(await codeOf(container.item('a', 'p').read())).toBe(503);
      end();
      expect(await codeOf(container.item('a', 'p').read())).toBeUndefined();
    });
  });

  describe('request units', () => {
    test('charges follow the published prices of reads and writes', async () => {
      await start();
      const { container: bare } = await account.database.containers.create({
        id: 'bare',
        partitionKey: { paths: ['/pk'] },
        indexingPolicy: { includedPaths: [], excludedPaths: [{ path: '/*' }] },
      });
      const item = (kilobytes: number) => ({
        id: `k${kilobytes}`,
        pk: 'p',
        text: 'x'.repeat(kilobytes * 1024 - 290),
      });
      const write = async (kilobytes: number) => (await bare.items.create(item(kilobytes))).requestCharge;
      // id and _ts are always indexed: two entries at 0.2.
      expect(await write(1)).toBeCloseTo(4.95 + 0.4, 1);
      expect(await write(4)).toBeCloseTo(6.67 + 0.4, 1);
      expect(await write(64)).toBeCloseTo(22.67 + 0.4, 1);
      expect((await bare.item('k1', 'p').read()).requestCharge).toBeCloseTo(2, 1);
      expect((await bare.item('k64', 'p').read({ consistencyLevel: 'Eventual' })).requestCharge).toBeCloseTo(
        4.76,
        1,
      );
      const replaced = await bare.item('k1', 'p').replace(item(1));
      expect(replaced.requestCharge).toBeGreaterThan(9.8);
    });

    test('a filter on an index costs by what it finds, not by what there is', async () => {
      await start();
      for (let i = 0; i < 200; i++) await container.items.create({ id: `i${i}`, pk: 'p', n: i });
      const charge = async (query: string) =>
        (await container.items.query(query, { partitionKey: 'p' }).fetchAll()).requestCharge;
      const one = await charge('SELECT * FROM c WHERE c.n = 7');
      expect(one).toBeLessThan(6);
      expect(await charge('SELECT * FROM c WHERE c.n + 0 = 7')).toBeGreaterThan(one * 2);
      expect(await charge('SELECT TOP 1 * FROM c ORDER BY c.n DESC')).toBeLessThan(6);
    });

    test('over the budget a container answers 429 until it has filled up again', async () => {
      await start({ requestUnitsPerSecond: 100 });
      const bare = new CosmosClient({
        endpoint: EMULATOR_ENDPOINT,
        key: EMULATOR_KEY,
        httpClient: inProcessHttpClient(emulator),
        connectionPolicy: {
          enableEndpointDiscovery: false,
          retryOptions: {
            maxRetryAttemptCount: 0,
            fixedRetryIntervalInMilliseconds: 0,
            maxWaitTimeInSeconds: 0,
          },
        },
      });
      const items = bare.database(account.database.id).container('plain').items;
      const codes: unknown[] = [];
      for (let i = 0; i < 40; i++) codes.push(await codeOf(items.create({ id: `i${i}`, pk: 'p' })));
      const admitted = codes.filter((code) => code === undefined).length;
      expect(admitted).toBeGreaterThan(10);
      expect(admitted).toBeLessThan(20);
      expect(codes.at(-1)).toBe(429);
      clock.ms += 1_000;
      expect(await codeOf(items.create({ id: 'later', pk: 'p' }))).toBeUndefined();
      bare.dispose();
    });
  });

  describe('stale reads', () => {
    const relaxed: FeedOptions = { consistencyLevel: 'Eventual' };
    const names = async (options: FeedOptions, order = '') =>
      (
        await container.items
          .query(`SELECT VALUE c.name FROM c ${order}`, { partitionKey: 'p', ...options })
          .fetchAll()
      ).resources;

    async function change(): Promise<void> {
      await start({ staleReads: { commits: 3, ms: 1000 } });
      for (const id of ['a', 'b', 'c']) await container.items.create({ id, pk: 'p', name: `${id}1` });
      clock.ms += 2_000;
      await container.items.upsert({ id: 'a', pk: 'p', name: 'z2' });
      await container.item('b', 'p').delete();
      await container.items.create({ id: 'd', pk: 'p', name: 'd1' });
    }

    test('a relaxed read sees the old version, a strong one the new', async () => {
      await change();
      const read = async (id: string, options = {}) =>
        (await container.item(id, 'p').read(options)).resource?.['name'] as unknown;
      expect(await read('a', relaxed)).toBe('a1');
      expect(await read('b', relaxed)).toBe('b1');
      expect(await read('d', relaxed)).toBeUndefined();
      expect(await read('a')).toBe('z2');
      expect(await read('b')).toBeUndefined();
      expect(await read('d')).toBe('d1');
    });

    test.each(['', 'ORDER BY c.name', 'ORDER BY c.name DESC', "WHERE c.name >= 'a'"])(
      'a relaxed query sees the old items: %s',
      async (order) => {
        await change();
        const expected = order.endsWith('DESC') ? ['c1', 'b1', 'a1'] : ['a1', 'b1', 'c1'];
        expect(await names(relaxed, order)).toEqual(expected);
        expect(new Set(await names({}, order))).toEqual(new Set(['c1', 'd1', 'z2']));
      },
    );

    test('relaxed queries across partitions are stale too, in pages as well', async () => {
      await change();
      const { resources } = await container.items
        .query('SELECT VALUE c.name FROM c ORDER BY c.name', { ...relaxed, maxItemCount: 1 })
        .fetchAll();
      expect(resources).toEqual(['a1', 'b1', 'c1']);
    });

    test('older commits, and those outside the window, are seen by every read', async () => {
      await change();
      await container.items.create({ id: 'e', pk: 'p', name: 'e1' });
      expect(await names(relaxed, 'ORDER BY c.name')).toEqual(['b1', 'c1', 'z2']);
      clock.ms += 1_001;
      expect(await names(relaxed, 'ORDER BY c.name')).toEqual(['c1', 'd1', 'e1', 'z2']);
    });

    test('a session sees its own writes', async () => {
      await change();
      const { headers } = await container.items.upsert({ id: 'c', pk: 'p', name: 'c2' });
      const options = {
        consistencyLevel: 'Session' as const,
        sessionToken: String(headers['x-ms-session-token']),
      };
      expect(await names(options, 'ORDER BY c.name')).toEqual(['c2', 'd1', 'z2']);
    });

    test('what a failed batch did is never seen', async () => {
      await change();
      clock.ms += 2_000;
      const fails = { operationType: 'Replace' as const, id: 'none', resourceBody: { id: 'none', pk: 'p' } };
      await container.items.batch(
        [{ operationType: 'Upsert', resourceBody: { id: 'a', pk: 'p', name: 'gone' } }, fails],
        'p',
      );
      expect(await names(relaxed, 'ORDER BY c.name')).toEqual(['c1', 'd1', 'z2']);
    });
  });

  test('reset empties the account; deleting the items keeps the containers', async () => {
    await start();
    await container.items.create({ id: 'a', pk: 'p' });
    emulator.deleteItems();
    expect((await container.items.readAll().fetchAll()).resources).toEqual([]);
    emulator.reset();
    expect(await codeOf(container.read())).toBe(404);
  });

  test('an observer sees each request with its kind, status and charge', async () => {
    await start();
    const seen: Observation[] = [];
    emulator.observe((observation) => seen.push(observation));
    await container.items.upsert({ id: 'a', pk: 'p' });
    await container.item('none', 'p').read();
    expect(seen.map(({ operation, status, container: id }) => [operation, status, id])).toEqual([
      ['upsert', 201, 'plain'],
      ['read', 404, 'plain'],
    ]);
    expect(seen[0]?.charge).toBeGreaterThan(5);
  });
});
