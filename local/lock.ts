/** One process at a time: a lock file that a dead process cannot hold. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface LockHolder {
  pid: number;
  /** Tells the process from a later one of the same id; null where the system does not say. */
  started: string | null;
  /** Processes that end by themselves once the holder has. */
  children: number[];
}

export interface Lock {
  /** Notes the holder's children, for whoever recovers the lock. */
  noteChildren(pids: number[]): void;
  release(): void;
}

/** How long the children of a dead holder are given to end. */
const CHILDREN_SECONDS_MAX = 10;
/** How long a lock that is cut off is given: its holder may be writing it. */
const WRITTEN_SECONDS_MAX = 1;

/**
 * Takes the lock at `path`, or says who holds it. A lock whose holder is dead is taken over, once the
 * holder's children have ended too.
 */
export async function takeLock(path: string): Promise<Lock | { heldBy: LockHolder }> {
  const mine: LockHolder = { pid: process.pid, started: startOf(process.pid), children: [] };
  for (;;) {
    if (writeNew(path, mine)) return lockOf(path, mine);
    const holder = await readWhole(path);
    if (holder === null) continue;
    if (isAlive(holder)) return { heldBy: holder };
    const orphan = await firstAlive(holder.children);
    if (orphan !== null) return { heldBy: { ...holder, pid: orphan } };
    rmSync(path, { force: true });
  }
}

function lockOf(path: string, mine: LockHolder): Lock {
  return {
    noteChildren(pids) {
      writeFileSync(path, JSON.stringify({ ...mine, children: pids }));
    },
    release() {
      if (holderIn(textOf(path) ?? '')?.pid === mine.pid) rmSync(path, { force: true });
    },
  };
}

function writeNew(path: string, holder: LockHolder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Null when it is gone, or was cut off while being written and stays so; the latter is then no lock at all. */
async function readWhole(path: string): Promise<LockHolder | null> {
  const deadline = Date.now() + WRITTEN_SECONDS_MAX * 1000;
  for (;;) {
    const text = textOf(path);
    if (text === null) return null;
    const holder = holderIn(text);
    if (holder !== null) return holder;
    if (Date.now() > deadline) {
      rmSync(path, { force: true });
      return null;
    }
    await delay(20);
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function holderIn(text: string): LockHolder | null {
  try {
    const holder: LockHolder = JSON.parse(text);
    return holder;
  } catch {
    return null;
  }
}

function isAlive({ pid, started }: LockHolder): boolean {
  if (!exists(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || now === started;
}

async function firstAlive(pids: number[]): Promise<number | null> {
  const deadline = Date.now() + CHILDREN_SECONDS_MAX * 1000;
  for (;;) {
    const alive = pids.find(exists);
    if (alive === undefined) return null;
    if (Date.now() > deadline) return alive;
    await delay(50);
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  // A zombie has ended; only its parent has not looked yet.
  return statusOf(pid)?.state !== 'Z';
}

function startOf(pid: number): string | null {
  return statusOf(pid)?.started ?? null;
}

/** From Linux's /proc/<pid>/stat, whose fields follow the parenthesised name; null elsewhere. */
function statusOf(pid: number): { state: string; started: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return null;
  }
}
