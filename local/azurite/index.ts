/** Azurite (blob and queue) as a child process with durable storage: see `journal.ts`. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AzuriteReport } from './main.ts';
import type { ServersOptions } from './servers.ts';

/** Azurite's published development account. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const STOP_SECONDS_MAX = 10;

export interface AzuriteOptions {
  /** Folder for its files; null keeps everything in memory. */
  data: string | null;
  /** 0 or absent: the system chooses. */
  blobPort?: number;
  queuePort?: number;
  /** Time between two full writes of the metadata, which bound the journal; default 60. */
  fullWriteSeconds?: number;
}

export interface Azurite {
  connectionString: string;
  /** Service endpoints, account included: `http://127.0.0.1:<port>/devstoreaccount1`. */
  blobUrl: string;
  queueUrl: string;
  blobPort: number;
  queuePort: number;
  pid: number;
  /** Resolves with the exit code or signal when the process ends, for whatever reason. */
  exited: Promise<string>;
  /** Saves and stops; safe to call twice. */
  stop(): Promise<void>;
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>;
}

/**
 * Starts Azurite and waits until both services accept connections.
 * @throws Error naming the port or the folder when it cannot start.
 */
export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const args: ServersOptions = {
    data: options.data,
    blobPort: options.blobPort ?? 0,
    queuePort: options.queuePort ?? 0,
    fullWriteSeconds: options.fullWriteSeconds ?? 60,
  };
  const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), [JSON.stringify(args)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A vitest or debugger flag of the parent has no business here.
    execArgv: [],
    env: azuriteEnvironment(),
  });
  const exited = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const { blobPort, queuePort } = await ready(child, exited);
  const blobUrl = `http://127.0.0.1:${blobPort}/${ACCOUNT}`;
  const queueUrl = `http://127.0.0.1:${queuePort}/${ACCOUNT}`;

  return {
    blobUrl,
    queueUrl,
    blobPort,
    queuePort,
    connectionString: connectionStringOf(blobPort, queuePort),
    pid: child.pid ?? -1,
    exited,
    async stop() {
      if (child.connected) child.send('stop');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS_MAX * 1000);
      await exited;
      clearTimeout(timer);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** How an Azurite is reached that listens on these ports of this machine. */
export function connectionStringOf(blobPort: number, queuePort: number): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${ACCOUNT}`,
    `AccountKey=${ACCOUNT_KEY}`,
    `BlobEndpoint=http://127.0.0.1:${blobPort}/${ACCOUNT}`,
    `QueueEndpoint=http://127.0.0.1:${queuePort}/${ACCOUNT}`,
  ].join(';');
}

/** Where `startAzurite({data})` keeps Azurite's files under a stack's data folder. */
export function azuriteFolder(data: string): string {
  return join(data, 'azurite');
}

/** The environment for a process that runs Azurite: other accounts would change the keys. */
export function azuriteEnvironment(): NodeJS.ProcessEnv {
  const { AZURITE_ACCOUNTS: _accounts, AZURITE_DB: _sql, NODE_OPTIONS: _options, ...rest } = process.env;
  return rest;
}

async function ready(child: ChildProcess, exited: Promise<string>) {
  const errors: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors.push(text);
    if (errors.length > 50) errors.shift();
  });
  const report = once(child, 'message').then(([message]) => message as AzuriteReport);
  const first = await Promise.race([report, exited.then((code) => ({ failed: `it ended with ${code}` }))]);
  if ('ready' in first) return first.ready;
  child.kill('SIGKILL');
  throw new Error(`Azurite did not start: ${first.failed} ${errors.join('')}`.trim());
}
