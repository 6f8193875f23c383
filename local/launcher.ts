/** The command behind `npm start`: Cairn on this machine. */
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type Stack, StackError, type StackOptions, startStack } from './stack.ts';

const usage = `Usage: npm start -- [options]

  --port N       port of the platform (default 7071)
  --data DIR     folder that keeps everything (default .cairn)
  --faithful     carry HTTP through the library's own proxy, as Azure does
  --latency MS   delay of each Cosmos DB round trip, for instance 8ms
  --ru N         request units a second, above which Cosmos DB answers 429
  --auth         ask everyone to sign in; prints a token of the first admin, 'admin'
  --allow-reset  open POST /admin/local/reset, which empties every store
  --help         this text`;

/**
 * Starts the stack that `args` describe, shows what it says, and stops it on Ctrl-C; a second Ctrl-C stops
 * it at once. Ends the process: 0 after a stop, 1 with one line when something is wrong.
 * @param app another app than this project's, with what it needs in its environment.
 */
export async function runLauncher(
  args: string[],
  app: Pick<StackOptions, 'appDir' | 'env'> = {},
): Promise<void> {
  const started = performance.now();
  let stack: Stack | undefined;
  let stopping = false;
  const onSignal = () => {
    if (stopping || stack === undefined) {
      // The parts end by themselves once this process has.
      say('\nStopped at once.');
      process.exit(130);
    }
    stopping = true;
    say('\nStopping (press Ctrl-C again to stop at once)');
    void stack.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);

  try {
    stack = await startStack({
      ...readOptions(args),
      ...app,
      progress: (step) => say(`${step} …`),
      output: say,
    });
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  say(readyText(stack, (performance.now() - started) / 1000));
  const reason = await stack.crashed;
  process.stderr.write(`${reason} Everything is stopped; start again with npm start.\n`);
  await stack.stop();
  process.exit(1);
}

function readOptions(args: string[]): StackOptions {
  const { values } = parse(args);
  if (values.help) {
    say(usage);
    process.exit(0);
  }
  const latencyMs =
    values.latency === undefined ? undefined : number('--latency', values.latency.replace(/ms$/, ''));
  const ruPerSecondMax = values.ru === undefined ? undefined : number('--ru', values.ru);
  const port = number('--port', values.port);
  if (port > 65535) throw new StackError(`--port is "${values.port}"; give a port from 0 to 65535.`);
  return {
    port,
    data: values.data,
    faithful: values.faithful,
    auth: values.auth,
    allowReset: values['allow-reset'],
    ...(latencyMs !== undefined && { latencyMs }),
    ...(ruPerSecondMax !== undefined && { ruPerSecondMax }),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: '7071' },
        data: { type: 'string', default: '.cairn' },
        faithful: { type: 'boolean', default: false },
        latency: { type: 'string' },
        ru: { type: 'string' },
        auth: { type: 'boolean', default: false },
        'allow-reset': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new StackError(`${problem}; npm start -- --help lists the options.`);
  }
}

function number(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new StackError(`${flag} is "${text}"; give a whole number.`);
}

function readyText({ url, data, functions, adminToken }: Stack, seconds: number): string {
  return [
    '',
    `Cairn is ready (${seconds.toFixed(1)} s, ${functions.length} functions)`,
    `  Tracking URI  ${url}`,
    `  Web UI        ${url}/`,
    `  API           ${url}/openapi.json`,
    `  Data folder   ${relative(process.cwd(), data) || '.'}`,
    '',
    `  export MLFLOW_TRACKING_URI=${url}`,
    ...(adminToken
      ? [
          `  export MLFLOW_TRACKING_TOKEN=${adminToken.text}`,
          `  # the first admin's, kept in ${relative(process.cwd(), adminToken.file)}; make tokens for others by POST ${url}/api/v1/tokens`,
        ]
      : ['  Nobody is asked to sign in: start with --auth to change that.']),
    '  Ctrl-C stops; the data stays.',
    '',
  ].join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}
`);
}
