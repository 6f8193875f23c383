import {
  type Container,
  type ContainerDefinition,
  CosmosClient,
  type Database,
  PartitionKeyDefinitionVersion,
  PartitionKeyKind,
} from '@azure/cosmos';
import { describe } from 'vitest';
import {
  createEmulator,
  EMULATOR_ENDPOINT,
  EMULATOR_KEY,
  type Emulator,
  type EmulatorOptions,
  inProcessHttpClient,
} from '../../local/cosmos/index.ts';

/**
 * The contract suite runs against the emulator, with one and with four physical ranges. With `COSMOS_ENDPOINT` and
 * `COSMOS_KEY` it runs against that account instead: its database `cairn-contract` must have the containers of
 * {@link CONTAINERS}, which are emptied.
 */
const endpoint = process.env['COSMOS_ENDPOINT'];
const isEmulator = endpoint === undefined;

const DATABASE = 'cairn-contract';

/** The containers of the suite, by id. */
export const CONTAINERS = {
  plain: {
    partitionKey: { paths: ['/pk'], version: PartitionKeyDefinitionVersion.V2 },
    indexingPolicy: {
      indexingMode: 'consistent',
      automatic: true,
      includedPaths: [{ path: '/*' }],
      excludedPaths: [{ path: '/hidden/?' }, { path: '/blob/*' }],
      compositeIndexes: [
        [
          { path: '/team', order: 'ascending' },
          { path: '/n', order: 'descending' },
        ],
      ],
    },
  },
  levels: {
    partitionKey: {
      paths: ['/tenant', '/user', '/session'],
      kind: PartitionKeyKind.MultiHash,
      version: PartitionKeyDefinitionVersion.V2,
    },
  },
  unique: {
    partitionKey: { paths: ['/pk'], version: PartitionKeyDefinitionVersion.V2 },
    uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/email'] }, { paths: ['/first', '/last'] }] },
  },
  nested: { partitionKey: { paths: ['/a/b'], version: PartitionKeyDefinitionVersion.V2 } },
} satisfies Record<string, Omit<ContainerDefinition, 'id'>>;

export type Account = {
  client: CosmosClient;
  database: Database;
  /** An empty container of {@link CONTAINERS}. */
  container(id: keyof typeof CONTAINERS): Promise<Container>;
  close(): Promise<void>;
};

/** Declares the same tests for each kind of account that is at hand. */
export function describeAccount(name: string, tests: (open: () => Promise<Account>) => void): void {
  for (const kind of kinds()) {
    describe(`${name}, ${kind.name}`, () => {
      tests(kind.open);
    });
  }
}

function kinds(): { name: string; open: () => Promise<Account> }[] {
  if (!isEmulator) return [{ name: 'real account', open: openReal }];
  return [1, 4].map((ranges) => ({
    name: `${ranges} range(s)`,
    open: async () => (await openEmulator({ ranges })).account,
  }));
}

/** An emulator of this test's own, in memory unless the options say otherwise, and a client for it. */
export async function openEmulator(
  options: EmulatorOptions = {},
): Promise<{ emulator: Emulator; account: Account }> {
  const emulator = createEmulator(options);
  const client = clientOf(emulator);
  const { database } = await client.databases.createIfNotExists({ id: DATABASE });
  const account: Account = {
    client,
    database,
    async container(id) {
      const { container } = await database.containers.createIfNotExists({
        id,
        ...CONTAINERS[id],
      });
      return container;
    },
    close: () => {
      client.dispose();
      emulator.close();
      return Promise.resolve();
    },
  };
  return { emulator, account };
}

export function clientOf(emulator: Emulator, key = EMULATOR_KEY): CosmosClient {
  return new CosmosClient({
    endpoint: EMULATOR_ENDPOINT,
    key,
    httpClient: inProcessHttpClient(emulator),
    connectionPolicy: { enableEndpointDiscovery: false },
  });
}

function openReal(): Promise<Account> {
  const client = new CosmosClient({ endpoint: endpoint ?? '', key: process.env['COSMOS_KEY'] ?? '' });
  const database = client.database(DATABASE);
  return Promise.resolve({
    client,
    database,
    async container(id) {
      const container = database.container(id);
      const paths = CONTAINERS[id].partitionKey.paths;
      const { resources } = await container.items.readAll<Record<string, unknown>>().fetchAll();
      for (const item of resources) {
        const key = paths.map((path) =>
          path
            .slice(1)
            .split('/')
            .reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], item),
        );
        await container.item(item['id'] as string, key as string[]).delete();
      }
      return container;
    },
    close: () => Promise.resolve(client.dispose()),
  });
}

/** The code of the error that a promise ends with, or undefined where it ends well. */
export async function codeOf(promise: Promise<unknown>): Promise<number | string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    const { code, cause } = error as { code?: number | string; cause?: { code?: number } };
    return code ?? cause?.code ?? String(error);
  }
}

/** The message of the error that a promise ends with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
