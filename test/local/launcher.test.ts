import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blobContainers, queues } from '../../shared/resources.ts';
import { eventually } from '../host/reports.ts';

interface Launched {
  process: ChildProcess;
  out: () => string;
  errors: () => string;
  exited: Promise<number | null>;
}

let data: string;
let launched: Launched[];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'cairn-launch-'));
  launched = [];
});
afterEach(async () => {
  for (const each of launched) {
    each.process.kill('SIGKILL');
    await each.exited;
  }
  rmSync(data, { recursive: true, force: true, maxRetries: 5 });
});

test('shows progress, then where everything is; Ctrl-C stops all of it', async () => {
  const stack = launch(['--port', '0']);
  const url = await ready(stack);
  expect(stack.out()).toMatch(
    /^Starting storage …\nStarting the Functions host …\n\nCairn is ready \([\d.]+ s, 6 functions\)\n/,
  );
  expect(stack.out()).toContain(`export MLFLOW_TRACKING_URI=${url}`);
  const parts = children();
  expect(parts).toHaveLength(2);
  stack.process.kill('SIGINT');
  expect(await stack.exited).toBe(0);
  expect(stack.errors()).toBe('');
  expect(parts.filter(isRunning)).toEqual([]);
});

test('a second Ctrl-C does not wait for what still runs', async () => {
  const stack = launch(['--port', '0']);
  const url = await ready(stack);
  const parts = children();
  const slow = fetch(`${url}/slow`).catch(() => 'cut');
  await new Promise((resolve) => setTimeout(resolve, 200));
  stack.process.kill('SIGINT');
  await eventually(() => stack.out().includes('Stopping'));
  stack.process.kill('SIGINT');
  expect(await stack.exited).toBe(130);
  expect(await slow).toBe('cut');
  await eventually(() => parts.filter(isRunning).length === 0);
});

test('--auth prints a token of the first admin, the same after a restart, that nobody else on the machine can read', async () => {
  const tokens: string[] = [];
  for (let starts = 0; starts < 2; starts++) {
    const stack = launch(['--port', '0', '--auth']);
    const url = await ready(stack);
    const token = /export MLFLOW_TRACKING_TOKEN=(\S+)/.exec(stack.out())?.[1] ?? '';
    tokens.push(token);
    const { auth, admin, hash } = (await (await fetch(`${url}/settings`)).json()) as Record<string, string>;
    expect([auth, admin, hash]).toEqual(['on', 'admin', createHash('sha256').update(token).digest('hex')]);
    stack.process.kill('SIGINT');
    expect(await stack.exited).toBe(0);
  }
  expect(tokens[0]).toMatch(/^cairn_[0-9a-f]{16}_[0-9A-Za-z]{49}$/);
  expect(tokens[1]).toBe(tokens[0]);
  const file = join(data, 'admin-token');
  expect(readFileSync(file, 'utf8')).toBe(`${tokens[0]}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('without --auth nobody is asked to sign in, and it says so', async () => {
  const stack = launch(['--port', '0']);
  const url = await ready(stack);
  expect(await (await fetch(`${url}/settings`)).json()).toEqual({ auth: 'off' });
  expect(stack.out()).toContain('Nobody is asked to sign in');
  expect(stack.out()).not.toContain('MLFLOW_TRACKING_TOKEN');
});

test('a host that is open to everyone listens to this machine only', async () => {
  const script = fileURLToPath(new URL('../../local/host/main.ts', import.meta.url));
  const host = spawn(process.execPath, [script, '--port', '0', '--host', '0.0.0.0'], {
    env: { ...process.env, CAIRN_AUTH: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  host.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  expect((await once(host, 'close'))[0]).toBe(1);
  expect(errors).toContain('CAIRN_AUTH=off lets everyone in, and --host 0.0.0.0 is more than this machine');
});

describe('one line, exit 1 and nothing left running, when', () => {
  test.each([
    [['--bogus'], "Unknown option '--bogus'; npm start -- --help lists the options.\n"],
    [['--port', 'abc'], '--port is "abc"; give a whole number.\n'],
    [['--port', '70000'], '--port is "70000"; give a port from 0 to 65535.\n'],
    [['--latency', 'slow'], '--latency is "slow"; give a whole number.\n'],
  ])('%j is given', async (flags, line) => {
    const stack = launch(flags);
    expect(await stack.exited).toBe(1);
    expect(stack.errors()).toBe(line);
    expect(stack.out()).toBe('');
  });

  test('the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stack = launch(['--port', String(port)]);
    expect(await stack.exited).toBe(1);
    expect(stack.errors()).toBe(
      `Port ${port} is in use by another program; stop it, or choose another with --port.\n`,
    );
    server.close();
  });

  test('a part crashes', async () => {
    const stack = launch(['--port', '0']);
    const url = await ready(stack);
    const parts = children();
    await fetch(`${url}/crash`, { method: 'POST' }).catch(() => {});
    expect(await stack.exited).toBe(1);
    expect(stack.errors()).toBe(
      'The Functions host ended unexpectedly (7). Everything is stopped; start again with npm start.\n',
    );
    expect(parts.filter(isRunning)).toEqual([]);
  });
});

test('--help lists the options', async () => {
  const stack = launch(['--help']);
  expect(await stack.exited).toBe(0);
  expect(stack.out()).toMatch(
    /--port[^]*--data[^]*--faithful[^]*--latency[^]*--ru[^]*--auth[^]*--allow-reset/,
  );
});

test('--allow-reset opens an endpoint that empties storage and makes it anew', async () => {
  const stack = launch(['--port', '0', '--allow-reset']);
  const url = await ready(stack);
  const { blobPort, queuePort } = JSON.parse(readFileSync(join(data, 'ports.json'), 'utf8'));
  const account = `AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==`;
  const connection = `DefaultEndpointsProtocol=http;${account};BlobEndpoint=http://127.0.0.1:${blobPort}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:${queuePort}/devstoreaccount1`;
  const blobs = BlobServiceClient.fromConnectionString(connection);
  const messages = QueueServiceClient.fromConnectionString(connection);
  await fetch(`${url}/notes/a`, { method: 'PUT', body: 'text' });
  await messages.getQueueClient('work').sendMessage('left');
  await messages.getQueueClient('work-poison').create();
  await messages.getQueueClient('work-poison').sendMessage('left');

  const response = await fetch(`${url}/admin/local/reset`, {
    method: 'POST',
    headers: { 'sec-fetch-mode': 'cors' },
  });
  expect(response.status).toBe(204);
  expect((await fetch(`${url}/notes/a`)).status).toBe(404);
  for (const name of blobContainers) expect(await blobs.getContainerClient(name).exists()).toBe(true);
  for (const name of [...queues, 'work-poison']) {
    expect((await messages.getQueueClient(name).getProperties()).approximateMessagesCount).toBe(0);
  }
  expect((await fetch(`${url}/notes/b`, { method: 'PUT', body: 'again' })).status).toBe(201);
});

function launch(flags: string[]): Launched {
  const script = fileURLToPath(new URL('fixtures/launcher.ts', import.meta.url));
  const args = [script, join(data, 'events.jsonl'), '--data', data, ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  // "close" comes after the last output.
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const started = { process: child, out: () => out, errors: () => errors, exited };
  launched.push(started);
  return started;
}

/** The tracking URI, once it is told. */
async function ready({ out, errors }: Launched): Promise<string> {
  let url: string | undefined;
  await eventually(() => {
    if (errors() !== '') throw new Error(errors());
    url = /Tracking URI {2}(\S+)/.exec(out())?.[1];
    return url !== undefined;
  }, 30);
  return url ?? '';
}

function children(): number[] {
  return JSON.parse(readFileSync(join(data, 'lock'), 'utf8')).children;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
