import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { azuriteEnvironment } from '../../local/azurite/index.ts';

/** Starts the process that runs the storage of all tests, and stops it when they are done. */
export default async function setup(): Promise<() => Promise<void>> {
  const child = fork(fileURLToPath(new URL('storage-servers.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    env: azuriteEnvironment(),
  });
  const exited = once(child, 'exit');
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  process.env['CAIRN_TEST_STORAGE_PORT'] = String(port);
  return async () => {
    child.disconnect();
    await exited;
  };
}
