import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { azuriteFolder, startAzurite } from '../../local/azurite/index.ts';
import { takeLock } from '../../local/lock.ts';
import { fullAccess } from '../../shared/access/index.ts';
import { openStores } from '../../shared/azure/index.ts';
import { type Context, platform, randomIds, systemClock } from '../../shared/context.ts';
import { readSettings } from '../../shared/settings.ts';
import { newTrace } from '../../shared/telemetry/index.ts';
import { Unusable } from '../audit-verify/unusable.ts';

export type OpenedContext = { readonly ctx: Context; readonly close: () => Promise<void> };

/** The stores that the environment names, as the app would open them. */
export async function openDeployment(env: NodeJS.ProcessEnv = process.env): Promise<OpenedContext> {
  let settings;
  try {
    settings = readSettings(env);
  } catch (error) {
    throw new Unusable(
      `The environment names no stores: ${(error as Error).message.split('\n').join(' ')} Or give --data.`,
    );
  }
  const stores = await openStores(settings);
  const ctx: Context = {
    principal: platform,
    workspace: '*',
    access: fullAccess,
    requestId: 'restore-check',
    trace: newTrace(),
    clock: systemClock,
    ids: randomIds,
    log: { info() {}, warn() {}, error() {} },
    stores,
    settings,
  };
  return { ctx, close: () => stores.close() };
}

/** The stores of a stack of this machine that does not run. */
export async function openData(folder: string): Promise<OpenedContext> {
  const data = resolve(folder);
  if (!existsSync(azuriteFolder(data)) || !existsSync(join(data, 'cosmos')))
    throw new Unusable(`${folder} is not the data folder of a stack; name one by --data.`);
  const lock = await takeLock(join(data, 'lock'));
  if ('heldBy' in lock)
    throw new Unusable(`A stack (process ${lock.heldBy.pid}) uses ${folder}; stop it before it is checked.`);
  const undo: (() => unknown)[] = [() => lock.release()];
  const close = async () => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const azurite = await startAzurite({ data: azuriteFolder(data) });
    undo.push(() => azurite.stop());
    // The emulator reads the environment of the process.
    process.env['CAIRN_COSMOS_DATA'] = join(data, 'cosmos');
    const { ctx, close: closeStores } = await openDeployment({
      AzureWebJobsStorage: azurite.connectionString,
      CAIRN_COSMOS_TRANSPORT: fileURLToPath(new URL('../../local/cosmos/transport.ts', import.meta.url)),
    });
    undo.push(closeStores);
    return { ctx, close };
  } catch (error) {
    await close();
    throw error;
  }
}
