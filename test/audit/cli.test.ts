import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { azuriteFolder, startAzurite } from '../../local/azurite/index.ts';
import { exportSegments, recordAudit } from '../../shared/audit/index.ts';
import { openStores } from '../../shared/azure/index.ts';
import { keyFiles } from '../../shared/azure/key-files.ts';
import { readSettings } from '../../shared/settings.ts';
import { testEnvironment } from '../support/context.ts';
import { openFront } from '../support/front.ts';
import { type TestServer, testServer } from '../support/server.ts';
import { eventOf, hours, inDefault, minutes, storedFiles, ten, timed } from './support.ts';

const script = fileURLToPath(new URL('../../scripts/audit-verify.ts', import.meta.url));

let server: TestServer;
let front: Awaited<ReturnType<typeof openFront>>;
let folder: string;
let key: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-audit-'));
  process.env['CAIRN_KEYS_FOLDER'] = join(folder, 'keys');
  server = await testServer();
  front = await openFront();
  front.serve(server);
  for (let i = 0; i < 6; i++) {
    const now = ten + hours(i % 3 === 0 ? i : i - 1);
    await recordAudit(timed(server.ctx, now), [inDefault(eventOf('model/a', i + 1, now))]);
    await exportSegments(timed(server.ctx, now + minutes(5)));
  }
  const [newest] = (await server.ctx.stores.keys?.publicKeys()) ?? [];
  key = join(folder, 'key.pem');
  await writeFile(key, newest?.pem ?? '');
});
afterAll(async () => {
  front.close();
  await server.close();
  delete process.env['CAIRN_KEYS_FOLDER'];
});

function run(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

/** The segments as they were downloaded, into a folder of their own. */
async function download(change: (path: string, text: string) => string = (_, text) => text): Promise<string> {
  const target = await mkdtemp(join(folder, 'segments-'));
  for (const [name, bytes] of await storedFiles(server.ctx)) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, name), change(name, bytes.toString()));
  }
  return target;
}

describe('make audit-verify', () => {
  test('proves downloaded segments by a key alone, and tells what to keep for the next time', async () => {
    const { code, output } = await run('--segments', await download(), '--key', key);
    expect([code, output]).toEqual([0, expect.stringContaining('The audit log is whole.')]);
    const head = /--head (\S+)/.exec(output)?.[1] ?? '';
    expect((await run('--segments', await download(), '--key', key, '--head', head)).code).toBe(0);
    const cut = await download((name, text) => (name.startsWith('2026/03/01/14') ? '' : text));
    const later = await run('--segments', cut, '--key', key, '--head', head);
    expect([later.code, later.output]).toEqual([1, expect.stringContaining('[head]')]);
  });

  test('names the entry that was changed, and ends with 1', async () => {
    const changed = await download((_, text) => text.replace('"actor":"ada"', '"actor":"eve"'));
    const { code, output } = await run('--segments', changed, '--key', key);
    expect([code, output]).toEqual([1, expect.stringContaining('[tampered] 2026-03-01T10, entry 1')]);
    expect(output).not.toContain('--head');
    const { problems } = JSON.parse((await run('--segments', changed, '--key', key, '--json')).output);
    expect(problems.length).toBeGreaterThan(0);
  });

  test('proves a deployment through its API', async () => {
    const { code, output } = await run('--url', front.url);
    expect([code, output]).toEqual([0, expect.stringContaining('6 entries in 4 hours')]);
  });

  test('says what of a deployment is not exported yet, and calls a log without segments neither whole nor broken', async () => {
    const now = ten + hours(6);
    await recordAudit(timed(server.ctx, now), [inDefault(eventOf('model/a', 7, now))]);
    const { code, output } = await run('--url', front.url);
    expect([code, output]).toEqual([
      0,
      expect.stringContaining('not exported yet, of which nothing is said: 1'),
    ]);
    const { body } = await server.call('POST', '/api/v1/audit/verify', {});
    expect(body).toMatchObject({ ok: true, entries: 6, not_exported_entries: 1 });
    const empty = await run('--segments', await mkdtemp(join(folder, 'empty-')), '--key', key);
    expect([empty.code, empty.output]).toEqual([2, expect.stringContaining('nothing to verify yet')]);
    expect(empty.output).not.toContain('whole');
  });

  test('proves the storage of a stack of this machine, running or not', async () => {
    const data = join(folder, 'data');
    await cp(join(folder, 'keys'), join(data, 'keys'), { recursive: true });
    const azurite = await startAzurite({ data: azuriteFolder(data) });
    const stores = await openStores(readSettings(testEnvironment(azurite.connectionString)));
    await stores.blobs('audit').createIfMissing();
    for (const [name, bytes] of await storedFiles(server.ctx))
      await stores.blobs('audit').append(name, bytes, 0);
    await writeFile(
      join(data, 'ports.json'),
      JSON.stringify({ blobPort: azurite.blobPort, queuePort: azurite.queuePort }),
    );
    await writeFile(join(data, 'lock'), JSON.stringify({ pid: process.pid, started: null, children: [] }));
    const running = await run('--data', data);
    await stores.close();
    await azurite.stop();
    await writeFile(join(data, 'lock'), '');
    const stopped = await run('--data', data);
    expect([running, stopped]).toMatchObject([{ code: 0 }, { code: 0, output: running.output }]);
  });

  test.each([
    ['--bogus'],
    ['--data', '/nowhere'],
    ['--url', 'nowhere'],
    ['--url', 'http://127.0.0.1:1'],
    ['--segments', '/tmp', '--url', 'http://127.0.0.1:1'],
    ['--segments', '/tmp', '--key', '/nowhere'],
    ['--segments', '/nowhere'],
    ['--segments', tmpdir(), '--head', '7'],
  ])('ends with 2 and a line where it cannot verify: %s %s', async (...args) => {
    const { code, output } = await run(...args);
    expect([code, output.trim().split('\n')]).toEqual([2, [expect.stringMatching(/\.$/)]]);
  });

  test('takes no private or other key for one to verify by', async () => {
    await keyFiles(join(folder, 'more')).publicKeys();
    const { code, output } = await run('--segments', folder, '--key', join(folder, 'more', 'signing.pem'));
    expect([code, output]).toEqual([2, expect.stringContaining('holds no public key')]);
    expect(output).not.toContain((await readFile(join(folder, 'more', 'signing.pem'), 'utf8')).slice(40, 80));
  });
});
