import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, healthy, type RunningStack } from '../support/stack.ts';

/** It loads much before it answers, which takes long on a busy machine. */
const startSecondsMax = 180;

export type MlflowServer = Pick<RunningStack, 'url' | 'stop'> & {
  /** The SQLite database behind it. */
  readonly database: string;
};

/** The Python with MLflow `major` in it, `undefined` where it is not installed. */
export function mlflowPython(major: string): string | undefined {
  const python = fileURLToPath(new URL(`../../.venv/${major}/bin/python`, import.meta.url));
  return existsSync(python) ? python : undefined;
}

/** MLflow's own server as it ships, on SQLite and files in a folder of its own, which goes with it. */
export async function mlflowServer(major: string): Promise<MlflowServer> {
  const python = mlflowPython(major);
  if (python === undefined) throw new Error(`MLflow ${major} is not installed.`);
  const folder = await mkdtemp(join(tmpdir(), 'cairn-mlflow-server-'));
  const port = await freePort();
  const database = join(folder, 'mlflow.db');
  const child = spawn(
    python,
    [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port)],
      ...[
        '--backend-store-uri',
        `sqlite:///${database}`,
        '--artifacts-destination',
        join(folder, 'artifacts'),
      ],
    ],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        MLFLOW_DISABLE_TELEMETRY: 'true',
        DO_NOT_TRACK: 'true',
        // A scenario's receiver of webhooks is on this machine, and each makes webhooks of its own.
        MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https',
        MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true',
        MLFLOW_WEBHOOK_CACHE_TTL: '0',
      },
      // It starts workers, which must end with it.
      detached: true,
    },
  );
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const killAll = () => isRunning() && process.kill(-(child.pid ?? 0), 'SIGKILL');
  const interrupted = () => process.exit(1);
  process.once('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  const output: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const stop = async () => {
    if (isRunning()) {
      const ended = once(child, 'exit');
      killAll();
      await ended;
    }
    process.off('exit', killAll);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await healthy(url, child, startSecondsMax);
    return { url, database, stop };
  } catch (error) {
    await stop();
    throw new Error(`MLflow's server did not start:\n${Buffer.concat(output).toString()}`, { cause: error });
  }
}
