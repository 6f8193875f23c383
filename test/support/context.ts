import { fileURLToPath } from 'node:url';
import { fullAccess } from '../../shared/access/index.ts';
import { openStores } from '../../shared/azure/index.ts';
import { type Context, randomIds, systemClock } from '../../shared/context.ts';
import { newTrace } from '../../shared/telemetry/index.ts';
import { readSettings } from '../../shared/settings.ts';
import { testStorage } from './storage.ts';

export type TestContext = { readonly ctx: Context; close(): Promise<void> };

/** The environment of a stack in this process: an emulator of its own, and the Azurite of the connection string. */
export function testEnvironment(connectionString: string): Record<string, string> {
  return {
    AzureWebJobsStorage: connectionString,
    CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('cosmos.ts', import.meta.url)),
    CAIRN_AUTH: 'off',
  };
}

/** A context on the stores that an environment names. */
export async function openContext(env: Readonly<Record<string, string | undefined>>): Promise<Context> {
  const settings = readSettings(env);
  return {
    principal: { id: 'tester', name: 'Tester' },
    workspace: 'default',
    access: fullAccess,
    requestId: 'test',
    trace: newTrace(),
    clock: systemClock,
    ids: randomIds,
    log: { info() {}, warn() {}, error() {} },
    stores: await openStores(settings),
    settings,
  };
}

/** A context on real stores of its own: the Cosmos DB emulator in this process, Azurite in memory. */
export async function testContext(overrides: Partial<Context> = {}): Promise<TestContext> {
  const storage = await testStorage();
  const ctx = await openContext({ ...process.env, ...testEnvironment(storage.connectionString) });
  const { stores } = ctx;
  await stores.createIfMissing();
  return {
    ctx: { ...ctx, ...overrides },
    async close() {
      await stores.close();
      await storage.close();
    },
  };
}
