import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Running = {
  readonly url: string;
  readonly child: ChildProcess | undefined;
  stop(): Promise<void>;
};

const startSecondsMax = 90;
const outputCharsMax = 10_000;

/**
 * The platform the demo runs on: the one that already answers at the port, or one started for it, with
 * what that one prints shown only when it fails to start.
 */
export async function platform(port: number, data: string, say: (text: string) => void): Promise<Running> {
  const url = `http://127.0.0.1:${port}`;
  if (await answers(url)) {
    say(`Using the platform that already runs at ${url}.`);
    return { url, child: undefined, stop: () => Promise.resolve() };
  }
  say('Starting the platform (storage, database, Functions host) …');
  const main = fileURLToPath(new URL('../../local/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--port', String(port), '--data', data], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // However this process ends, short of a kill, the platform ends with it.
  process.once('exit', () => child.kill('SIGTERM'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream
      .setEncoding('utf8')
      .on('data', (text: string) => (output = (output + text).slice(-outputCharsMax)));
  const deadline = Date.now() + startSecondsMax * 1000;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill();
      throw new Error(`the platform did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return { url, child, stop };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return response?.ok === true && (await response.text()) === 'OK';
}
