import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../support/stack.ts';
import { mlflowServer } from './server.ts';
import { signedInStack } from './signed-in.ts';

/** `make test-mlflow`: what data scientists do with the real clients, against a whole stack or MLflow's own server. */
const usage = `Usage: make test-mlflow [ARGS="[--client 3|2] [--peer] [part of a scenario's name …]"]

  --client N  only the client of MLflow N; default: 3 and 2
  --peer      against MLflow's own server, to see that the scenarios are right

CAIRN_TEST=long runs the scenarios, too, that take long.`;

const clients = ['3', '2'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    client: { type: 'string', multiple: true, default: clients },
    peer: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const unknown = values.client.filter((client) => !clients.includes(client));
if (values.help || unknown.length > 0) {
  process.stdout.write(`${usage}\n`);
  process.exit(values.help ? 0 : 1);
}

const counted = { passed: 0, failed: 0 };
/** Begins the line of a scenario, or the last line. */
const verdict = /^(?:ok|FAILED|defect|absent|long|mlflow) /;
/** What failed, told once more at the end: a log may be cut at its beginning. */
const failures: string[] = [];
// The scenarios' receivers of webhooks and of OpenLineage events are on this machine.
const lineagePort = await freePort();
const stack = values.peer
  ? undefined
  : await signedInStack({
      CAIRN_WEBHOOK_TARGETS: 'any',
      CAIRN_OPENLINEAGE_URL: `http://127.0.0.1:${lineagePort}`,
    });
try {
  // Each client waits for the server half of its time, and works in experiments of its own.
  await Promise.all(
    values.client.map(async (client) => {
      const server = stack ?? (await mlflowServer(client));
      try {
        await runScenarios(client, server.url, stack?.credentialsOf(client));
      } finally {
        if (server !== stack) await server.stop();
      }
    }),
  );
} finally {
  await stack?.stop();
}
if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.join('\n')}\n`);
process.stdout.write(`\n${counted.passed} passed, ${counted.failed} failed\n`);
process.exitCode = counted.failed > 0 || counted.passed === 0 ? 1 : 0;

/** Shows what the scenarios say, each line behind the number of its client, and counts their verdicts. */
async function runScenarios(
  client: string,
  url: string,
  credentials: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-mlflow-'));
  const python = fileURLToPath(new URL(`../../.venv/${client}/bin/python`, import.meta.url));
  const run = fileURLToPath(new URL('run.py', import.meta.url));
  try {
    const child = spawn(python, [run, ...positionals], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...credentials,
        MLFLOW_TRACKING_URI: url,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2',
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false',
        MLFLOW_DISABLE_TELEMETRY: 'true',
        DO_NOT_TRACK: 'true',
        PYTHONDONTWRITEBYTECODE: '1',
        CAIRN_TEST_OPENLINEAGE_PORT: String(lineagePort),
        CAIRN_TEST_PEER: values.peer ? '1' : '0',
        CAIRN_TEST_NODE: process.execPath,
      },
    });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    let last = '';
    let isFailure = false;
    for await (const line of createInterface(child.stdout)) {
      if (line === '') continue;
      process.stdout.write(`${client}  ${line}\n`);
      if (verdict.test(line)) isFailure = line.startsWith('FAILED');
      if (isFailure) failures.push(`${client}  ${line}`);
      last = line;
    }
    const [code] = await ended;
    const [, passed, failed] = /^mlflow \S+: (\d+) passed, (\d+) failed$/.exec(last) ?? [];
    counted.passed += Number(passed ?? 0);
    // A run that broke off has told nothing of the scenarios behind.
    counted.failed += failed === undefined || (code !== 0 && failed === '0') ? 1 : Number(failed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
