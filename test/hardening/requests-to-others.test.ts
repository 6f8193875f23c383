import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { surfaces } from '../../functions/http/surfaces.ts';
import { createVersion } from '../../shared/registry/index.ts';
import { inTurns } from '../../shared/turns.ts';
import { guardedServer, type GuardedServer } from '../access/support.ts';

/**
 * The platform asks nobody for anything on a user's behalf: a server on this machine stands for the services of a
 * cloud and of a private network, and counts who connects. (Webhooks to public hosts are the exception; their tests try
 * names that resolve to private addresses, and that change between the look-up and the connection.)
 */

let server: GuardedServer;
let inside: Server;
let port = 0;
let connections = 0;
beforeAll(async () => {
  inside = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
  }).listen(0, '127.0.0.1');
  await once(inside, 'listening');
  const address = inside.address();
  port = typeof address === 'object' && address ? address.port : 0;
  server = await guardedServer({ CAIRN_CALLS_PER_MINUTE: '1000000' });
});
afterAll(async () => {
  await server.close();
  inside.close();
});

const schemes = [
  'http',
  'https',
  'wasbs',
  'abfss',
  's3',
  'gs',
  'hdfs',
  'dbfs',
  'ftp',
  'file',
  'runs',
  'models',
];
const urls = () => [
  ...schemes.map((scheme) => `${scheme}://127.0.0.1:${port}/latest/meta-data`),
  `http://localhost:${port}/`,
  `https://localhost.:${port}/`,
  `http://[::1]:${port}/`,
  `http://[::ffff:127.0.0.1]:${port}/`,
  `http://0x7f.1:${port}/`,
  `http://2130706433:${port}/`,
  `http://0:${port}/`,
  `//127.0.0.1:${port}/`,
  `\\\\127.0.0.1:${port}\\share`,
  `http:127.0.0.1:${port}`,
  `https://user@127.0.0.1:${port}/#@example.org`,
  `https://example.org@127.0.0.1:${port}/`,
];

/** Every field that anything takes a place in, and some more. */
const fieldsWith = (url: string) => ({
  ...Object.fromEntries(
    [
      'url',
      'uri',
      'source',
      'path',
      'input',
      'artifact_location',
      'artifact_path',
      'artifact_uri',
      'name',
      'endpoint',
      'model',
      'model_uri',
      'run_link',
      'scoring_url',
      'target',
      'reference',
      'evaluation',
      'job',
      'issuer',
      'redirect',
      'callback',
      'host',
      'producer',
      'schemaURL',
    ].map((field) => [field, url]),
  ),
  experiment_id: '0',
  events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
  tags: [
    { key: 'cairn.reference', value: url },
    { key: 'cairn.evaluation', value: url },
    { key: 'mlflow.source.git.repoURL', value: url },
  ],
  datasets: [
    { dataset: { name: 'n', digest: 'd', source_type: 'http', source: JSON.stringify({ url, uri: url }) } },
  ],
});

const routes = surfaces
  .flatMap((surface) => surface.routes)
  .filter(({ path, operation }) => !path.startsWith('/ajax-api') && !/stream|events$/.test(operation));

describe('nobody is connected to', () => {
  test('whatever route is given an address in whatever field', async () => {
    const [first = ''] = urls();
    await inTurns(routes, 8, async ({ method, path }) => {
      const filled = path.replaceAll(/\{\w+\*?\}/g, encodeURIComponent(first));
      const body = fieldsWith(first);
      const query = new URLSearchParams({
        ...(body as unknown as Record<string, string>),
        tags: '',
        datasets: '',
        events: '',
      });
      const response = await server.fetch(method === 'GET' ? `${filled}?${query}` : filled, {
        method,
        headers: { authorization: `Bearer ${server.adminToken}`, 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
      });
      await response.arrayBuffer();
    });
    await server.drain();
    expect(connections).toBe(0);
  }, 120_000);

  test('for a model’s source, its reference and evaluation sets, in whatever spelling', async () => {
    await server.admin('POST', '/api/2.0/mlflow/registered-models/create', { name: 'm' });
    const made: number[] = [];
    for (const url of urls()) {
      const { status } = await server.admin('POST', '/api/2.0/mlflow/model-versions/create', {
        name: 'm',
        source: url,
        tags: fieldsWith(url).tags,
      });
      expect(status).toBeLessThan(500);
      made.push(status);
    }
    // Asked for from within, too, as a training that registers its model does.
    for (const url of urls())
      await createVersion(server.ctx, { name: 'm', source: url }).catch((error: unknown) => error);
    await server.drain();
    expect(made.length).toBe(urls().length);
    expect(connections).toBe(0);
  });

  test('for a webhook: each spelling of an inner address is refused', async () => {
    for (const url of urls()) {
      const { status } = await server.admin('POST', '/api/2.0/mlflow/webhooks', {
        name: 'hook',
        url,
        events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
      });
      expect([url, status]).toEqual([url, 400]);
    }
    expect(connections).toBe(0);
  });

  test('for a file to score: what is no blob of the platform is not there', async () => {
    for (const input of urls()) {
      const { status } = await server.admin('POST', '/api/v1/batch-jobs', { endpoint: 'e', input });
      expect([400, 404]).toContain(status);
    }
    expect(connections).toBe(0);
  });

  test('though the listener of these tests hears whoever does', async () => {
    await fetch(`http://127.0.0.1:${port}/`);
    expect(connections).toBe(1);
  });
});
