import type { InvocationContext } from '@azure/functions';
import { fullAccess } from '../shared/access/index.ts';
import { credential, type Envelope, openStores, type Stores } from '../shared/azure/index.ts';
import {
  type Context,
  type Log,
  type LogFields,
  platform,
  randomIds,
  systemClock,
} from '../shared/context.ts';
import { readSettings, type Settings } from '../shared/settings.ts';
import { redacted } from '../shared/redaction/index.ts';
import { withoutSecret } from '../shared/secrets/index.ts';
import { flushTraces, inInvocation, newTrace, parseTrace, recordTraces } from '../shared/telemetry/index.ts';
import { flushUsage, inOwnName } from '../shared/usage/index.ts';

/** What every invocation of this instance shares; opened once, on first use. */
export type App = { readonly settings: Settings; readonly stores: Stores };

let opened: Promise<App> | undefined;

/** Opens the stores the settings name; a failure is tried again by the next invocation. */
export function app(): Promise<App> {
  opened ??= open().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** Closes what {@link app} opened, if it did; what was used is written before. */
export async function closeApp(): Promise<void> {
  await flushUsed();
  const closing = opened;
  opened = undefined;
  const stores = (await closing?.catch(() => undefined))?.stores;
  await Promise.all([stores?.close(), flushTraces()]);
}

/** Writes what was used and is not written yet, at most 3 seconds. */
export async function flushUsed(): Promise<void> {
  const stores = (await opened?.catch(() => undefined))?.stores;
  if (!stores) return;
  await flushUsage({ stores, clock: systemClock, ids: randomIds, log: silent }).catch(() => undefined);
}

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function open(): Promise<App> {
  const settings = readSettings(process.env);
  if (settings.traces)
    recordTraces(settings.traces, settings.identityClientId ? credential(settings) : undefined);
  const stores = await openStores(settings);
  // The local stack owns its stores and may make them; in Azure they are made by infra/ and this identity may not.
  if (settings.cosmos.by !== 'identity') await stores.createIfMissing();
  return { settings, stores };
}

/** The context of work that no caller asked for: a timer, or a message with the envelope of its cause. */
export async function workContext(
  invocation: InvocationContext,
  envelope: Partial<Envelope> = {},
  trace?: string,
): Promise<Context> {
  const { settings, stores } = await app();
  const requestId = envelope.requestId ?? invocation.invocationId;
  return {
    principal: platform,
    workspace: envelope.workspace ?? 'default',
    access: fullAccess,
    requestId,
    ...(envelope.reason === undefined ? {} : { reason: envelope.reason }),
    trace: trace ?? newTrace(),
    clock: systemClock,
    ids: randomIds,
    log: logOf(invocation, { requestId, traceId: parseTrace(trace)?.traceId }),
    stores,
    settings,
  };
}

/** The `traceparent` of the host's own span of an invocation, where that is told as well: in Application Insights. */
export function hostTrace({ traces }: Settings, { traceContext }: InvocationContext): string | undefined {
  return traces?.to.by === 'application-insights' ? traceContext?.traceParent : undefined;
}

/** Does what a message asks for, in a {@link workContext}. The host logs what it fails with, which shows no secret. */
export async function doWork(
  invocation: InvocationContext,
  envelope: Partial<Envelope>,
  work: (ctx: Context) => Promise<unknown>,
): Promise<void> {
  const { settings } = await app();
  const { functionName, invocationId } = invocation;
  const name = 'kind' in envelope ? `${functionName} ${String(envelope.kind)}` : functionName;
  const occasion = {
    kind: 'consumer',
    cause: envelope.traceparent,
    parent: hostTrace(settings, invocation),
    attributes: { 'faas.name': functionName, 'faas.invocation_id': invocationId },
  } as const;
  try {
    await inInvocation(name, occasion, async ({ traceparent }) => {
      const ctx = await workContext(invocation, envelope, traceparent);
      await inOwnName(ctx, () => work(ctx));
    });
  } catch (error) {
    throw withoutSecret(error);
  }
}

/**
 * A log that writes one line of JSON fields behind each message, to the invocation it belongs to. Nobody is to log a
 * secret; where one is in a line all the same, above all in the words of somebody else's error, a note stands for it.
 */
export function logOf(
  invocation: Pick<InvocationContext, 'info' | 'warn' | 'error'>,
  common: LogFields,
): Log {
  const line = (message: string, fields?: LogFields) =>
    redacted(`${message} ${JSON.stringify({ ...common, ...fields })}`).text;
  return {
    info: (message, fields) => invocation.info(line(message, fields)),
    warn: (message, fields) => invocation.warn(line(message, fields)),
    error: (message, fields) => invocation.error(line(message, fields)),
  };
}
