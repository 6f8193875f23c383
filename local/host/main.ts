/** `node local/host/main.ts --port N [--app DIR] [--faithful]`: the Functions host as its own process. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describe, HostError, messageOf } from './errors.ts';
import { type Host, type HostOptions, startHost } from './host.ts';

const usage = `Usage: node local/host/main.ts --port N [--app DIR] [--host ADDRESS] [--faithful] [--data DIR] [--allow-reset]

  --port N        port to listen on; 0 lets the system choose
  --app DIR       folder of host.json and package.json (default: the current folder)
  --host ADDRESS  address to listen on (default: 127.0.0.1)
  --faithful      carry HTTP through the library's own proxy, as Azure does
  --data DIR      folder that keeps the admin key
  --allow-reset   open POST /admin/local/reset, which empties every store, to this machine`;

/** What a parent process is told over IPC. */
export type HostReport =
  | { ready: { url: string; files: string[]; functions: string[] } }
  | { failed: string; expected: boolean };

await main();

async function main(): Promise<void> {
  let host: Host | undefined;
  const stop = async () => {
    if (host === undefined) process.exit(0);
    await host.stop();
    process.exit(0);
  };
  // A parent decides about shutdown itself, so that the parts stop in order.
  const hasParent = process.send !== undefined;
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => {
    if (!hasParent) void stop();
  });
  process.on('message', (message) => {
    if (message === 'stop') void stop();
  });
  process.on('disconnect', () => process.exit(0));
  try {
    host = await startHost(await readOptions());
    const functions = host.functions.map(line);
    if (hasParent)
      process.send?.({ ready: { url: host.url, files: host.files, functions } } satisfies HostReport);
    else print(host, functions);
  } catch (error) {
    const expected = error instanceof HostError;
    const failed = expected ? messageOf(error) : describe(error);
    if (hasParent) process.send?.({ failed, expected } satisfies HostReport);
    else process.stderr.write(`${failed}\n`);
    process.exitCode = 1;
    process.disconnect?.();
    // The app may have opened what keeps a process alive.
    setImmediate(() => process.exit(1));
  }
}

async function readOptions(): Promise<HostOptions> {
  const { values } = parse();
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new HostError(`--port is "${values.port ?? ''}"; give a port from 0 to 65535.`);
  }
  if (!isLoopback(values.host ?? '127.0.0.1') && process.env['CAIRN_AUTH'] === 'off')
    throw new HostError(
      `CAIRN_AUTH=off lets everyone in, and --host ${values.host} is more than this machine; set CAIRN_AUTH to on.`,
    );
  return {
    appDir: values.app ?? '.',
    port,
    ...(values.host !== undefined && { hostname: values.host }),
    ...(values.faithful && { faithful: true }),
    ...(values.data !== undefined && { adminKeyFile: join(values.data, 'admin-key') }),
    ...(values['allow-reset'] && {
      localEndpoints: { 'POST /admin/local/reset': (await import('../reset.ts')).resetStores },
    }),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function parse() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '7071' },
        app: { type: 'string' },
        host: { type: 'string' },
        faithful: { type: 'boolean' },
        data: { type: 'string' },
        'allow-reset': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new HostError(`${messageOf(error)}\n\n${usage}`);
  }
}

function line(fn: Host['functions'][number]): string {
  const note = fn.disabled ? ' (disabled)' : '';
  switch (fn.kind) {
    case 'http':
      return `${fn.name}: http [${fn.methods.join(',')}] /${fn.route.template}${note}`;
    case 'queue':
      return `${fn.name}: queue ${fn.source.queueName}${note}`;
    case 'timer':
      return `${fn.name}: timer ${fn.schedule.text}${note}`;
  }
}

function print(host: Host, functions: string[]): void {
  const lines = [
    `Loaded ${host.files.join(', ')}`,
    ...functions.map((each) => `  ${each}`),
    `Listening on ${host.url}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
