import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What was given on the command line of a tool. `--help` prints `usage`; what it does not take ends it with code 2. */
export function optionsOf<const T extends Options>(usage: string, options: T) {
  const all = { ...options, help: { type: 'boolean', default: false } } as const;
  try {
    const { values } = parseArgs({ options: all });
    if (!('help' in values && values.help)) return values;
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  } catch (error) {
    endWith(`${(error as Error).message.split('. ')[0]}; --help lists the options.`);
  }
}

/** Ends a tool that cannot do what it was asked for, with code 2 and a line that says why. */
export function endWith(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
