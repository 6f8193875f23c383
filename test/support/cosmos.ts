import {
  createEmulator,
  EMULATOR_ENDPOINT,
  EMULATOR_KEY,
  inProcessHttpClient,
} from '../../local/cosmos/index.ts';

/**
 * A Cosmos DB transport for tests: an emulator in this process, in memory, new with each connection.
 * `CAIRN_COSMOS_RANGES` and `CAIRN_COSMOS_STALE_READS` choose its mode, so that a whole suite can run in another one.
 */
export function createTransport(env: Readonly<Record<string, string | undefined>>) {
  const emulator = createEmulator({
    ranges: Number(env['CAIRN_COSMOS_RANGES'] ?? 1),
    staleReads: env['CAIRN_COSMOS_STALE_READS'] === '1',
  });
  return Promise.resolve({
    endpoint: EMULATOR_ENDPOINT,
    key: EMULATOR_KEY,
    httpClient: inProcessHttpClient(emulator),
    close: () => Promise.resolve(emulator.close()),
  });
}
