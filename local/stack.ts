/** The whole platform on one machine: storage, blob events and the Functions host, each stopped with the others. */
import { once } from 'node:events';
import { existsSync, accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AdminToken, adminToken } from './admin-token.ts';
import { type Azurite, azuriteFolder, startAzurite } from './azurite/index.ts';
import { buildIfStale } from './bundle.ts';
import { healthy, type HostProcess, killed, startHostProcess, stopped } from './host-process.ts';
import { type Lock, takeLock } from './lock.ts';
import { StackError } from './stack-error.ts';
import { allowUploads, createStorage } from './storage.ts';
import { type Watcher, watchBlobs } from './watcher.ts';

export interface StackOptions {
  /** Folder that keeps everything; created when missing. One stack at a time may use it. */
  data: string;
  /** Port of the Functions host; 0 lets the system choose. */
  port: number;
  /** Folder of host.json and package.json; default: this project, built when its sources changed. */
  appDir?: string;
  faithful?: boolean;
  /** Asks everyone to sign in; absent, whoever reaches this machine's loopback may do everything. */
  auth?: boolean;
  /** Delay of each Cosmos DB round trip. */
  latencyMs?: number;
  /** Request units a second beyond which Cosmos DB answers 429. */
  ruPerSecondMax?: number;
  /** Opens `POST /admin/local/reset` on this machine. */
  allowReset?: boolean;
  /** Ports of Azurite; absent: those of the last run where free, else new ones. */
  blobPort?: number;
  queuePort?: number;
  /** Added to the environment of the Functions host. */
  env?: Record<string, string>;
  /** What is being done now. */
  progress?: (step: string) => void;
  /** Lines of the Functions host. */
  output?: (line: string) => void;
}

export interface Stack {
  /** The Functions host, and so the tracking URI. */
  url: string;
  data: string;
  connectionString: string;
  /** Key of `/admin`. */
  adminKey: string;
  /** By which the first admin signs in, where everyone must. */
  adminToken: AdminToken | undefined;
  /** What the app registered, a line each. */
  functions: string[];
  /** Process ids of the parts. */
  pids: { host: number; azurite: number };
  /** Resolves with one line when a part ends that was not told to. */
  crashed: Promise<string>;
  /** Drains the host, then stops storage. Safe to call twice. */
  stop(): Promise<void>;
  /** Ends every part at once, as a power cut would. */
  kill(): Promise<void>;
}

export { StackError };

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Starts every part and waits until `GET /health` answers.
 * @throws StackError; nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const undo: (() => unknown)[] = [];
  try {
    return await start(options, undo);
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

async function start(options: StackOptions, undo: (() => unknown)[]): Promise<Stack> {
  const progress = options.progress ?? (() => {});
  const data = prepareFolder(options.data);
  const lock = await lockFolder(data);
  undo.push(() => lock.release());
  const port = await checkPort(options.port);

  if (options.appDir === undefined) await buildIfStale(root, () => progress('Building the app'));

  progress('Starting storage');
  const azurite = await startStorage(options, data);
  undo.push(() => azurite.stop());
  lock.noteChildren([azurite.pid]);
  await createStorage(azurite.connectionString);
  await allowUploads(azurite.connectionString, [`http://127.0.0.1:${port}`, `http://localhost:${port}`]);

  progress('Starting the Functions host');
  const { faithful = false, allowReset = false, output } = options;
  const appDir = resolve(options.appDir ?? root);
  const token = options.auth ? adminToken(data) : undefined;
  const env = { ...settings(options, data, port, azurite), ...access(token), ...options.env };
  const host = await startHostProcess({ port, appDir, data, faithful, allowReset, env, output }, (child) => {
    undo.push(() => killed(child));
    lock.noteChildren([azurite.pid, child.pid ?? -1]);
  });
  const watcher = watchBlobs({
    connectionString: azurite.connectionString,
    container: 'batch-input',
    queue: 'blob-events',
  });
  undo.push(() => watcher.stop());
  await healthy(host);

  return running({ data, azurite, host, watcher, lock, token });
}

interface Parts {
  data: string;
  azurite: Azurite;
  host: HostProcess;
  watcher: Watcher;
  lock: Lock;
  token: AdminToken | undefined;
}

function running({ data, azurite, host, watcher, lock, token }: Parts): Stack {
  let ending = false;
  const crashed = new Promise<string>((tell) => {
    const report = (part: string, code: string) => {
      if (!ending) tell(`${part} ended unexpectedly (${code}).${part === 'Azurite' ? '' : host.lastLines()}`);
    };
    void host.exited.then((code) => report('The Functions host', code));
    void azurite.exited.then((code) => report('Azurite', code));
  });
  const stop = async () => {
    ending = true;
    await watcher.stop();
    await stopped(host);
    await azurite.stop();
    lock.release();
  };
  let stopping: Promise<void> | undefined;
  return {
    url: host.url,
    data,
    connectionString: azurite.connectionString,
    adminKey: readFileSync(join(data, 'admin-key'), 'utf8').trim(),
    adminToken: token,
    functions: host.functions,
    pids: { host: host.child.pid ?? -1, azurite: azurite.pid },
    crashed,
    stop: () => (stopping ??= stop()),
    async kill() {
      ending = true;
      await Promise.all([killed(host.child), azurite.kill()]);
      await watcher.stop();
      lock.release();
    },
  };
}

function prepareFolder(folder: string): string {
  const data = resolve(folder);
  try {
    mkdirSync(data, { recursive: true });
    accessSync(data, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new StackError(`The data folder ${data} cannot be written (${code}); choose another with --data.`);
  }
  return data;
}

async function lockFolder(data: string): Promise<Lock> {
  const lock = await takeLock(join(data, 'lock'));
  if (!('heldBy' in lock)) return lock;
  throw new StackError(
    `Another stack (process ${lock.heldBy.pid}) uses the data folder ${data}; stop it, or choose another folder with --data.`,
  );
}

/** A port that is free now; found out before anything is started. */
async function checkPort(port: number): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    return typeof address === 'object' && address ? address.port : port;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EADDRINUSE') {
      throw new StackError(
        `Port ${port} is in use by another program; stop it, or choose another with --port.`,
      );
    }
    throw new StackError(`Port ${port} cannot be used (${code}); choose another with --port.`);
  } finally {
    probe.close();
  }
}

async function startStorage({ blobPort, queuePort }: StackOptions, data: string): Promise<Azurite> {
  const file = join(data, 'ports.json');
  const last = readPorts(file);
  const folder = azuriteFolder(data);
  let azurite: Azurite;
  try {
    const ports = { blobPort: blobPort ?? last.blobPort, queuePort: queuePort ?? last.queuePort };
    azurite = await startAzurite({ data: folder, ...ports });
  } catch (error) {
    if (blobPort !== undefined || queuePort !== undefined) throw new StackError(oneLine(error));
    // The ports of the last run may be taken by now.
    azurite = await startAzurite({ data: folder }).catch((second: unknown) => {
      throw new StackError(oneLine(second));
    });
  }
  writeFileSync(file, `${JSON.stringify({ blobPort: azurite.blobPort, queuePort: azurite.queuePort })}\n`);
  return azurite;
}

function readPorts(file: string): { blobPort: number; queuePort: number } {
  try {
    const ports: { blobPort?: unknown; queuePort?: unknown } = JSON.parse(readFileSync(file, 'utf8'));
    return { blobPort: Number(ports.blobPort) || 0, queuePort: Number(ports.queuePort) || 0 };
  } catch {
    return { blobPort: 0, queuePort: 0 };
  }
}

/** What retraining may start unless the caller says otherwise: the training of the example. */
const exampleExecutors = { flights: [process.execPath, join(root, 'examples', 'flights', 'retrain.ts')] };

/** What converts other flavours to ONNX, once `make converter` has installed it. */
function converter(): { CAIRN_CONVERTER?: string } {
  const given = process.env['CAIRN_CONVERTER'];
  if (given !== undefined) return { CAIRN_CONVERTER: given };
  const python = join(root, '.venv', 'convert', 'bin', 'python');
  const script = join(root, 'shared', 'conversion', 'python', 'convert.py');
  return existsSync(python) ? { CAIRN_CONVERTER: JSON.stringify([python, '-B', script]) } : {};
}

function settings(
  options: StackOptions,
  data: string,
  port: number,
  azurite: Azurite,
): Record<string, string> {
  return {
    AzureWebJobsStorage: azurite.connectionString,
    AzureWebJobsDisableHomepage: 'true',
    // The app refuses bodies that are too long by itself, and says what to do instead.
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1099511627776',
    // In Azure an empty queue may be polled lazily and a failure may rest; here someone is watching.
    AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:01',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
    FUNCTIONS_WORKER_RUNTIME: 'node',
    CAIRN_LOCAL: '1',
    CAIRN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    CAIRN_EXECUTORS: process.env['CAIRN_EXECUTORS'] ?? JSON.stringify(exampleExecutors),
    ...converter(),
    CAIRN_KEYS_FOLDER: join(data, 'keys'),
    CAIRN_COSMOS_TRANSPORT: join(root, 'local', 'cosmos', 'transport.ts'),
    CAIRN_COSMOS_DATA: join(data, 'cosmos'),
    ...(options.latencyMs !== undefined && { CAIRN_COSMOS_LATENCY_MS: String(options.latencyMs) }),
    ...(options.ruPerSecondMax !== undefined && {
      CAIRN_COSMOS_RU_PER_SECOND: String(options.ruPerSecondMax),
    }),
  };
}

/** Who may do what: everyone everything, or first the admin whose token this is. */
function access(token: AdminToken | undefined): Record<string, string> {
  if (!token) return { CAIRN_AUTH: 'off' };
  return { CAIRN_AUTH: 'on', CAIRN_FIRST_ADMIN: 'admin', CAIRN_ADMIN_TOKEN_HASH: token.hash };
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n').join(' ');
}
