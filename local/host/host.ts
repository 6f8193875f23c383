/**
 * A Functions host for Node apps of the v4 model: runs an unmodified app built on `@azure/functions` with
 * HTTP, queue and timer triggers, and queue outputs, as the service does.
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdmin } from './admin.ts';
import { chooseAdminKey } from './admin-key.ts';
import { alone, coordinateByBlobs } from './coordination.ts';
import { type Core, createCore } from './core.ts';
import { missing, setEnv } from './environment.ts';
import { describe, HostError } from './errors.ts';
import { callThroughLibrary, openLibraryProxy } from './faithful.ts';
import { type HostedFunction, type QueueAddress, resolveFunctions } from './functions.ts';
import { createHttpServer } from './http.ts';
import { createInFlight, type Track } from './in-flight.ts';
import type { App } from './invoke.ts';
import { closeServer, listen } from './listen.ts';
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
  const inFlight = createInFlight();
  const { track } = inFlight;
  const stopping = new Set<() => void>();
  const listeners: { address: QueueAddress; listener: QueueListener }[] = [];
  const outputs = createQueueWriter(settings.queues.encoding, (written) => {
    for (const { address, listener } of listeners) if (sameQueue(address, written)) listener.wake();
  });
  const id = hostId(appDir, env);
  const adminKey = chooseAdminKey(options.adminKey ?? env['CAIRN_ADMIN_KEY'], options.adminKeyFile);

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
    const seconds = options.drainSecondsMax ?? 30;
    if (!(await inFlight.drained(Promise.all([closed, idle]), seconds))) {
      const message = `Stopped while ${inFlight.count()} invocations were still running after ${seconds} s.`;
      log({ level: 'warning', message });
    }
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
  track: Track;
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
