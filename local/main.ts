/** `npm start`: Cairn on this machine. */
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type Stack, StackError, type StackOptions, startStack } from './stack.ts';

const usage = `Usage: npm start -- [options]

  --port N       port of the platform (default 7071)
  --data DIR     folder that keeps everything (default .cairn)
  --faithful     carry HTTP through the library's own proxy, as Azure does
  --latency MS   delay of each Cosmos DB round trip, for instance 8ms
  --ru N         request units a second, above which Cosmos DB answers 429
  --allow-reset  open POST /admin/local/reset, which empties every store
  --help         this text`;

await main();

async function main(): Promise<void> {
  const started = performance.now();
  let stack: Stack | undefined;
  let stopping = false;
  const onSignal = () => {
    if (stopping || stack === undefined) {
      // The parts end by themselves once this process has.
      process.stderr.write('\nStopped at once.\n');
      process.exit(130);
    }
    stopping = true;
    process.stdout.write('\nStopping (press Ctrl-C again to stop at once)\n');
    void stack.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  try {
    const options = readOptions();
    stack = await startStack({
      ...options,
      progress: (step) => process.stdout.write(`${step} …\n`),
      output: (line) => process.stdout.write(`${line}\n`),
    });
    print(stack, (performance.now() - started) / 1000);
    const reason = await stack.crashed;
    process.stderr.write(`${reason} Stopping; start again with npm start.\n`);
    await stack.stop();
    process.exit(1);
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function readOptions(): StackOptions {
  const { values } = parse();
  if (values.help) {
    process.stdout.write(`${usage}\n`);
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
    allowReset: values['allow-reset'],
    ...(latencyMs !== undefined && { latencyMs }),
    ...(ruPerSecondMax !== undefined && { ruPerSecondMax }),
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '7071' },
        data: { type: 'string', default: '.cairn' },
        faithful: { type: 'boolean', default: false },
        latency: { type: 'string' },
        ru: { type: 'string' },
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

function print({ url, data, functions }: Stack, seconds: number): void {
  const lines = [
    '',
    `Cairn is ready (${seconds.toFixed(1)} s, ${functions.length} functions)`,
    `  Tracking URI  ${url}`,
    `  Web UI        ${url}/`,
    `  API           ${url}/openapi.json`,
    `  Data folder   ${relative(process.cwd(), data) || '.'}`,
    '',
    `  export MLFLOW_TRACKING_URI=${url}`,
    '  Ctrl-C stops; the data stays.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
