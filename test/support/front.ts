import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestServer } from './server.ts';

/** A port in front of the router, for processes that reach it by HTTP. `serve` says whose router, once there is one. */
export async function openFront(): Promise<{ url: string; serve(server: TestServer): void; close(): void }> {
  let server: TestServer | undefined;
  const front = createServer((request, response) => {
    bridged(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');

  async function bridged(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!server) throw new Error('No router is served yet.');
    const body = Buffer.concat(await request.toArray());
    const answer = await server.fetch(request.url ?? '/', {
      method: request.method ?? 'GET',
      headers: Object.entries(request.headers).map(
        ([name, value]) => [name, String(value)] as [string, string],
      ),
      ...(body.length > 0 ? { body } : {}),
    });
    response
      .writeHead(answer.status, Object.fromEntries(answer.headers))
      .end(Buffer.from(await answer.arrayBuffer()));
  }

  const address = front.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    serve: (served) => void (server = served),
    close() {
      front.close();
      front.closeAllConnections();
    },
  };
}
