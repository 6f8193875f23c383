import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { azuriteFolder, connectionStringOf, startAzurite } from '../../local/azurite/index.ts';
import { takeLock } from '../../local/lock.ts';
import { storedSegments } from '../../shared/audit/index.ts';
import { openBlobs } from '../../shared/azure/blobs.ts';
import { keyFiles } from '../../shared/azure/key-files.ts';
import { readSettings } from '../../shared/settings.ts';
import type { Opened } from './opened.ts';
import { Unusable } from './unusable.ts';

/** The storage of a stack on this machine: through its own service while it runs, else through one for this once. */
export async function openData(data: string): Promise<Opened> {
  if (!existsSync(azuriteFolder(data)))
    throw new Unusable(`${data} is not the data folder of a stack; name one by --data.`);
  const lock = await takeLock(join(data, 'lock'));
  if ('heldBy' in lock) return opened(data, runningAt(data), () => Promise.resolve());
  try {
    const azurite = await startAzurite({ data: azuriteFolder(data) });
    return opened(data, azurite.connectionString, async () => {
      await azurite.stop();
      lock.release();
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function runningAt(data: string): string {
  const ports = JSON.parse(readFileSync(join(data, 'ports.json'), 'utf8')) as Record<string, number>;
  return connectionStringOf(ports['blobPort'] ?? 0, ports['queuePort'] ?? 0);
}

function opened(data: string, connectionString: string, close: () => Promise<void>): Opened {
  const settings = readSettings({
    AzureWebJobsStorage: connectionString,
    COSMOS_ENDPOINT: 'http://127.0.0.1',
  });
  const folder = join(data, 'keys');
  return {
    source: storedSegments({ stores: { blobs: openBlobs(settings) } }),
    // Asked for keys, an empty folder would be given new ones.
    keys: async () => (existsSync(join(folder, 'signing.pem')) ? keyFiles(folder).publicKeys() : []),
    close,
  };
}
