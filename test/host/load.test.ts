import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Host, HostError, type HostOptions, startHost } from '../../local/host/index.ts';

const library = JSON.stringify(fileURLToPath(import.meta.resolve('@azure/functions')));
const head = `const { app, input, output } = require(${library}); app.setup({ enableHttpStream: true });`;
const hello = `${head} app.http('hello', { route: 'hello', handler: () => ({ body: 'hello' }) });`;

let app: string;
const hosts: Host[] = [];

beforeEach(() => {
  app = mkdtempSync(join(tmpdir(), 'cairn-load-'));
  write({ 'host.json': '{"version": "2.0"}', 'package.json': '{"main": "app.cjs"}' });
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  rmSync(app, { recursive: true });
});

describe('an app', () => {
  test('is every file that main matches, in order', async () => {
    write({
      'package.json': '{"main": "src/{index.cjs,functions/*.cjs}"}',
      'src/index.cjs': head,
      'src/functions/b.cjs': `${head} app.get('b', () => ({ body: 'b' }));`,
      'src/functions/a.cjs': `${head} app.get('a', () => ({ body: 'a' }));`,
    });
    const host = await start();
    expect(host.files).toEqual(['src/functions/a.cjs', 'src/functions/b.cjs', 'src/index.cjs']);
    expect(host.functions.map((fn) => fn.name)).toEqual(['a', 'b']);
    expect(await text(host, '/api/b')).toBe('b');
  });

  test('may be an ES module, also one that awaits at its top', async () => {
    const source = `import { app } from ${library}; app.setup({ enableHttpStream: true });
      await Promise.resolve(); app.get('esm', () => ({ body: 'from a module' }));`;
    write({ 'package.json': '{"main": "app.mjs"}', 'app.mjs': source });
    // The test before may have left the library's own copy in the cache of ES modules.
    expect(await text(await start(), '/api/esm')).toBe('from a module');
  });

  test('may be started again, and twice at once, in one process', async () => {
    write({ 'app.cjs': hello });
    const first = await start();
    const second = await start();
    expect(await text(first, '/api/hello')).toBe('hello');
    expect(await text(second, '/api/hello')).toBe('hello');
    await first.stop();
    expect(await text(second, '/api/hello')).toBe('hello');
    expect(await text(await start(), '/api/hello')).toBe('hello');
  });

  test('reads local.settings.json, which never takes the place of a variable that is set', async () => {
    process.env['LOAD_SET'] = 'by the environment';
    write({
      'local.settings.json': '{"Values": {"LOAD_SET": "by the file", "LOAD_NEW": "new", "LOAD_NULL": null}}',
      'app.cjs': `${head} app.get('env', () => ({ jsonBody: Object.fromEntries(
        Object.entries(process.env).filter(([name]) => name.startsWith('LOAD_'))) }));`,
    });
    const host = await start({ env: { LOAD_OPTION: 'given' } });
    expect(JSON.parse(await text(host, '/api/env'))).toEqual({
      LOAD_SET: 'by the environment',
      LOAD_NEW: 'new',
      LOAD_OPTION: 'given',
    });
    await host.stop();
    expect(process.env['LOAD_NEW']).toBeUndefined();
    delete process.env['LOAD_SET'];
  });

  test('whose routes overlap runs the alphabetically first where that is allowed', async () => {
    write({
      'app.cjs': `${head}
        app.http('zoo', { methods: ['GET'], route: 'pets/mine', handler: () => ({ body: 'zoo' }) });
        app.http('Any', { methods: ['GET'], route: 'pets/{name}', handler: () => ({ body: 'any' }) });`,
    });
    const host = await start({ overlaps: 'allow' });
    expect(await text(host, '/api/pets/mine')).toBe('any');
  });

  test('whose function is disabled answers 404 at its route', async () => {
    write({ 'app.cjs': hello });
    const host = await start({ env: { 'AzureWebJobs.hello.Disabled': '1' } });
    expect((await fetch(`${host.url}/api/hello`)).status).toBe(404);
  });

  test('shares / with the host unless its page is switched off', async () => {
    write({
      'host.json': '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}',
      'app.cjs': `${head} app.http('all', { methods: ['GET'], route: '{*path}', handler: () => ({ body: 'ours' }) });`,
    });
    const shared = await start();
    expect(await text(shared, '/')).toContain('up and running');
    expect(await text(shared, '/x')).toBe('ours');
    await shared.stop();
    expect(await text(await start({ env: { AzureWebJobsDisableHomepage: 'true' } }), '/')).toBe('ours');
  });
});

describe('a start ends with what to fix when', () => {
  const refused: [problem: string, files: Record<string, string>, message: string | RegExp][] = [
    [
      'there is no host.json version',
      { 'host.json': '{}', 'app.cjs': hello },
      'must contain "version": "2.0"',
    ],
    ['host.json is no JSON', { 'host.json': '{', 'app.cjs': hello }, 'host.json cannot be read'],
    [
      'a host setting is out of range',
      { 'host.json': '{"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}', 'app.cjs': hello },
      'queues.batchSize is 33; use a whole number from 1 to 32',
    ],
    ['package.json names no main', { 'package.json': '{}' }, 'has no "main"'],
    [
      'main matches nothing',
      { 'package.json': '{"main": "dist/*.cjs"}' },
      'matches no file; build the app first',
    ],
    ['nothing is registered', { 'app.cjs': '' }, 'No function was found'],
    [
      'the entry throws',
      { 'app.cjs': 'throw new Error("at load");' },
      /app\.cjs failed while loading:\nError: at load/,
    ],
    ['a module is missing', { 'app.cjs': "require('./missing')" }, "Cannot find module './missing'"],
    [
      'streaming is off',
      { 'app.cjs': `require(${library}).app.get('a', () => {});` },
      'call app.setup({ enableHttpStream: true })',
    ],
    ['a name is wrong', { 'app.cjs': `${head} app.get('a b', () => {});` }, '"a b" is not a function name'],
    ['a name is reserved', { 'app.cjs': `${head} app.get('Host', () => {});` }, 'and not "host"'],
    [
      'a name is taken',
      { 'app.cjs': `${head} app.get('a', () => {}); app.get('A', () => {});` },
      'Function "A" is registered twice',
    ],
    [
      'routes overlap',
      {
        'app.cjs': `${head} app.http('x', { methods: ['GET'], route: 'p/{a}', handler() {} });
          app.http('y', { methods: ['GET', 'PUT'], route: 'P/q', handler() {} });`,
      },
      'Functions "x" (/api/p/{a}) and "y" (/api/P/q) both answer GET on the same path',
    ],
    [
      'a route belongs to the host',
      { 'app.cjs': `${head} app.http('x', { route: 'admin/x', handler() {} });` },
      'a route may not start with "admin"',
    ],
    [
      'a key would be needed',
      { 'app.cjs': `${head} app.http('x', { authLevel: 'function', handler() {} });` },
      'has authLevel "function"; this host keeps no function keys',
    ],
    [
      'a trigger is not supported',
      { 'app.cjs': `${head} app.storageBlob('x', { path: 'a/{b}', connection: 'c', handler() {} });` },
      'a binding of type "blobTrigger" (in), which this host does not run',
    ],
    [
      'an input is not supported',
      {
        'app.cjs': `${head} app.http('x', { extraInputs: [input.storageBlob({ path: 'a', connection: 'c' })], handler() {} });`,
      },
      'a binding of type "blob" (in)',
    ],
    [
      'a connection is not set',
      {
        'app.cjs': `${head} app.storageQueue('x', { queueName: 'abc', connection: 'Nowhere', handler() {} });`,
      },
      'The connection Nowhere is not set',
    ],
    [
      'a connection is an identity',
      {
        'local.settings.json':
          '{"Values": {"Identity__queueServiceUri": "https://x.queue.core.windows.net"}}',
        'app.cjs': `${head} app.storageQueue('x', { queueName: 'abc', connection: 'Identity', handler() {} });`,
      },
      'The connection Identity uses an identity (Identity__queueServiceUri), which works in Azure only',
    ],
    [
      'a setting in a name is not set',
      {
        'app.cjs': `${head} app.storageQueue('x', { queueName: '%NoSuchName%', connection: 'c', handler() {} });`,
      },
      '%NoSuchName% is used by a binding, but the setting NoSuchName is not set',
    ],
    [
      'a queue name is wrong',
      { 'app.cjs': `${head} app.storageQueue('x', { queueName: 'Upper', connection: 'c', handler() {} });` },
      '"Upper" is not a queue name',
    ],
    [
      'a schedule is wrong',
      { 'app.cjs': `${head} app.timer('x', { schedule: 'often', handler() {} });` },
      'the schedule "often" has 1 fields',
    ],
    [
      'there is a retry policy',
      {
        'app.cjs': `${head} app.timer('x', { schedule: '0 0 0 * * *', retry: { strategy: 'fixedDelay', delayInterval: 1000, maxRetryCount: 1 }, handler() {} });`,
      },
      'has a retry policy, which this host does not run',
    ],
  ];
  test.each(refused)('%s', async (_problem, files, message) => {
    write({ 'app.cjs': hello, ...files });
    const failure = start().then(
      () => null,
      (error: unknown) => error,
    );
    expect(await failure).toBeInstanceOf(HostError);
    await expect(failure.then((error) => String(error))).resolves.toMatch(
      typeof message === 'string' ? new RegExp(message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : message,
    );
  });

  test('the port is in use', async () => {
    write({ 'app.cjs': hello });
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(`Port ${port} is in use by another program`);
  });
});

test('registration after the start is refused', async () => {
  write({
    'app.cjs': `${head} app.get('late', () => {
      try { app.get('later', () => {}); } catch (error) { return { body: error.message }; }
    });`,
  });
  expect(await text(await start(), '/api/late')).toContain(
    'Function "later" cannot be registered after the app has started',
  );
});

function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(app, name)), { recursive: true });
    writeFileSync(join(app, name), content);
  }
}

async function start(options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await startHost({ appDir: app, port: 0, log: () => {}, ...options });
  hosts.push(host);
  return host;
}

async function text(host: Host, path: string): Promise<string> {
  return await (await fetch(`${host.url}${path}`)).text();
}
