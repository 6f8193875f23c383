/** Builds the app when its sources are newer than the bundle. */
import { readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from '../scripts/build.ts';
import { takeLock } from './lock.ts';

const sources = ['functions', 'shared', 'web', 'scripts/build.ts', 'package-lock.json'];

/**
 * @param building called before a build; not called when the bundle is up to date.
 */
export async function buildIfStale(root: string, building: () => void): Promise<void> {
  if (!isStale(root)) return;
  // Stacks that start together would otherwise delete each other's bundle.
  const path = join(
    tmpdir(),
    `cairn-build-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`,
  );
  const lock = await waitForLock(path);
  try {
    if (!isStale(root)) return;
    building();
    await build();
  } finally {
    lock.release();
  }
}

async function waitForLock(path: string) {
  for (;;) {
    const lock = await takeLock(path);
    if (!('heldBy' in lock)) return lock;
    await delay(100);
  }
}

function isStale(root: string): boolean {
  const built = modified(join(root, 'dist', 'main.cjs'));
  return built === null || sources.some((source) => newest(join(root, source)) > built);
}

function newest(path: string): number {
  const own = modified(path);
  if (own === null) return 0;
  if (!statSync(path).isDirectory()) return own;
  return Math.max(own, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function modified(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
