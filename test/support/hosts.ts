import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectionStringOf, startAzurite } from '../../local/azurite/index.ts';
import { buildIfStale } from '../../local/bundle.ts';
import { createEmulator, EMULATOR_KEY } from '../../local/cosmos/index.ts';
import { listen } from '../../local/cosmos/server.ts';
import { healthy, type HostProcess, killed, startHostProcess, stopped } from '../../local/host-process.ts';
import { createStorage } from '../../local/storage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export type RunningHosts = {
  /** The address of each host. */
  readonly urls: readonly string[];
  /** Environment that names their stores. */
  readonly env: Readonly<Record<string, string>>;
  /** What the app of a host registered, a line each. */
  functions(host: number): readonly string[];
  /** What a host has said so far, a line each. */
  output(host: number): readonly string[];
  /** The process of a host. */
  pid(host: number): number;
  /** Ends a host as a power cut would. */
  kill(host: number): Promise<void>;
  /** Starts a host again that was killed, at the same address. */
  restart(host: number): Promise<void>;
  stop(): Promise<void>;
};

type HostOptions = {
  /** Blobs are in memory unless they are to be on disk. */
  readonly isOnDisk?: boolean;
  /** What is set for one host only, by its place. */
  readonly envOf?: readonly Readonly<Record<string, string>>[];
  /** Delay of each Cosmos DB round trip, and the request units a second beyond which it answers 429. */
  readonly cosmos?: { readonly latencyMs?: number; readonly requestUnitsPerSecond?: number };
  /** Puts something between the hosts and their stores, and says where that is. */
  readonly between?: (stores: StoreUrls) => Promise<StoreUrls>;
};

/** Addresses without a path. */
export type StoreUrls = { readonly documents: string; readonly blobs: string; readonly queues: string };

/** Several instances of the app, each a Functions host in a process of its own, on the same stores in this one. */
export async function startedHosts(
  count: number,
  env: Readonly<Record<string, string>> = {},
  { isOnDisk = false, envOf = [], cosmos: account = {}, between }: HostOptions = {},
): Promise<RunningHosts> {
  await buildIfStale(root, () => undefined);
  const data = await mkdtemp(join(tmpdir(), 'cairn-hosts-'));
  const azurite = await startAzurite({ data: isOnDisk ? join(data, 'azurite') : null });
  const emulator = createEmulator(account);
  const cosmos = await listen(emulator, 0);
  await createStorage(azurite.connectionString);
  const direct = {
    documents: cosmos.endpoint,
    blobs: new URL(azurite.blobUrl).origin,
    queues: new URL(azurite.queueUrl).origin,
  };
  const stores = (await between?.(direct)) ?? direct;
  const portOf = (url: string) => Number(new URL(url).port);
  const settings = {
    AzureWebJobsStorage: connectionStringOf(portOf(stores.blobs), portOf(stores.queues)),
    AzureWebJobsDisableHomepage: 'true',
    AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:01',
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
    FUNCTIONS_WORKER_RUNTIME: 'node',
    CAIRN_AUTH: 'off',
    CAIRN_LOCAL: '1',
    COSMOS_ENDPOINT: stores.documents,
    COSMOS_KEY: EMULATOR_KEY,
    ...env,
  };
  const hosts: HostProcess[] = [];
  const outputs: string[][] = [];
  const start = async (at: number, port: number): Promise<HostProcess> => {
    const own = { ...settings, ...envOf[at] };
    const options = { port, appDir: root, data, faithful: false, allowReset: false, env: own };
    const said = (outputs[at] ??= []);
    const host = await startHostProcess({ ...options, output: (line) => said.push(line) }, () => undefined);
    await healthy(host);
    return host;
  };
  const stop = async () => {
    await Promise.all(hosts.map(stopped));
    await cosmos.close();
    emulator.close();
    await azurite.stop();
    await rm(data, { recursive: true, force: true });
  };
  try {
    for (let i = 0; i < count; i++) hosts.push(await start(i, 0));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urls: hosts.map(({ url }) => url),
    env: settings,
    functions: (host) => hosts[host]?.functions ?? [],
    output: (host) => outputs[host] ?? [],
    pid: (host) => hosts[host]?.child.pid ?? -1,
    kill: async (host) => {
      const { child } = hosts[host] ?? {};
      if (child) await killed(child);
    },
    restart: async (host) => {
      hosts[host] = await start(host, portOf(hosts[host]?.url ?? ''));
    },
    stop,
  };
}
