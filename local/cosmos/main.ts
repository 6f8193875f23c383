import { parseArgs } from 'node:util';
import { EMULATOR_KEY } from './auth.ts';
import { createEmulator, type Emulator } from './emulator.ts';
import { type HttpServer, listen } from './server.ts';
import { checkRanges, parseMilliseconds } from './settings.ts';

const HELP = `Cosmos DB emulator: the NoSQL API over HTTP, on 127.0.0.1 only.

Usage: npm run cosmos -- [options]

  --port N        the port; 0 lets the system choose        (8081)
  --data DIR      keep the data in this folder              (in memory)
  --latency MS    answer each request so much later         (0)
  --ru N          request units a second for a container; above it the answer is 429   (no limit)
  --ranges N      physical ranges of each container, 1 to 64   (1)
  --stale-reads   serve reads that relax the consistency from before the latest commits
  --entra         accept Entra ID tokens, unread
  --help          print this

Key: ${EMULATOR_KEY}
POST /_emulator/reset empties the account; POST /_emulator/delete-items keeps databases and containers.
`;

type Arguments = {
  port: number;
  data: string | null;
  latencyMs: number;
  ru: number | undefined;
  ranges: number;
  staleReads: boolean;
  entra: boolean;
};

await main();

async function main(): Promise<void> {
  let emulator: Emulator | undefined;
  try {
    const args = readArguments();
    if (args === undefined) {
      process.stdout.write(HELP);
      return;
    }
    const { port, data, latencyMs, ranges, staleReads, entra, ru } = args;
    emulator = createEmulator({
      data,
      latencyMs,
      ranges,
      staleReads,
      entra,
      ...(ru !== undefined && { requestUnitsPerSecond: ru }),
    });
    const server = await listen(emulator, port);
    process.stdout.write(`Cosmos DB emulator at ${server.endpoint}, data in ${data ?? 'memory'}\n`);
    stopOnSignal(server, emulator);
  } catch (error) {
    emulator?.close();
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}

/** Undefined where the help was asked for. */
function readArguments(): Arguments | undefined {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8081' },
      data: { type: 'string' },
      latency: { type: 'string', default: '0' },
      ru: { type: 'string' },
      ranges: { type: 'string', default: '1' },
      'stale-reads': { type: 'boolean', default: false },
      entra: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port must be from 0 to 65535, not '${values.port}'.`);
  const latencyMs = parseMilliseconds(values.latency);
  if (latencyMs === undefined)
    throw new Error(`--latency must be milliseconds such as 8 or 8ms, not '${values.latency}'.`);
  const ru = values.ru === undefined ? undefined : Number(values.ru);
  if (ru !== undefined && !(ru > 0)) throw new Error(`--ru must be a positive number, not '${values.ru}'.`);
  return {
    port,
    data: values.data ?? null,
    latencyMs,
    ru,
    ranges: checkRanges(Number(values.ranges)),
    staleReads: values['stale-reads'],
    entra: values.entra,
  };
}

function stopOnSignal(server: HttpServer, emulator: Emulator): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void server.close().then(() => emulator.close());
    });
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return 'The port is in use by another process: choose another with --port, or 0 for any that is free.';
  }
  return error.message;
}
