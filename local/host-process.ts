/** The Functions host as a child of the stack. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HostReport } from './host/main.ts';
import { StackError } from './stack-error.ts';

export interface HostProcessOptions {
  port: number;
  appDir: string;
  /** Folder that keeps the admin key. */
  data: string;
  faithful: boolean;
  allowReset: boolean;
  /** Added to this process's environment. */
  env: Record<string, string>;
  output: ((line: string) => void) | undefined;
}

const READY_SECONDS_MAX = 60;
/** Beyond the host's own drain time. */
const HOST_STOP_SECONDS_MAX = 45;

export interface HostProcess {
  child: ChildProcess;
  url: string;
  functions: string[];
  exited: Promise<string>;
  /** What it said last, for an error message. */
  lastLines(): string;
}

/**
 * @param spawned called at once, so that the child can be ended whatever comes.
 * @throws StackError with what the host said.
 */
export async function startHostProcess(
  options: HostProcessOptions,
  spawned: (child: ChildProcess) => void,
): Promise<HostProcess> {
  const { port, appDir, data } = options;
  const args = ['--port', String(port), '--app', appDir, '--data', data];
  if (options.faithful) args.push('--faithful');
  if (options.allowReset) args.push('--allow-reset');
  const child = fork(fileURLToPath(new URL('host/main.ts', import.meta.url)), args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    // As in Azure (infra/modules/app.bicep).
    env: { MALLOC_ARENA_MAX: '1', ...inherited(), ...options.env },
  });
  spawned(child);
  const exited = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const recent: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on('line', (line) => {
      recent.push(line);
      if (recent.length > 5) recent.shift();
      options.output?.(line);
    });
  }
  const lastLines = () => (recent.length === 0 ? '' : ` It said: ${recent.join(' | ')}`);

  const report = once(child, 'message').then(([message]) => message as HostReport);
  const ended = exited.then(
    (code): HostReport => ({ failed: `It ended with ${code}.${lastLines()}`, expected: true }),
  );
  const first = await Promise.race([report, ended]);
  if ('failed' in first) throw new StackError(`The Functions host did not start: ${first.failed}`);
  return { child, url: first.ready.url, functions: first.ready.functions, exited, lastLines };
}

/** A test runner's or debugger's flags are for this process. */
function inherited(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  return env;
}

/** Waits until `GET /health` answers. */
export async function healthy(host: HostProcess): Promise<void> {
  const deadline = Date.now() + READY_SECONDS_MAX * 1000;
  let last = '';
  while (Date.now() < deadline) {
    const ended = host.child.signalCode ?? host.child.exitCode;
    if (ended !== null) throw new StackError(`The Functions host ended with ${ended}.${host.lastLines()}`);
    try {
      const response = await fetch(`${host.url}/health`, { signal: AbortSignal.timeout(5000) });
      if (response.ok) return;
      last = `${response.status} ${(await response.text()).slice(0, 200)}`;
    } catch (error) {
      last = String(error);
    }
    await delay(100);
  }
  throw new StackError(
    `${host.url}/health did not answer OK within ${READY_SECONDS_MAX} s: ${last}${host.lastLines()}`,
  );
}

/** Lets the host drain; ends it where that takes too long. */
export async function stopped({ child, exited }: HostProcess): Promise<void> {
  if (child.connected) child.send('stop');
  const timer = setTimeout(() => child.kill('SIGKILL'), HOST_STOP_SECONDS_MAX * 1000);
  await exited;
  clearTimeout(timer);
}

export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
