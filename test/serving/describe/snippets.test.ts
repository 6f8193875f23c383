import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEndpoint, following } from '../../../shared/endpoints/index.ts';
import { guardedServer } from '../../access/support.ts';
import { openFront } from '../../support/front.ts';
import { type TestServer, testServer } from '../../support/server.ts';
import { publish } from '../support.ts';
import { models } from './models.ts';

const run = promisify(execFile);
const languages = ['curl', 'python', 'typescript'] as const;
type Language = (typeof languages)[number];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snippets-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a program prints that is run as it is, with these variables of its environment alone. */
async function printed(language: Language, text: string, env: Record<string, string>): Promise<unknown> {
  const file = join(folder, language === 'typescript' ? 'program.mts' : 'program');
  await writeFile(file, text);
  const [program, ...flags] = { curl: ['bash'], python: ['python3', '-I'], typescript: [process.execPath] }[
    language
  ];
  const { stdout } = await run(program, [...flags, file], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  const answer = JSON.parse(stdout) as { predictions?: unknown };
  return language === 'curl' ? answer.predictions : answer;
}

async function deployed(server: TestServer, name: string): Promise<void> {
  await publish(server, name, models[name] ?? new Uint8Array());
  await createEndpoint(server.ctx, { name, deployments: [following(name, 'champion')] });
}

describe('the programs of an endpoint', () => {
  const kinds = ['linear-text', 'several-columns', 'truths', 'scalar', 'fixed-batch'];
  let server: TestServer;
  let front: Awaited<ReturnType<typeof openFront>>;
  beforeAll(async () => {
    front = await openFront();
    server = await testServer({ CAIRN_PUBLIC_URL: front.url });
    front.serve(server);
    for (const name of kinds) await deployed(server, name);
  });
  afterAll(async () => {
    front.close();
    await server.close();
  });

  test.each(kinds.flatMap((name) => languages.map((language) => [language, name] as const)))(
    'run as they are: %s, of %s',
    async (language, name) => {
      const { status, body } = await server.call('GET', `/api/v1/endpoints/${name}/snippets`);
      expect(status).toBe(200);
      const text = String(body[language]);
      expect(text).not.toContain('authorization');
      const example = await server.call('GET', `/api/v1/endpoints/${name}/example`);
      const asked = await server.call('POST', `/endpoints/${name}/invocations`, example.body['invocations']);
      expect(asked.status).toBe(200);
      expect(await printed(language, text, {})).toEqual(asked.body['predictions']);
    },
  );

  test.each(languages)('ask for the deployment that was named: %s', async (language) => {
    const response = await server.fetch('/api/v1/endpoints/truths/snippets?deployment=main');
    const text = ((await response.json()) as Record<Language, string>)[language];
    expect(text).toMatch(/x-cairn-deployment["']?: ["']?main/);
    expect(await printed(language, text, {})).toEqual({ '39': [[true, true]] });
  });
});

describe('where callers sign in', () => {
  let server: Awaited<ReturnType<typeof guardedServer>>;
  let front: Awaited<ReturnType<typeof openFront>>;
  beforeAll(async () => {
    front = await openFront();
    server = await guardedServer({ CAIRN_PUBLIC_URL: `${front.url}/` });
    front.serve(server);
    await deployed(server, 'linear-text');
  });
  afterAll(async () => {
    front.close();
    await server.close();
  });

  test.each(languages)(
    'the token comes from the environment, and stands in no program: %s',
    async (language) => {
      const { status, body } = await server.admin('GET', '/api/v1/endpoints/linear-text/snippets');
      expect(status).toBe(200);
      const text = String(body[language]);
      expect(text).toContain('MLFLOW_TRACKING_TOKEN');
      expect(text).not.toContain(server.adminToken);
      const predictions = await printed(language, text, { MLFLOW_TRACKING_TOKEN: server.adminToken });
      expect(predictions).toEqual([{ label: expect.any(String), probabilities: expect.any(Object) }]);
    },
  );

  test('the document says by which schemes, and what is answered to who does not', async () => {
    const { body } = await server.admin('GET', '/api/v1/endpoints/linear-text/openapi.json');
    const operation = body['paths']?.['/endpoints/linear-text/invocations']?.['post'];
    expect(operation?.['security']).toEqual([{ token: [] }, { jwt: [] }, { basic: [] }]);
    expect(Object.keys(body['components']?.['securitySchemes'] ?? {})).toEqual(['token', 'jwt', 'basic']);
    expect(operation?.['responses']).toMatchObject({ 401: expect.any(Object), 403: expect.any(Object) });
    expect((await server.as(null)('GET', '/api/v1/endpoints/linear-text/openapi.json')).status).toBe(401);
  });
});
