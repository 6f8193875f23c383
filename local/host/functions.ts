/** What the app registered, checked and turned into the functions this host runs. */
import type { RegisteredFunction } from './core.ts';
import { HostError } from './errors.ts';
import type { Binding, FunctionCallback, FunctionMetadata } from './rpc.ts';
import { parseRoute, type Route, routesOverlap } from './routes.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import { connectionString, type Env, resolveNames } from './settings.ts';

export interface QueueAddress {
  connectionString: string;
  queueName: string;
}

interface Common {
  name: string;
  metadata: FunctionMetadata;
  handler: FunctionCallback;
  /** Name of the trigger binding. */
  trigger: string;
  /** Queue outputs by binding name; `$return` is the returned value. */
  outputs: Map<string, QueueAddress>;
  /** By `AzureWebJobs.<name>.Disabled`: registered, but nothing triggers it. */
  disabled: boolean;
}

export type HttpFunction = Common & { kind: 'http'; route: Route; methods: string[] };
export type QueueFunction = Common & { kind: 'queue'; source: QueueAddress };
export type TimerFunction = Common & {
  kind: 'timer';
  schedule: Schedule;
  runOnStartup: boolean;
  useMonitor: boolean;
};
export type HostedFunction = HttpFunction | QueueFunction | TimerFunction;

/**
 * @param overlaps `refuse` stops on HTTP functions that claim the same path, of which the service would
 *   silently run the alphabetically first.
 * @returns the functions in the order in which HTTP routes are tried: by name, case ignored.
 * @throws HostError naming the function and the fix.
 */
export function resolveFunctions(
  registered: Iterable<RegisteredFunction>,
  routePrefix: string,
  env: Env,
  overlaps: 'refuse' | 'allow',
): HostedFunction[] {
  const functions = [...registered].map((each) => resolve(each, routePrefix, env));
  functions.sort((a, b) => compare(a.name.toUpperCase(), b.name.toUpperCase()));
  if (overlaps === 'refuse') refuseOverlaps(functions.filter((each) => each.kind === 'http'));
  return functions;
}

function resolve({ metadata, handler }: RegisteredFunction, routePrefix: string, env: Env): HostedFunction {
  const { name, bindings } = metadata;
  if (!/^[a-z][a-z0-9_-]{0,127}$/i.test(name) || name.toLowerCase() === 'host') {
    throw new HostError(
      `"${name}" is not a function name: use a letter, then letters, digits, "-" or "_" (at most 128), and not "host".`,
    );
  }
  if (metadata.retryOptions) {
    throw new HostError(
      `Function "${name}" has a retry policy, which this host does not run; remove "retry".`,
    );
  }
  const entries = Object.entries(bindings);
  const triggers = entries.filter(([, binding]) => /trigger$/i.test(binding.type));
  const [trigger, ...more] = triggers;
  if (!trigger || more.length > 0)
    throw new HostError(`Function "${name}" must have one trigger, not ${triggers.length}.`);

  const outputs = new Map<string, QueueAddress>();
  for (const [key, binding] of entries) {
    if (key === trigger[0]) continue;
    const type = binding.type.toLowerCase();
    if (type === 'http' && key === '$return') continue;
    if (type !== 'queue' || binding.direction !== 'out') {
      throw new HostError(`Function "${name}" has ${article(binding)}, which this host does not run.`);
    }
    outputs.set(key, queueAddress(name, binding, env));
  }

  const common: Common = {
    name,
    metadata,
    handler,
    trigger: trigger[0],
    outputs,
    disabled: /^(1|true)$/i.test(
      env[`AzureWebJobs.${name}.Disabled`] ?? env[`AzureWebJobs_${name}_Disabled`] ?? '',
    ),
  };
  return withTrigger(common, trigger[1], routePrefix, env);
}

function withTrigger(common: Common, binding: Binding, routePrefix: string, env: Env): HostedFunction {
  const { name } = common;
  switch (binding.type.toLowerCase()) {
    case 'httptrigger': {
      const level = optionalText(name, binding, 'authLevel') ?? 'anonymous';
      if (level.toLowerCase() !== 'anonymous') {
        throw new HostError(
          `Function "${name}" has authLevel "${level}"; this host keeps no function keys, so use "anonymous" and authenticate in the app.`,
        );
      }
      const methods = Array.isArray(binding['methods']) ? binding['methods'].map(String) : ['GET', 'POST'];
      const route = optionalText(name, binding, 'route') ?? name;
      return {
        ...common,
        kind: 'http',
        route: parseRoute(name, routePrefix, route),
        methods: methods.map((method) => method.toUpperCase()),
      };
    }
    case 'queuetrigger':
      return { ...common, kind: 'queue', source: queueAddress(name, binding, env) };
    case 'timertrigger': {
      const text = optionalText(name, binding, 'schedule');
      if (!text) throw new HostError(`Function "${name}" has no schedule.`);
      return {
        ...common,
        kind: 'timer',
        schedule: parseSchedule(name, resolveNames(text, env)),
        runOnStartup: binding['runOnStartup'] === true,
        useMonitor: binding['useMonitor'] !== false,
      };
    }
    default:
      throw new HostError(`Function "${name}" has ${article(binding)}, which this host does not run.`);
  }
}

function queueAddress(name: string, binding: Binding, env: Env): QueueAddress {
  const queueName = optionalText(name, binding, 'queueName');
  if (!queueName) throw new HostError(`Function "${name}": the ${binding.type} binding has no queueName.`);
  const resolved = resolveNames(queueName, env);
  if (!/^(?!-)(?!.*--)[a-z0-9-]{3,63}(?<!-)$/.test(resolved)) {
    throw new HostError(
      `Function "${name}": "${resolved}" is not a queue name; use 3 to 63 lower-case letters, digits and single hyphens.`,
    );
  }
  return {
    queueName: resolved,
    connectionString: connectionString(optionalText(name, binding, 'connection') ?? '', env),
  };
}

function optionalText(name: string, binding: Binding, key: string): string | undefined {
  const value = binding[key];
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw new HostError(`Function "${name}": ${key} of the ${binding.type} binding must be a string.`);
}

function refuseOverlaps(functions: HttpFunction[]): void {
  for (const [index, a] of functions.entries()) {
    for (const b of functions.slice(index + 1)) {
      const methods = a.methods.filter((method) => b.methods.includes(method));
      if (methods.length === 0 || !routesOverlap(a.route, b.route)) continue;
      throw new HostError(
        `Functions "${a.name}" (/${a.route.template}) and "${b.name}" (/${b.route.template}) both answer ${methods.join(', ')} ` +
          'on the same path; the service would always run the first by name. Separate their routes or constrain a parameter.',
      );
    }
  }
}

function article(binding: Binding): string {
  return `a binding of type "${binding.type}" (${binding.direction})`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
