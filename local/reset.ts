/** Empties every store of the local stack, from inside the Functions host's process. */
import { pathToFileURL } from 'node:url';
import { emptyStorage } from './storage.ts';

interface TransportModule {
  /** Deletes every document; databases and containers stay. */
  reset(env: NodeJS.ProcessEnv): Promise<void>;
}

/** Runs with the settings the stack gave the host. */
export async function resetStores(): Promise<void> {
  const { AzureWebJobsStorage: storage, CAIRN_COSMOS_TRANSPORT: transport } = process.env;
  if (storage) await emptyStorage(storage);
  if (!transport) return;
  // The module is the one the app has loaded, and so reaches the same store.
  const module = (await import(pathToFileURL(transport).href)) as TransportModule;
  await module.reset(process.env);
}
