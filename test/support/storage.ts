import { once } from 'node:events';
import { connect } from 'node:net';
import { connectionStringOf, startAzurite } from '../../local/azurite/index.ts';
import type { Ports } from '../../local/azurite/servers.ts';

export type TestStorage = { readonly connectionString: string; close(): Promise<void> };

/**
 * Blob and queue storage of its own, empty and in memory: an Azurite of those that `storage-servers.ts` runs, or where
 * that does not, as in a benchmark, one in a process of its own.
 */
export async function testStorage(): Promise<TestStorage> {
  const port = process.env['CAIRN_TEST_STORAGE_PORT'];
  if (port === undefined) {
    const azurite = await startAzurite({ data: null });
    return { connectionString: azurite.connectionString, close: () => azurite.stop() };
  }
  const socket = connect(Number(port), '127.0.0.1');
  const [message] = (await once(socket, 'data')) as [Buffer];
  const { blobPort, queuePort } = JSON.parse(message.toString()) as Ports;
  const ended = once(socket, 'close');
  return {
    connectionString: connectionStringOf(blobPort, queuePort),
    async close() {
      socket.end();
      await ended;
    },
  };
}
