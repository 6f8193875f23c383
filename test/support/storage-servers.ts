/**
 * The process that runs the storage of all tests: an Azurite for each connection to it, with ports and contents of
 * its own, gone when the connection ends. Starting one costs milliseconds where a process for each would cost
 * most of a second, and its code stays warm. Its parent is `storage-setup.ts`.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { startServers } from '../../local/azurite/servers.ts';

process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});

const server = createServer((socket) => void serve(socket)).listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.(server.address());

async function serve(socket: Socket): Promise<void> {
  const closed = once(socket.resume(), 'close');
  const servers = await startServers({ data: null, blobPort: 0, queuePort: 0, fullWriteSeconds: 60 });
  socket.write(JSON.stringify(servers.ports));
  await closed;
  await servers.close();
}
