import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from '../../local/lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const holder = { pid: process.pid, started: null, children: [] };

test('a lock that is seen while its holder writes it is the holder’s', async () => {
  writeFileSync(path, JSON.stringify(holder).slice(0, 9));
  const asked = takeLock(path);
  writeFileSync(path, JSON.stringify(holder));
  expect(await asked).toEqual({ heldBy: holder });
});

test('a lock that stays cut off is nobody’s', async () => {
  writeFileSync(path, JSON.stringify(holder).slice(0, 9));
  const lock = await takeLock(path);
  expect(lock).not.toHaveProperty('heldBy');
  expect(await takeLock(path)).toMatchObject({ heldBy: { pid: process.pid } });
});
