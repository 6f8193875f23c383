import { fileURLToPath } from 'node:url';
import { CosmosClient, type Database, PartitionKeyKind } from '@azure/cosmos';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDocuments } from '../../shared/azure/cosmos.ts';
import { cosmosDatabase } from '../../shared/resources.ts';
import { readSettings } from '../../shared/settings.ts';
import { testEnvironment } from '../support/context.ts';
import { createTransport } from '../support/shared-cosmos.ts';
import { type Account, codeOf, messageOf, openEmulator } from './support.ts';

/** Databases and containers: a real account makes them by its management plane, so this is about the emulator only. */
describe('databases and containers', () => {
  let account: Account;
  let database: Database;

  beforeEach(async () => {
    ({ account } = await openEmulator({ ranges: 4 }));
    ({ database } = account);
  });
  afterEach(() => account.close());

  const partitionKey = { paths: ['/pk'] };

  test('databases are created once, listed, queried, read and deleted', async () => {
    await account.client.databases.create({ id: 'other' });
    expect(await codeOf(account.client.databases.create({ id: 'other' }))).toBe(409);
    const listed = await account.client.databases.readAll().fetchAll();
    expect(listed.resources.map(({ id }) => id)).toContain('other');
    const query = {
      query: 'SELECT * FROM d WHERE d.id = @id',
      parameters: [{ name: '@id', value: 'other' }],
    };
    expect((await account.client.databases.query(query).fetchAll()).resources).toHaveLength(1);
    await account.client.database('other').delete();
    expect(await codeOf(account.client.database('other').read())).toBe(404);
  });

  test('a container comes back with its declaration, and the default policy where it has none', async () => {
    const { resource } = await database.containers.create({ id: 'c', partitionKey, defaultTtl: 60 });
    expect(resource).toMatchObject({
      id: 'c',
      defaultTtl: 60,
      partitionKey: { paths: ['/pk'], kind: 'Hash', version: 2 },
      indexingPolicy: {
        indexingMode: 'consistent',
        includedPaths: [{ path: '/*' }],
        excludedPaths: [{ path: '/"_etag"/?' }],
      },
    });
    expect((await database.container('c').read()).resource).toEqual(resource);
    expect(await codeOf(database.containers.create({ id: 'c', partitionKey }))).toBe(409);
    expect((await database.containers.readAll().fetchAll()).resources).toHaveLength(1);
  });

  test('the items of a deleted container are gone when it is made again', async () => {
    await database.containers.create({ id: 'c', partitionKey });
    await database.container('c').items.create({ id: 'a', pk: 'p' });
    await database.container('c').delete();
    expect(await codeOf(database.container('c').items.create({ id: 'a', pk: 'p' }))).toBe(404);
    await database.containers.create({ id: 'c', partitionKey });
    expect((await database.container('c').items.readAll().fetchAll()).resources).toEqual([]);
  });

  test('a new indexing policy holds for the items that are there', async () => {
    const { container, resource } = await database.containers.create({ id: 'c', partitionKey });
    for (let n = 0; n < 5; n++) await container.items.create({ id: `i${n}`, pk: 'p', n, m: -n });
    const byBoth = container.items.query('SELECT VALUE c.n FROM c ORDER BY c.m, c.n', { partitionKey: 'p' });
    expect(await codeOf(byBoth.fetchAll())).toBe(400);
    const compositeIndexes = [
      [
        { path: '/m', order: 'ascending' as const },
        { path: '/n', order: 'ascending' as const },
      ],
    ];
    await container.replace({
      ...resource,
      id: 'c',
      partitionKey,
      indexingPolicy: { ...resource?.indexingPolicy, compositeIndexes },
    });
    const again = container.items.query('SELECT VALUE c.n FROM c ORDER BY c.m, c.n', { partitionKey: 'p' });
    expect((await again.fetchAll()).resources).toEqual([4, 3, 2, 1, 0]);
  });

  test('the partition key of a container cannot change', async () => {
    const { container } = await database.containers.create({ id: 'c', partitionKey });
    expect(await codeOf(container.replace({ id: 'c', partitionKey: { paths: ['/other'] } }))).toBe(400);
  });

  test('throughput is read back as an offer', async () => {
    const { container } = await database.containers.create({ id: 'c', partitionKey, throughput: 700 });
    expect((await container.readOffer()).resource?.content?.offerThroughput).toBe(700);
  });

  test('the physical ranges cover all hashes without gap or overlap', async () => {
    const { container } = await database.containers.create({ id: 'c', partitionKey });
    const { resources } = await container.readPartitionKeyRanges().fetchAll();
    expect(resources).toHaveLength(4);
    expect(resources[0]?.minInclusive).toBe('');
    expect(resources.at(-1)?.maxExclusive).toBe('FF');
    for (const [i, range] of resources.slice(1).entries())
      expect(range.minInclusive).toBe(resources[i]?.maxExclusive);
  });

  test.each<[string, object, RegExp]>([
    [
      'an index path without ending',
      { indexingPolicy: { includedPaths: [{ path: '/*' }, { path: '/a' }] } },
      /\/\? or \/\*/,
    ],
    [
      'a policy without the root path',
      { indexingPolicy: { includedPaths: [{ path: '/a/?' }] } },
      /root path/,
    ],
    [
      'a composite index of one path',
      { indexingPolicy: { compositeIndexes: [[{ path: '/a' }]] } },
      /two paths/,
    ],
    ['a spatial index', { indexingPolicy: { spatialIndexes: [{ path: '/a/*' }] } }, /spatialIndexes/],
    ['a time to live of 0', { defaultTtl: 0 }, /defaultTtl/],
    [
      'four partition key levels',
      { partitionKey: { paths: ['/a', '/b', '/c', '/d'], kind: PartitionKeyKind.MultiHash } },
      /1 to 3/,
    ],
    ['a wildcard in the partition key', { partitionKey: { paths: ['/a/*'] } }, /partitionKey/],
  ])('%s is refused in words that name it', async (_, declaration, message) => {
    const body = { id: 'c', partitionKey, ...declaration };
    expect(await messageOf(database.containers.create(body as never))).toMatch(message);
  });

  test.each<[string, (database: Database) => Promise<unknown>]>([
    [
      'stored procedures',
      (db) => db.container('c').scripts.storedProcedures.create({ id: 's', body: 'function () {}' }),
    ],
    ['triggers', (db) => db.container('c').scripts.triggers.readAll().fetchAll()],
    [
      'user defined functions',
      (db) => db.container('c').scripts.userDefinedFunctions.create({ id: 'u', body: 'function () {}' }),
    ],
    ['users and permissions', (db) => db.users.create({ id: 'u' })],
  ])('%s are refused by name', async (name, use) => {
    await database.containers.create({ id: 'c', partitionKey });
    expect(await messageOf(use(database))).toContain(name);
    expect(await codeOf(use(database))).toBe(400);
  });

  test('containers that an older release made get the indexes of this one', async () => {
    const transport = await createTransport({});
    const { database: old } = await new CosmosClient(transport).databases.create({ id: cosmosDatabase });
    await old.containers.create({
      id: 'jobs',
      partitionKey: { paths: ['/jobId'], kind: PartitionKeyKind.Hash },
    });
    const module = fileURLToPath(new URL('../support/shared-cosmos.ts', import.meta.url));
    const environment = { ...testEnvironment('UseDevelopmentStorage=true'), CAIRN_COSMOS_TRANSPORT: module };
    const documents = await openDocuments(readSettings(environment));
    await documents.createIfMissing();
    const newest = { text: 'SELECT * FROM c ORDER BY c.createdAt DESC, c.jobId ASC' };
    expect(await documents('jobs').query(newest)).toEqual([]);
    await documents.close();
    await transport.close();
  });
});
