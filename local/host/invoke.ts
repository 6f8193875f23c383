/** One invocation, through the library's own classes and the app's hooks, as the worker does it. */
import { randomUUID } from 'node:crypto';
import type { Core } from './core.ts';
import type { HostedFunction } from './functions.ts';
import type { Log } from './log.ts';
import type {
  CoreInvocationContext,
  FunctionMetadata,
  InvocationResponse,
  LibraryContext,
  ProgrammingModel,
  TypedData,
} from './rpc.ts';

export interface App {
  core: Core;
  model: ProgrammingModel;
  log: Log;
  functionTimeoutMs: number | null;
}

export interface InvocationInput {
  data: TypedData;
  triggerMetadata?: Record<string, TypedData>;
  /** W3C `traceparent` and `tracestate` of the caller. */
  traceParent?: string | undefined;
  traceState?: string | undefined;
  invocationId?: string;
}

export interface InvocationOutcome {
  /** What the handler, or a hook after it, returned. */
  result: unknown;
  /** What goes to the bindings. */
  response: InvocationResponse;
}

/**
 * Runs a function and returns what it puts out.
 * @throws whatever the function, or one of the app's hooks, throws.
 */
export async function invoke(
  app: App,
  fn: HostedFunction,
  input: InvocationInput,
): Promise<InvocationOutcome> {
  const { model, context, result } = await run(app, fn, fn.metadata, input);
  return { result, response: await model.getResponse(context, result) };
}

/**
 * Runs an HTTP function on a `Request` handed over in process, and returns its result untouched beside
 * what it puts out elsewhere. With streaming on, the library would otherwise wait for the request on its
 * own HTTP proxy; the trigger goes by another name until the arguments are made, which avoids that.
 */
export async function invokeInProcess(
  app: App,
  fn: HostedFunction,
  input: InvocationInput,
): Promise<InvocationOutcome> {
  const { model, context, result } = await run(app, fn, inProcess(fn), input);
  // The result is presented by the caller; passing it on would have the library serialise it once more.
  const response = fn.outputs.size > 0 ? await model.getResponse(context, undefined) : { outputData: [] };
  return { result, response };
}

const inProcessMetadata = new WeakMap<HostedFunction, FunctionMetadata>();

function inProcess(fn: HostedFunction): FunctionMetadata {
  const known = inProcessMetadata.get(fn);
  if (known) return known;
  const { $return: _http, ...bindings } = fn.metadata.bindings;
  const trigger = bindings[fn.trigger];
  if (trigger) bindings[fn.trigger] = { ...trigger, type: 'inProcessHttpTrigger' };
  const metadata = { ...fn.metadata, bindings };
  inProcessMetadata.set(fn, metadata);
  return metadata;
}

async function run(app: App, fn: HostedFunction, metadata: FunctionMetadata, input: InvocationInput) {
  const invocationId = input.invocationId ?? randomUUID();
  const invocation: { context?: LibraryContext } = {};
  const core: CoreInvocationContext = {
    invocationId,
    metadata,
    request: {
      inputData: [{ name: fn.trigger, data: input.data }],
      ...(input.triggerMetadata && { triggerMetadata: input.triggerMetadata }),
      traceContext: {
        traceParent: traceParent(input.traceParent),
        traceState: input.traceState ?? '',
        attributes: {},
      },
    },
    log(level, category, message) {
      const entry = { level, category, message, invocationContext: invocation.context };
      app.core.runLogHooks(entry);
      app.log({ level: entry.level, message: entry.message, function: fn.name, invocationId });
    },
  };
  const model = app.model.getInvocationModel(core);
  const { context, inputs } = await model.getArguments();
  context.options.trigger.type = fn.metadata.bindings[fn.trigger]?.type ?? context.options.trigger.type;
  const returned = fn.metadata.bindings['$return'];
  if (returned) context.options.return = { ...returned, name: '$return' };
  invocation.context = context;

  const hook = {
    hookData: {},
    appHookData: {},
    invocationContext: context,
    inputs,
    functionCallback: fn.handler,
    result: undefined as unknown,
    error: undefined as unknown,
  };
  try {
    core.state = 'preInvocationHooks';
    await app.core.runHooks('preInvocation', hook);
    core.state = 'invocation';
    const running = model.invokeFunction(context, hook.inputs, hook.functionCallback);
    hook.result = await withTimeout(running, app.functionTimeoutMs, fn.name);
  } catch (error) {
    hook.error = error ?? new Error(`Function "${fn.name}" threw ${String(error)}.`);
  }
  core.state = 'postInvocationHooks';
  await app.core.runHooks('postInvocation', hook);
  delete core.state;
  if (hook.error !== undefined && hook.error !== null) throw hook.error;
  return { model, context, result: hook.result };
}

async function withTimeout<T>(running: Promise<T>, timeoutMs: number | null, name: string): Promise<T> {
  if (timeoutMs === null) return await running;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Function "${name}" ran into functionTimeout (${timeoutMs / 1000} s).`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([running, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** The caller's trace with a span of this host, or a new trace. */
function traceParent(given: string | undefined): string {
  const trace = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(given ?? '');
  return `00-${trace?.[1] ?? randomHex()}-${randomHex().slice(16)}-${trace?.[2] ?? '00'}`;
}

/** 32 digits. The system's random numbers are drawn for many of these at once. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
