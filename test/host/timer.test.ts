import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite/index.ts';
import { type Clock, type Host, type HostOptions, startHost } from '../../local/host/index.ts';
import { eventually, letGo, listenToFixture, type Reports } from './reports.ts';

const MINUTE = 60_000;
let azurite: Azurite;
let reports: Reports;
let app: string;
let clock: TestClock;
let hosts: Host[];
let hostId: string;
let serial = 0;

interface Fired {
  isPastDue: boolean;
  scheduleStatus: { last: string; next: string } | null;
  at: number;
}

beforeAll(async () => {
  azurite = await startAzurite({ data: null });
});
afterAll(async () => {
  await azurite.stop();
});
beforeEach(() => {
  reports = listenToFixture();
  clock = testClock(new Date(2024, 0, 1, 10, 0, 30).getTime());
  hosts = [];
  hostId = `timers-${++serial}`;
  app = mkdtempSync(join(tmpdir(), 'cairn-timer-'));
  writeApp("schedule: '0 * * * * *'");
});
afterEach(async () => {
  letGo();
  await Promise.all(hosts.map((host) => host.stop()));
  rmSync(app, { recursive: true });
  reports.close();
});

describe('a timer', () => {
  test('fires at each occurrence, knowing the last and the next', async () => {
    await start();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 1));
    await reports.next('fired');
    await clock.advanceTo(new Date(2024, 0, 1, 10, 2));
    const second = await reports.next<Fired>('fired', 2);
    expect(second).toMatchObject({
      isPastDue: false,
      scheduleStatus: {
        last: new Date(2024, 0, 1, 10, 1).toISOString(),
        next: new Date(2024, 0, 1, 10, 3).toISOString(),
      },
    });
  });

  test('makes up for an occurrence that was missed while no host ran, once', async () => {
    await stop(await start());
    clock.set(new Date(2024, 0, 1, 10, 7, 15).getTime());
    await start();
    expect(await reports.next<Fired>('fired')).toMatchObject({ isPastDue: true });
    await clock.advanceTo(new Date(2024, 0, 1, 10, 8));
    expect(await reports.next<Fired>('fired', 2)).toMatchObject({ isPastDue: false });
    expect(reports.of('fired')).toHaveLength(2);
  });

  test('that was not due meanwhile waits for its occurrence', async () => {
    await stop(await start());
    clock.set(new Date(2024, 0, 1, 10, 0, 50).getTime());
    await start();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 1));
    expect(await reports.next<Fired>('fired')).toMatchObject({ isPastDue: false });
  });

  test('whose schedule was changed owes nothing', async () => {
    await stop(await start());
    writeApp("schedule: '30 30 * * * *'");
    clock.set(new Date(2024, 0, 1, 10, 7, 15).getTime());
    await start();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 30, 30));
    expect(await reports.next<Fired>('fired')).toMatchObject({ isPastDue: false });
  });

  test('never overlaps itself: what falls due meanwhile is left out', async () => {
    writeApp("schedule: '0 * * * * *'", 'waits');
    await start();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 1));
    await reports.next('fired');
    clock.set(new Date(2024, 0, 1, 10, 4, 30).getTime());
    letGo();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 5));
    await reports.next('fired', 2);
    expect(reports.of<Fired>('fired').map(({ at }) => at)).toEqual([
      new Date(2024, 0, 1, 10, 1).getTime(),
      new Date(2024, 0, 1, 10, 5).getTime(),
    ]);
  });

  test('that fails fires again at its next occurrence', async () => {
    writeApp("schedule: '0 * * * * *'", 'fails');
    await start();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 1));
    await reports.next('fired');
    await clock.advanceTo(new Date(2024, 0, 1, 10, 2));
    await reports.next('fired', 2);
    expect(reports.of('fired')).toHaveLength(2);
  });

  test('keeps its status where the service does', async () => {
    await start();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 1));
    await reports.next('fired');
    const blob = BlobServiceClient.fromConnectionString(azurite.connectionString)
      .getContainerClient('azure-webjobs-hosts')
      .getBlobClient(`timers/${hostId}/Host.Functions.tick/status`);
    const read = async () => JSON.parse((await blob.downloadToBuffer()).toString());
    await eventually(async () => (await read()).Last === new Date(2024, 0, 1, 10, 1).toISOString());
    expect(await read()).toMatchObject({ Next: new Date(2024, 0, 1, 10, 2).toISOString() });
  });

  test('may start with the host, or be a time span', async () => {
    writeApp("schedule: '00:10:00', runOnStartup: true");
    await start();
    await reports.next('fired');
    await clock.advanceTo(new Date(clock.now() + 10 * MINUTE));
    await reports.next('fired', 2);
    expect(reports.of('fired')).toHaveLength(2);
  });

  test('may put out queue messages', async () => {
    writeApp("schedule: '0 * * * * *'", 'puts out');
    await start();
    await clock.advanceTo(new Date(2024, 0, 1, 10, 1));
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient('ticks');
    await eventually(async () => await queue.exists());
    await eventually(async () => (await queue.receiveMessages()).receivedMessageItems.length === 1);
    expect(reports.of('fired')).toHaveLength(1);
  });

  test('can be started by hand, without a status', async () => {
    const host = await start();
    const response = await fetch(`${host.url}/admin/functions/tick?code=${host.adminKey}`, {
      method: 'POST',
      body: '{}',
    });
    expect(response.status).toBe(202);
    expect(await reports.next<Fired>('fired')).toMatchObject({ isPastDue: false, scheduleStatus: null });
  });
});

test('of several hosts one fires a timer, and another takes over when it stops', async () => {
  const first = await start();
  await start();
  await clock.advanceTo(new Date(2024, 0, 1, 10, 1));
  await reports.next('fired');
  await clock.advanceTo(new Date(2024, 0, 1, 10, 2), 1);
  await reports.next('fired', 2);
  await stop(first);
  // The lease was given back, so the other host has it at its next try.
  await clock.advanceTo(new Date(2024, 0, 1, 10, 3), 1, 20);
  await reports.next('fired', 3);
  expect(reports.of('fired')).toHaveLength(3);
});

interface TestClock extends Clock {
  set(ms: number): void;
  /** Moves to `date` once `waiters` timers wait for it. */
  advanceTo(date: Date, waiters?: number, secondsMax?: number): Promise<void>;
}

function testClock(first: number): TestClock {
  let now = first;
  const waiting = new Set<{ until: number; wake: () => void }>();
  const set = (ms: number) => {
    now = ms;
    for (const each of waiting) if (each.until <= now) each.wake();
  };
  return {
    now: () => now,
    set,
    wait(ms, signal) {
      return new Promise((resolve) => {
        const entry = {
          until: now + ms,
          wake() {
            waiting.delete(entry);
            resolve();
          },
        };
        waiting.add(entry);
        signal.addEventListener('abort', () => entry.wake(), { once: true });
        if (signal.aborted) entry.wake();
      });
    },
    async advanceTo(date, waiters = 1, secondsMax = 15) {
      await eventually(() => waiting.size >= waiters, secondsMax);
      set(date.getTime());
    },
  };
}

function writeApp(options: string, behaviour = 'reports'): void {
  const does: Record<string, string> = {
    reports: '',
    waits: "await require('node:events').once(process, 'fixture-go');",
    fails: "throw new Error('told to fail');",
    'puts out': 'return { tick: true };',
  };
  const library = fileURLToPath(import.meta.resolve('@azure/functions'));
  const output =
    behaviour === 'puts out'
      ? "return: output.storageQueue({ queueName: 'ticks', connection: 'TimerStorage' }),"
      : '';
  writeFileSync(join(app, 'host.json'), '{"version": "2.0"}');
  writeFileSync(join(app, 'package.json'), '{"main": "app.cjs"}');
  writeFileSync(
    join(app, 'app.cjs'),
    `const { app, output } = require(${JSON.stringify(library)});
     app.timer('tick', { ${options}, ${output} handler: async (timer) => {
       process.emit('fixture', { name: 'fired', value: { ...timer, at: process.fixtureNow() } });
       ${does[behaviour]}
     } });`,
  );
  Object.assign(process, { fixtureNow: () => clock.now() });
}

async function start(options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await startHost({
    appDir: app,
    port: 0,
    clock,
    log: () => {},
    env: {
      AzureWebJobsStorage: azurite.connectionString,
      TimerStorage: azurite.connectionString,
      AzureFunctionsWebHost__hostid: hostId,
    },
    ...options,
  });
  hosts.push(host);
  return host;
}

async function stop(host: Host): Promise<void> {
  // Its status is stored before it waits for the first occurrence.
  await clock.advanceTo(new Date(clock.now()));
  await host.stop();
}
