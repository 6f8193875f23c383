import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type RunningStack = {
  readonly url: string;
  stop(): Promise<void>;
  /** Ends every process of the stack at once, as a power cut would. */
  kill(): Promise<void>;
};

/**
 * The whole platform as `make start` runs it, in processes of its own. Its data folder goes with it,
 * unless the caller gives one, which is the caller's to remove. `args` are more arguments of `make start`.
 */
export async function startedStack(
  env: Readonly<Record<string, string>> = {},
  folder?: string,
  args: readonly string[] = [],
): Promise<RunningStack> {
  const data = folder ?? (await mkdtemp(join(tmpdir(), 'cairn-stack-')));
  const port = await freePort();
  const main = fileURLToPath(new URL('../../local/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--port', String(port), '--data', data, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that all of it can be killed at once.
    detached: true,
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const url = `http://127.0.0.1:${port}`;
  const end = async (signal: () => void) => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      signal();
      await ended;
    }
    if (folder === undefined) await rm(data, { recursive: true, force: true });
  };
  const stop = () => end(() => child.kill('SIGTERM'));
  const kill = () => end(() => process.kill(-(child.pid ?? 0), 'SIGKILL'));
  try {
    await healthy(url, child);
  } catch (error) {
    await stop();
    throw new Error(`The stack did not start:\n${Buffer.concat(output).toString()}`, { cause: error });
  }
  return { url, stop, kill };
}

/** Waits until the server that `child` runs answers. */
export async function healthy(url: string, child: ChildProcess, secondsMax = 60): Promise<void> {
  const deadline = Date.now() + secondsMax * 1000;
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(`${url}/health`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no answer from /health');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
