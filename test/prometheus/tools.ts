import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../.toolchain/prometheus/usr/bin/', import.meta.url));

/** Runs a tool to its end and gives what it said; throws with that where it fails. */
export function run(tool: 'promtool' | 'amtool', args: readonly string[], cwd: string, input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(`${bin}${tool}`, args, {
    cwd,
    input,
    encoding: 'utf8',
  });
  const said = `${stdout}${stderr}`.trim();
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} fails:\n${error ?? said}`);
  return said;
}

export type Server = { readonly url: string; said(): string; stop(): Promise<void> };

/** Starts a server that listens on a port of this machine, and waits until it is ready. */
export async function start(
  tool: 'prometheus' | 'prometheus-alertmanager',
  args: readonly string[],
  port: number,
  cwd: string,
): Promise<Server> {
  const child = spawn(`${bin}${tool}`, [...args, `--web.listen-address=127.0.0.1:${port}`], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const output: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    process.off('exit', kill);
    if (!isRunning(child)) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  await eventually(`${tool} is ready`, 30, async () => {
    if (!isRunning(child)) throw new Error(`${tool} ended:\n${Buffer.concat(output).toString()}`);
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    return response?.ok || undefined;
  });
  return { url, said: () => Buffer.concat(output).toString(), stop };
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Asks again until there is an answer. Throws after so many seconds, with what was last seen. */
export async function eventually<T>(
  what: string,
  secondsMax: number,
  ask: () => Promise<T | undefined>,
  seen: () => Promise<unknown> = () => Promise.resolve(undefined),
): Promise<T> {
  const deadline = performance.now() + secondsMax * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline)
      throw new Error(`Not within ${secondsMax} s: ${what}. ${JSON.stringify((await seen()) ?? '')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the Alertmanager sends to a webhook, as far as it is looked at. */
export type Notified = {
  readonly version: string;
  readonly status: string;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
};

export type Receiver = {
  readonly url: string;
  readonly received: { readonly authorization: string | undefined; readonly body: Notified }[];
  close(): void;
};

/** A receiver of what the Alertmanager sends, on this machine. */
export async function receiver(): Promise<Receiver> {
  const received: Receiver['received'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Notified;
      received.push({ authorization: request.headers.authorization, body });
      response.writeHead(202).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api/v1/alertmanager`,
    received,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
