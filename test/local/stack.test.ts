import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { azuriteFolder, startAzurite } from '../../local/azurite/index.ts';
import { type Stack, type StackOptions, startStack } from '../../local/stack.ts';
import { eventually } from '../host/reports.ts';

const appDir = fileURLToPath(new URL('fixtures/app', import.meta.url));
let data: string;
let stacks: Stack[];
let children: ChildProcess[];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'cairn-stack-'));
  stacks = [];
  children = [];
});
afterEach(async () => {
  for (const stack of stacks) await stack.stop();
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

test('starts, answers /health, and keeps its data across a restart', async () => {
  const first = await start();
  expect(await (await fetch(`${first.url}/health`)).text()).toBe('OK');
  expect(first.functions).toContain('notes: http [GET,PUT] /notes/{name}');
  await put(first, 'kept', 'across restarts');
  await first.stop();
  expect([first.pids.host, first.pids.azurite].filter(isRunning)).toEqual([]);

  const second = await start();
  expect(await get(second, 'kept')).toBe('across restarts');
  expect(second.adminKey).toBe(first.adminKey);
  expect(second.connectionString).toBe(first.connectionString);
  expect(statSync(join(data, 'admin-key')).mode & 0o777).toBe(0o600);
});

test('starts again after every part was killed, with all that was acknowledged', async () => {
  const first = await start();
  for (let n = 0; n < 20; n += 1) await put(first, `note-${n}`, `${n}`);
  await first.kill();
  const second = await start();
  for (let n = 0; n < 20; n += 1) expect(await get(second, `note-${n}`)).toBe(`${n}`);
});

describe('one clear line, and nothing left running, when', () => {
  test('the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(
      `Port ${port} is in use by another program; stop it, or choose another with --port.`,
    );
    server.close();
    // The lock was given back.
    await start();
  });

  test('another stack uses the folder', async () => {
    await start();
    await expect(start()).rejects.toThrow(
      /Another stack \(process \d+\) uses the data folder .*; stop it, or choose/,
    );
    expect(stacks).toHaveLength(1);
    expect((await fetch(`${stacks[0]?.url}/health`)).status).toBe(200);
  });

  test('the folder cannot be written', async () => {
    const file = join(data, 'file');
    writeFileSync(file, '');
    await expect(start({ data: join(file, 'below') })).rejects.toThrow(
      /data folder .* cannot be written \(ENOTDIR\); choose/,
    );
  });

  test('the app cannot be loaded', async () => {
    const app = mkdtempSync(join(tmpdir(), 'cairn-app-'));
    writeFileSync(join(app, 'host.json'), '{"version": "2.0"}');
    writeFileSync(join(app, 'package.json'), '{"main": "main.js"}');
    writeFileSync(join(app, 'main.js'), 'throw new Error("broken app")');
    await expect(start({ appDir: app })).rejects.toThrow(
      /The Functions host did not start: .*main.js failed while loading:\s+Error: broken app/,
    );
    await eventually(() => !existsSync(join(data, 'lock')));
    rmSync(app, { recursive: true });
  });
});

test('a part that ends by itself is reported with what it said', async () => {
  const stack = await start();
  await fetch(`${stack.url}/crash`, { method: 'POST' }).catch(() => {});
  expect(await stack.crashed).toMatch(/^The Functions host ended unexpectedly \(7\)\./);
});

test('storage takes other ports where those of the last run are taken', async () => {
  const first = await start();
  await put(first, 'note', 'kept');
  await first.stop();
  const { blobPort } = JSON.parse(readFileSync(join(data, 'ports.json'), 'utf8'));
  const server = createServer().listen(blobPort, '127.0.0.1');
  await once(server, 'listening');
  const second = await start();
  expect(await get(second, 'note')).toBe('kept');
  expect(second.connectionString).not.toBe(first.connectionString);
  server.close();
});

test('the lock of a dead process is taken over', async () => {
  const child = fork(fileURLToPath(new URL('fixtures/exit.ts', import.meta.url)));
  await once(child, 'exit');
  writeFileSync(join(data, 'lock'), JSON.stringify({ pid: child.pid, started: null, children: [] }));
  const stack = await start();
  expect(JSON.parse(readFileSync(join(data, 'lock'), 'utf8'))).toMatchObject({
    pid: process.pid,
    children: [stack.pids.azurite, stack.pids.host],
  });
});

test('when the launcher is killed its parts end by themselves, and the folder can be used again', async () => {
  const { child, url, pids } = await launch();
  await put({ url }, 'note', 'kept');
  child.kill('SIGKILL');
  await eventually(() => !isRunning(pids.host) && !isRunning(pids.azurite));
  const stack = await start();
  expect(await get(stack, 'note')).toBe('kept');
});

test('an interrupt lets a running request finish and leaves no process', async () => {
  const { child, url, pids } = await launch();
  const slow = fetch(`${url}/slow`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  child.kill('SIGINT');
  expect(await (await slow).text()).toBe('done');
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
  expect([pids.host, pids.azurite].filter(isRunning)).toEqual([]);
  expect(existsSync(join(data, 'lock'))).toBe(false);
});

test('a blob that arrives is announced once as Event Grid would, also when it came while the stack was down', async () => {
  const first = await start();
  await drop(first, 'jobs/a b.csv', 'x');
  await eventually(() => events().length === 1);
  await first.stop();

  const azurite = await startAzurite({ data: azuriteFolder(data) });
  await drop(azurite, 'meanwhile.csv', 'm');
  await azurite.stop();
  const second = await start();
  await eventually(() => events().length === 2);
  await drop(second, 'later.csv', 'y');
  await eventually(() => events().length === 3);
  expect(events().map((event) => event.subject)).toEqual([
    '/blobServices/default/containers/batch-input/blobs/jobs/a b.csv',
    '/blobServices/default/containers/batch-input/blobs/meanwhile.csv',
    '/blobServices/default/containers/batch-input/blobs/later.csv',
  ]);
  expect(events()[0]).toMatchObject({
    eventType: 'Microsoft.Storage.BlobCreated',
    data: {
      contentLength: 1,
      blobType: 'BlockBlob',
      url: expect.stringMatching(/\/batch-input\/jobs\/a%20b\.csv$/),
    },
  });
  await drop(second, 'later.csv', 'written anew');
  await eventually(() => events().length === 4);
  expect(new Set(events().map((event) => event.id)).size).toBe(4);
});

test('the reset endpoint exists only where it was allowed', async () => {
  const stack = await start();
  expect((await fetch(`${stack.url}/admin/local/reset`, { method: 'POST' })).status).toBe(401);
});

interface BlobEvent {
  id: string;
  subject: string;
  data: { url: string };
}

function events(): BlobEvent[] {
  const file = join(data, 'events.jsonl');
  if (!existsSync(file)) return [];
  // The host creates the file before it writes to it, and may be seen in the midst of a line.
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): BlobEvent => JSON.parse(line));
}

async function start(options: Partial<StackOptions> = {}): Promise<Stack> {
  const env = { FIXTURE_EVENTS: join(data, 'events.jsonl') };
  const stack = await startStack({ data, port: 0, appDir, env, ...options });
  stacks.push(stack);
  return stack;
}

/** The stack in a process of its own. */
async function launch(): Promise<{ child: ChildProcess; url: string; pids: Stack['pids'] }> {
  const child = fork(fileURLToPath(new URL('fixtures/stack.ts', import.meta.url)), [data, '0'], {
    execArgv: [],
  });
  children.push(child);
  const [{ url, pids }] = (await once(child, 'message')) as [{ url: string; pids: Stack['pids'] }];
  return { child, url, pids };
}

async function put({ url }: { url: string }, name: string, text: string): Promise<void> {
  const response = await fetch(`${url}/notes/${name}`, { method: 'PUT', body: text });
  expect(response.status).toBe(201);
}

async function get({ url }: { url: string }, name: string): Promise<string> {
  return await (await fetch(`${url}/notes/${name}`)).text();
}

async function drop(
  { connectionString }: { connectionString: string },
  name: string,
  text: string,
): Promise<void> {
  const container =
    BlobServiceClient.fromConnectionString(connectionString).getContainerClient('batch-input');
  await container.getBlockBlobClient(name).upload(text, text.length);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
