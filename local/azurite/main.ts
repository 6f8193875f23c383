/**
 * The child process that runs Azurite's blob and queue servers. Its parent is `startAzurite` in `index.ts`:
 * configuration arrives as one JSON argument, the bound ports go back over IPC, and the end of the channel
 * (the parent stopped or died) ends this process.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { journalDatabases } from './journal.ts';

export interface AzuriteArguments {
  /** Folder for everything Azurite stores; null keeps it in memory. */
  data: string | null;
  blobPort: number;
  queuePort: number;
  /** Time between two full writes of the metadata. */
  fullWriteSeconds: number;
}

export type AzuriteReport = { ready: { blobPort: number; queuePort: number } } | { failed: string };

/** The part of Azurite's server classes used here; the package ships no types. */
interface Server {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}
type Construct<T> = { default: new (...args: unknown[]) => T };

/** Longer than any client keeps an idle connection, so that a pooled one is never closed under a request. */
const KEEP_ALIVE_SECONDS = 600;

const require = createRequire(import.meta.url);
const azurite = (path: string): unknown => require(`azurite/dist/src/${path}`);

await main(JSON.parse(process.argv[2] ?? '') as AzuriteArguments);

async function main(args: AzuriteArguments): Promise<void> {
  // A parent that is gone must not leave a server behind, even one still starting.
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the parent decides the order of the shutdown.
  process.on('SIGINT', () => {});

  try {
    if (args.data !== null) {
      mkdirSync(args.data, { recursive: true });
      journalDatabases(createRequire(require.resolve('azurite/package.json')), args.fullWriteSeconds);
    }
    const blob = blobServer(args);
    const queue = queueServer(args);
    await blob.start();
    await queue.start();
    process.on('message', (message) => {
      if (message === 'stop') void stop([blob, queue]);
    });
    report({ ready: { blobPort: portOf(blob), queuePort: portOf(queue) } });
  } catch (error) {
    report({ failed: error instanceof Error ? error.message : String(error) });
    process.disconnect();
  }
}

function report(message: AzuriteReport): void {
  process.send?.(message);
}

async function stop(servers: Server[]): Promise<void> {
  await Promise.allSettled(servers.map((server) => server.close()));
  process.exit(0);
}

function blobServer({ data, blobPort }: AzuriteArguments): Server {
  const { default: Configuration } = azurite('blob/BlobConfiguration.js') as Construct<object>;
  const { default: BlobServer } = azurite('blob/BlobServer.js') as Construct<Server>;
  return new BlobServer(new Configuration(...settings(data, 'blob', blobPort)));
}

function queueServer({ data, queuePort }: AzuriteArguments): Server {
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
  ];
}

function portOf(server: Server): number {
  return Number(new URL(server.getHttpServerAddress()).port);
}
