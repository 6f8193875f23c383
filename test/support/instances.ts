import { fileURLToPath } from 'node:url';
import type { Context } from '../../shared/context.ts';
import { openContext, testEnvironment } from './context.ts';
import { testStorage } from './storage.ts';

/** Contexts of several instances of the app: each has connections of its own to the same stores. */
export async function testInstances(
  count: number,
): Promise<{ instances: Context[]; close(): Promise<void> }> {
  const storage = await testStorage();
  const env = {
    ...process.env,
    ...testEnvironment(storage.connectionString),
    CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('shared-cosmos.ts', import.meta.url)),
  };
  const instances: Context[] = [];
  for (let i = 0; i < count; i++) instances.push(await openContext(env));
  await instances[0]?.stores.createIfMissing();
  return {
    instances,
    async close() {
      for (const { stores } of instances) await stores.close();
      await storage.close();
    },
  };
}
