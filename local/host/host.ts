/**
 * A Functions host for Node apps of the v4 model: runs an unmodified app built on `@azure/functions` with
 * HTTP, queue and timer triggers, and queue outputs, as the service does.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdmin } from './admin.ts';
import { alone, coordinateByBlobs } from './coordination.ts';
import { type Core, createCore } from './core.ts';
import { describe, HostError, messageOf } from './errors.ts';
import { callThroughLibrary, openLibraryProxy } from './faithful.ts';
import { type HostedFunction, type QueueAddress, resolveFunctions } from './functions.ts';
import { createHttpServer } from './http.ts';
import type { App } from './invoke.ts';
import { loadApp } from './load.ts';
import { type Log, logToStderr } from './log.ts';
import { createQueueWriter } from './outputs.ts';
import { listenQueue, type QueueListener } from './queue.ts';
import { connectionString, type Env, readHostSettings, readLocalSettings } from './settings.ts';
import { type Clock, listenTimer } from './timer.ts';

export interface HostOptions {
  /** Folder of host.json and package.json. */
  appDir: string;
  /** 0: the system chooses. */
  port: number;
  /** Default 127.0.0.1. */
  hostname?: string;
  /** HTTP goes through the library's own proxy, as in Azure; else it is handed over in process. */
  faithful?: boolean;
  /** Added to `process.env`, where an app reads its settings, until the host stops. */
  env?: Env;
  log?: Log;
  /** Default: `CAIRN_ADMIN_KEY`, else the key kept in `adminKeyFile`, else a new one. */
  adminKey?: string;
  /** Keeps a generated admin key, readable by its owner only. */
  adminKeyFile?: string;
  /** Endpoints such as `POST /admin/local/reset`, open to this machine only. */
  localEndpoints?: Record<string, () => Promise<void>>;
  /** Default `refuse`; `allow` runs the alphabetically first, as the service does. */
  overlaps?: 'refuse' | 'allow';
  /** Default 230, as at Azure's front end. */
  idleSecondsMax?: number;
  /** Default 600, as in the service. */
  messageLeaseSeconds?: number;
  /** 15 (default) to 60; how long timers rest after their host has died. */
  timerLeaseSeconds?: number;
  /** How long `stop` waits for what is running; default 30. */
  drainSecondsMax?: number;
  /** Time for timers. */
  clock?: Clock;
}

export interface Host {
  url: string;
  port: number;
  adminKey: string;
  functions: HostedFunction[];
  /** Files of the app that were loaded, relative to its folder. */
  files: string[];
  /** Stops listening, waits for what is running, runs the app's end hooks. Safe to call twice. */
  stop(): Promise<void>;
}

const BODY_BYTES_MAX = 104_857_600;
/** The worker's time for end hooks. */
const TERMINATE_SECONDS = 5;

/**
 * Loads the app and starts its triggers.
 * @throws HostError with the one thing to fix.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const appDir = resolve(options.appDir);
  const log = options.log ?? logToStderr;
  const restoreEnv = setEnv({ ...missing(readLocalSettings(appDir)), ...options.env });
  const undo: (() => unknown)[] = [restoreEnv];
  try {
    return await start(appDir, log, options, undo);
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

async function start(appDir: string, log: Log, options: HostOptions, undo: (() => unknown)[]): Promise<Host> {
  const env = process.env;
  const settings = readHostSettings(appDir, env);
  const core = createCore(log);
  const files = await loadApp(appDir, core);
  const model = core.programmingModel();
  if (model === undefined || core.functions.size === 0) {
    throw new HostError(
      `No function was found in ${appDir} (loaded: ${files.join(', ')}). Does the app call app.http() and the like, ` +
        'and does its bundle leave "@azure/functions-core" external?',
    );
  }
  const appHookData = {};
  await core.runHooks('appStart', { hookData: appHookData, appHookData });
  const proxy = await openLibraryProxy(model);
  undo.push(() => proxy.close());
  core.lock();

  const functions = resolveFunctions(
    core.functions.values(),
    settings.routePrefix,
    env,
    options.overlaps ?? 'refuse',
  );
  const http = functions.filter((fn) => fn.kind === 'http');
  if (http.length > 0 && proxy.port === null) {
    throw new HostError(
      'The app has HTTP functions but no HTTP streaming; call app.setup({ enableHttpStream: true }) in its entry file.',
    );
  }
  if (!options.faithful) proxy.close();

  const app: App = { core, model, log, functionTimeoutMs: settings.functionTimeoutMs };
  const inFlight = new Set<Promise<unknown>>();
  const track = <T>(work: Promise<T>): Promise<T> => {
    inFlight.add(work);
    work.finally(() => inFlight.delete(work)).catch(() => {});
    return work;
  };
  const stopping = new Set<() => void>();
  const listeners: { address: QueueAddress; listener: QueueListener }[] = [];
  const outputs = createQueueWriter(settings.queues.encoding, (written) => {
    for (const { address, listener } of listeners) if (sameQueue(address, written)) listener.wake();
  });
  const id = hostId(appDir, env);
  const adminKey = chooseAdminKey(options, env);

  const server = createHttpServer({
    app,
    functions: http,
    outputs,
    track,
    onStop(end) {
      stopping.add(end);
      return { dispose: () => stopping.delete(end) };
    },
    bodyBytesMax: bodyLimit(env),
    idleSecondsMax: options.idleSecondsMax ?? 230,
    customHeaders: settings.customHeaders,
    homepage: !/^(1|true)$/i.test(env['AzureWebJobsDisableHomepage'] ?? ''),
    admin: createAdmin({
      app,
      id,
      key: adminKey,
      functions,
      outputs,
      local: options.localEndpoints ?? {},
      track,
    }),
    ...(options.faithful && proxy.port !== null && { call: callThroughLibrary(proxy.port) }),
  });
  const hostname = options.hostname ?? '127.0.0.1';
  const port = await listen(server, options.port, hostname);

  for (const fn of functions) {
    if (fn.kind !== 'queue' || fn.disabled) continue;
    const leaseSeconds = options.messageLeaseSeconds ?? 600;
    const listener = listenQueue({ app, fn, settings: settings.queues, outputs, leaseSeconds, track });
    listeners.push({ address: fn.source, listener });
  }
  const timers = startTimers(functions, { app, outputs, track, id, env, options });

  const stopHost = async () => {
    for (const end of stopping) end();
    const closed = closeServer(server);
    const idle = Promise.all([
      ...listeners.map(({ listener }) => listener.stop()),
      ...timers.map((t) => t.stop()),
    ]);
    const drained = (async () => {
      await Promise.all([closed, idle]);
      while (inFlight.size > 0) await Promise.allSettled(inFlight);
    })();
    const bound = new AbortController();
    const seconds = options.drainSecondsMax ?? 30;
    const late = delay(seconds * 1000, 'late', { signal: bound.signal }).catch(() => 'done');
    if ((await Promise.race([drained, late])) === 'late') {
      log({
        level: 'warning',
        message: `Stopped while ${inFlight.size} invocations were still running after ${seconds} s.`,
      });
    }
    bound.abort();
    server.closeAllConnections();
    await terminate(core, appHookData, log);
    proxy.close();
    for (const step of undo.splice(0).toReversed()) await step();
  };
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
    port,
    adminKey,
    functions,
    files,
    stop: () => (stopped ??= stopHost()),
  };
}

interface TimerParts {
  app: App;
  outputs: ReturnType<typeof createQueueWriter>;
  track: <T>(work: Promise<T>) => Promise<T>;
  id: string;
  env: Env;
  options: HostOptions;
}

function startTimers(functions: HostedFunction[], { app, outputs, track, id, env, options }: TimerParts) {
  const timers = functions.filter((fn) => fn.kind === 'timer').filter((fn) => !fn.disabled);
  const stored = env['AzureWebJobsStorage'];
  const coordination =
    stored === undefined || timers.length === 0
      ? alone
      : coordinateByBlobs(connectionString('', env), id, options.timerLeaseSeconds ?? 15, app.log);
  return timers.map((fn) =>
    listenTimer({ app, fn, outputs, track, coordination, clock: options.clock ?? systemClock }),
  );
}

const systemClock: Clock = {
  now: () => Date.now(),
  async wait(ms, signal) {
    await delay(ms, undefined, { signal }).catch(() => {});
  },
};

function listen(server: Server, port: number, hostname: string): Promise<number> {
  return new Promise((resolvePort, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE';
      reject(
        new HostError(
          busy
            ? `Port ${port} is in use by another program; stop it, or choose another with --port.`
            : `The host cannot listen on ${hostname}:${port}: ${error.message}`,
        ),
      );
    });
    server.listen(port, hostname, () => {
      const address = server.address();
      resolvePort(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((closed) => {
    // A connection that is kept alive becomes idle only after its answer.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearInterval(sweep);
      closed();
    });
    server.closeIdleConnections();
  });
}

async function terminate(core: Core, appHookData: object, log: Log): Promise<void> {
  const bound = new AbortController();
  const hooks = core
    .runHooks('appTerminate', { hookData: appHookData, appHookData })
    .catch((error: unknown) => {
      log({ level: 'error', message: `An appTerminate hook failed: ${describe(error)}` });
    });
  await Promise.race([
    hooks,
    delay(TERMINATE_SECONDS * 1000, undefined, { signal: bound.signal }).catch(() => {}),
  ]);
  bound.abort();
}

function chooseAdminKey({ adminKey, adminKeyFile }: HostOptions, env: Env): string {
  const given = adminKey ?? env['CAIRN_ADMIN_KEY'];
  if (given) return given;
  if (adminKeyFile === undefined) return randomBytes(32).toString('base64url');
  if (existsSync(adminKeyFile)) return readFileSync(adminKeyFile, 'utf8').trim();
  const key = randomBytes(32).toString('base64url');
  try {
    mkdirSync(dirname(adminKeyFile), { recursive: true });
    writeFileSync(adminKeyFile, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new HostError(`The admin key cannot be kept in ${adminKeyFile}: ${messageOf(error)}`);
  }
  return key;
}

function bodyLimit(env: Env): number {
  const given = env['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'];
  if (!given) return BODY_BYTES_MAX;
  const bytes = Number(given);
  if (Number.isInteger(bytes) && bytes > 0) return bytes;
  throw new HostError(`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is "${given}"; give a number of bytes.`);
}

function hostId(appDir: string, env: Env): string {
  return (
    env['AzureFunctionsWebHost__hostid'] ||
    `local-${createHash('sha256').update(appDir).digest('hex').slice(0, 16)}`
  );
}

function sameQueue(a: QueueAddress, b: QueueAddress): boolean {
  return a.queueName === b.queueName && a.connectionString === b.connectionString;
}

/** A local setting never takes the place of a variable that is set. */
function missing(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !process.env[name]));
}

function setEnv(values: Env): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(values)) assignEnv(name, value);
  return () => {
    for (const [name, value] of before) assignEnv(name, value);
  };
}

function assignEnv(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
