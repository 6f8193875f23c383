/** Opening and closing of the HTTP server. */
import type { Server } from 'node:http';
import { HostError } from './errors.ts';

/**
 * Resolves with the port, which the system chose where 0 was asked for.
 * @throws HostError naming the port that is in use.
 */
export function listen(server: Server, port: number, hostname: string): Promise<number> {
  return new Promise((resolvePort, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE';
      reject(
        new HostError(
          busy
            ? `Port ${port} is in use by another program; stop it, or choose another with --port.`
            : `The host cannot listen on ${hostname}:${port}: ${error.message}`,
        ),
      );
    });
    server.listen(port, hostname, () => {
      const address = server.address();
      resolvePort(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Takes no more connections; resolves when the last has ended. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((closed) => {
    // A connection that is kept alive becomes idle only after its answer.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearInterval(sweep);
      closed();
    });
    server.closeIdleConnections();
  });
}
