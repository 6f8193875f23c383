import { fileURLToPath } from 'node:url';
import { startAzurite } from '../../local/azurite/index.ts';
import { openStores } from '../../shared/azure/index.ts';
import { childTrace, type Context, randomIds, systemClock } from '../../shared/context.ts';
import { readSettings } from '../../shared/settings.ts';

export type TestContext = { readonly ctx: Context; close(): Promise<void> };

/** The environment of a stack in this process: an emulator of its own, and the Azurite of the connection string. */
export function testEnvironment(connectionString: string): Record<string, string> {
  return {
    AzureWebJobsStorage: connectionString,
    CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('cosmos.ts', import.meta.url)),
    CAIRN_AUTH: 'off',
  };
}

/** A context on real stores of its own: the Cosmos DB emulator in this process, Azurite in memory. */
export async function testContext(overrides: Partial<Context> = {}): Promise<TestContext> {
  const azurite = await startAzurite({ data: null });
  const settings = readSettings({ ...process.env, ...testEnvironment(azurite.connectionString) });
  const stores = await openStores(settings);
  await stores.createIfMissing();
  const ctx: Context = {
    principal: { id: 'tester', name: 'Tester' },
    workspace: 'default',
    requestId: 'test',
    trace: childTrace(undefined),
    clock: systemClock,
    ids: randomIds,
    log: { info() {}, warn() {}, error() {} },
    stores,
    settings,
    ...overrides,
  };
  return {
    ctx,
    async close() {
      await stores.close();
      await azurite.stop();
    },
  };
}
