/**
 * The child process that runs Azurite's blob and queue servers. Its parent is `startAzurite` in `index.ts`:
 * configuration arrives as one JSON argument, the bound ports go back over IPC, and the end of the channel
 * (the parent stopped or died) ends this process.
 */
import { type Ports, type ServersOptions, startServers } from './servers.ts';

export type AzuriteReport = { ready: Ports } | { failed: string };

await main(JSON.parse(process.argv[2] ?? '') as ServersOptions);

async function main(options: ServersOptions): Promise<void> {
  // A parent that is gone must not leave a server behind, even one still starting.
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the parent decides the order of the shutdown.
  process.on('SIGINT', () => {});

  try {
    const servers = await startServers(options);
    process.on('message', (message) => {
      if (message === 'stop') void servers.close().then(() => process.exit(0));
    });
    report({ ready: servers.ports });
  } catch (error) {
    report({ failed: error instanceof Error ? error.message : String(error) });
    process.disconnect();
  }
}

function report(message: AzuriteReport): void {
  process.send?.(message);
}
