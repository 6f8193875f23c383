import {
  createEmulator,
  type Emulator,
  EMULATOR_ENDPOINT,
  EMULATOR_KEY,
  inProcessHttpClient,
} from '../../local/cosmos/index.ts';

let emulator: Emulator | undefined;
let connections = 0;

/** A Cosmos DB transport for tests of several instances: all connections of this process are to one emulator, closed with the last of them. */
export function createTransport(env: Readonly<Record<string, string | undefined>>) {
  const shared = (emulator ??= createEmulator({
    ranges: Number(env['CAIRN_COSMOS_RANGES'] ?? 1),
    staleReads: env['CAIRN_COSMOS_STALE_READS'] === '1',
  }));
  connections++;
  return Promise.resolve({
    endpoint: EMULATOR_ENDPOINT,
    key: EMULATOR_KEY,
    httpClient: inProcessHttpClient(shared),
    close() {
      if (--connections === 0) {
        emulator = undefined;
        shared.close();
      }
      return Promise.resolve();
    },
  });
}

/** The emulator of the connections that are open, to inject faults. */
export function sharedEmulator(): Emulator {
  if (!emulator) throw new Error('No connection is open.');
  return emulator;
}
