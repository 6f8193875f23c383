/** The `@azure/functions-core` module that the worker would supply: registration and hooks of one app. */
import { HostError } from './errors.ts';
import type { Log } from './log.ts';
import type { FunctionCallback, FunctionMetadata, LogCategory, LogLevel, ProgrammingModel } from './rpc.ts';

const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
type HookName = (typeof hookNames)[number];
type Hook = (context: object) => unknown;

export interface RegisteredFunction {
  metadata: FunctionMetadata;
  handler: FunctionCallback;
}

export interface Core {
  /** What `require('@azure/functions-core')` returns inside the app. */
  module: object;
  functions: Map<string, RegisteredFunction>;
  programmingModel(): ProgrammingModel | undefined;
  /** Runs the hooks of one name in the order of registration. */
  runHooks(name: HookName, context: object): Promise<void>;
  /** Log hooks are synchronous, so that a line keeps its place. */
  runLogHooks(context: object): void;
  /** No function may be registered from here on. */
  lock(): void;
}

class Disposable {
  #dispose: (() => void) | undefined;
  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }
  static from(...items: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const item of items) item.dispose();
    });
  }
  dispose(): void {
    this.#dispose?.();
    this.#dispose = undefined;
  }
}

/** @param log receives what the library itself has to say. */
export function createCore(log: Log): Core {
  const functions = new Map<string, RegisteredFunction>();
  const hooks: Record<HookName, Hook[]> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  let model: ProgrammingModel | undefined;
  let locked = false;

  const module = {
    version: '3.11.0',
    hostVersion: '4.1040.0',
    Disposable,
    setProgrammingModel(next: ProgrammingModel) {
      if (locked) throw systemError('The programming model cannot be set after the app has started.');
      model = next;
    },
    getProgrammingModel: () => model,
    registerFunction(metadata: FunctionMetadata, handler: FunctionCallback) {
      const { name } = metadata;
      if (locked) throw systemError(`Function "${name}" cannot be registered after the app has started.`);
      // The service compares names without case, so two that differ in case alone would collide there.
      const taken = [...functions.keys()].find((other) => other.toLowerCase() === name.toLowerCase());
      if (taken !== undefined) {
        throw systemError(`Function "${name}" is registered twice. Give each function its own name.`);
      }
      functions.set(name, { metadata, handler });
      return new Disposable(() => {
        if (locked) throw systemError(`Function "${name}" cannot be removed after the app has started.`);
        functions.delete(name);
      });
    },
    registerHook(name: string, hook: Hook) {
      const list = isHookName(name) ? hooks[name] : undefined;
      if (list === undefined) throw systemError(`There is no hook "${name}".`, RangeError);
      list.push(hook);
      return new Disposable(() => {
        const at = list.indexOf(hook);
        if (at >= 0) list.splice(at, 1);
      });
    },
    log(level: LogLevel, _category: LogCategory, message: string) {
      // What the library tells of its own workings is for whoever debugs it.
      log({ level: level === 'information' ? 'debug' : level, message });
    },
  };

  return {
    module,
    functions,
    programmingModel: () => model,
    async runHooks(name, context) {
      for (const hook of hooks[name]) await hook(context);
    },
    runLogHooks(context) {
      for (const hook of hooks.log) hook(context);
    },
    lock() {
      locked = true;
    },
  };
}

function isHookName(name: string): name is HookName {
  return hookNames.some((known) => known === name);
}

/** The library tells an error of the system from one of the app by this mark. */
function systemError(message: string, kind: new (message: string) => Error = HostError): Error {
  return Object.assign(new kind(message), { isAzureFunctionsSystemError: true });
}
