/** Azurite's blob and queue servers, started in this process. */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { journalDatabases } from './journal.ts';
import { sweepGently } from './sweep.ts';

export interface ServersOptions {
  /** Folder for everything Azurite stores; null keeps it in memory. */
  data: string | null;
  /** 0: the system chooses. */
  blobPort: number;
  queuePort: number;
  /** Time between two full writes of the metadata. */
  fullWriteSeconds: number;
}

export interface Servers {
  ports: Ports;
  close(): Promise<void>;
}

export interface Ports {
  blobPort: number;
  queuePort: number;
}

/** The part of Azurite's server classes used here; the package ships no types. */
interface Server {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}
type Construct<T> = { default: new (...args: unknown[]) => T };
type MemoryStores = {
  MemoryExtentChunkStore: new (bytesMax: number) => object;
  DEFAULT_EXTENT_MEMORY_LIMIT: number;
};

/** Longer than any client keeps an idle connection, so that a pooled one is never closed under a request. */
const KEEP_ALIVE_SECONDS = 600;

const require = createRequire(import.meta.url);
const azurite = (path: string): unknown => require(`azurite/dist/src/${path}`);

/** Starts both servers. Several in memory may run in one process, each with contents of its own; one with a folder must be alone. */
export async function startServers(options: ServersOptions): Promise<Servers> {
  if (options.data !== null) {
    mkdirSync(options.data, { recursive: true });
    journalDatabases(createRequire(require.resolve('azurite/package.json')), options.fullWriteSeconds);
  }
  const { default: ExtentStore } = azurite('common/persistence/LokiExtentMetadataStore.js') as {
    default: Parameters<typeof sweepGently>[0];
  };
  sweepGently(ExtentStore);
  const blob = blobServer(options);
  const queue = queueServer(options);
  await blob.start();
  await queue.start();
  return {
    ports: { blobPort: portOf(blob), queuePort: portOf(queue) },
    async close() {
      await Promise.allSettled([blob.close(), queue.close()]);
    },
  };
}

function blobServer({ data, blobPort }: ServersOptions): Server {
  const { default: Configuration } = azurite('blob/BlobConfiguration.js') as Construct<object>;
  const { default: BlobServer } = azurite('blob/BlobServer.js') as Construct<Server>;
  return new BlobServer(new Configuration(...settings(data, 'blob', blobPort)));
}

function queueServer({ data, queuePort }: ServersOptions): Server {
  const { default: Configuration } = azurite('queue/QueueConfiguration.js') as Construct<object>;
  const { default: QueueServer } = azurite('queue/QueueServer.js') as Construct<Server>;
  return new QueueServer(new Configuration(...settings(data, 'queue', queuePort)));
}

/** The constructor arguments that BlobConfiguration and QueueConfiguration share, in their order. */
function settings(data: string | null, service: 'blob' | 'queue', port: number): unknown[] {
  const folder = data ?? '';
  return [
    '127.0.0.1',
    port,
    KEEP_ALIVE_SECONDS,
    join(folder, `__azurite_db_${service}__.json`),
    join(folder, `__azurite_db_${service}_extent__.json`),
    [{ locationId: 'Default', locationPath: join(folder, `__${service}storage__`), maxConcurrency: 50 }],
    false, // access log
    undefined,
    false, // debug log
    undefined,
    false, // loose: refuse what Azurite does not implement
    true, // skipApiVersionCheck: the SDKs are newer than the versions Azurite lists
    '',
    '',
    '',
    undefined, // oauth
    false,
    data === null,
    data === null ? memory() : undefined,
  ];
}

/** Room for the bytes of a server in memory, which goes with it: Azurite's own is one for the whole process. */
function memory(): object {
  const { MemoryExtentChunkStore, DEFAULT_EXTENT_MEMORY_LIMIT } = azurite(
    'common/persistence/MemoryExtentStore.js',
  ) as MemoryStores;
  return new MemoryExtentChunkStore(DEFAULT_EXTENT_MEMORY_LIMIT);
}

function portOf(server: Server): number {
  return Number(new URL(server.getHttpServerAddress()).port);
}
