import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobContainers } from '../../shared/resources.ts';
import { inTurns } from '../../shared/turns.ts';
import { guardedServer, type GuardedServer } from '../access/support.ts';

/** Paths that lead out of where they may lead, in every spelling, on every route that takes one. */

const mark = 'what-only-others-may-read';
let server: GuardedServer;
let ann: ReturnType<GuardedServer['as']>;
let authorization: string;
beforeAll(async () => {
  server = await guardedServer({ CAIRN_CALLS_PER_MINUTE: '1000000' });
  authorization = await server.person('ann', 'contributor', 'mine');
  await server.admin('POST', '/api/v1/workspaces', { name: 'mine' });
  await server.admin('POST', '/api/v1/workspaces', { name: 'other' });
  ann = server.as(authorization, { 'x-mlflow-workspace': 'mine' });
  // The same file in each container at each place that a path could lead to.
  for (const container of blobContainers)
    for (const name of [
      'other/secret.txt',
      'secret.txt',
      'mineother/secret.txt',
      'e@other/secret.txt',
      'e/secret.txt',
    ])
      await server.ctx.stores.blobs(container).write(name, Buffer.from(mark));
});
afterAll(() => server.close());

const steps = [
  '..',
  '%2e%2e',
  '%2E%2E',
  '.%2e',
  '%252e%252e',
  '%25252e%25252e',
  '..%00',
  '..%5c',
  '%c0%ae%c0%ae',
  '%u002e%u002e',
  '．．',
  '..;',
  '%ef%bc%8e%ef%bc%8e',
];
const slashes = ['/', '%2f', '%252f', '%5c', '\\', '//'];
const targets = [
  'other/secret.txt',
  'secret.txt',
  'mineother/secret.txt',
  'e@other/secret.txt',
  'e/secret.txt',
];

const spellings = [
  ...targets.flatMap((target) => [target, `/${target}`, `%2f${target}`, `../${target}`, `a/../../${target}`]),
  ...steps.flatMap((step) =>
    slashes.flatMap((slash) => [
      `${step}${slash}other${slash}secret.txt`,
      `a${slash}${step}${slash}${step}${slash}e@other${slash}secret.txt`,
    ]),
  ),
];

const routes = [
  (path: string) => `/api/2.0/mlflow-artifacts/artifacts/${path}`,
  (path: string) => `/api/2.0/mlflow-artifacts/artifacts?path=${path}`,
  (path: string) => `/api/v1/batch-outputs/${path}`,
  (path: string) => `/api/v1/audit/segments/${path}`,
  (path: string) => `/get-artifact?path=${path}&run_uuid=${'0'.repeat(32)}`,
];

describe('a path that leads elsewhere', () => {
  test.each(routes.map((route) => [route('…'), route]))('reads nothing there by %s', async (_, route) => {
    const shown: string[] = [];
    // Refusals in a row are answered slowly: they are asked for side by side.
    await inTurns(spellings, 50, async (spelling) => {
      const path = route(spelling);
      const response = await server.fetch(path, { headers: { authorization, 'x-mlflow-workspace': 'mine' } });
      const text = await response.text();
      if (text.includes(mark) || response.status >= 500) shown.push(`${response.status} ${path}`);
    });
    expect(shown).toEqual([]);
  });

  test('writes nothing and removes nothing there', async () => {
    const before = await everyBlob();
    for (const spelling of spellings.filter((one) => !targets.includes(one)))
      for (const path of [
        `/api/2.0/mlflow-artifacts/artifacts/${spelling}`,
        `/api/v1/batch-inputs/e/${spelling}`,
        `/api/v1/batch-inputs/${spelling}`,
      ])
        for (const method of path.includes('batch') ? ['PUT'] : ['PUT', 'DELETE']) {
          const response = await server.fetch(path, {
            method,
            headers: { authorization, 'x-mlflow-workspace': 'mine' },
            ...(method === 'PUT' ? { body: 'written' } : {}),
          });
          await response.arrayBuffer();
          expect(response.status).toBeLessThan(500);
        }
    const after = await everyBlob();
    for (const [name, size] of before) expect([name, after.get(name)]).toEqual([name, size]);
    const made = [...after.keys()].filter((name) => !before.has(name));
    expect(made.filter((name) => !/^(artifacts:mine\/|batch-input:e@mine\/|audit:)/.test(name))).toEqual([]);
  });

  test('scores nothing there', async () => {
    for (const input of spellings) {
      const { status } = await ann('POST', '/api/v1/batch-jobs', {
        endpoint: 'e',
        input: decodeSafely(input),
      });
      expect([400, 403, 404]).toContain(status);
    }
  });
});

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Names of all blobs, with the bytes of each. */
async function everyBlob(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const container of blobContainers)
    for await (const { name, bytes } of server.ctx.stores.blobs(container).walk(''))
      found.set(`${container}:${name}`, bytes);
  return found;
}
