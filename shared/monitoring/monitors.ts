import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type CairnEvent, eventWrite, relay, schedule } from '../events/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import { aliasOf, getEndpoint, requireMain } from '../endpoints/index.ts';
import { defaultSettings, type Monitor, type MonitorResult, type MonitorSettings } from './model.ts';
import {
  agendaName,
  container,
  findMonitor,
  isThere,
  keyOf,
  readAnyMonitor,
  readMonitor,
  readResult,
} from './store.ts';
import { nextCheckAt } from './windows.ts';

/** What {@link putMonitor} changes. Absent stays as it is; `retraining: null` takes the policy away. */
export type MonitorChange = {
  readonly endpoint?: string | undefined;
  readonly windowSeconds?: number | undefined;
  readonly everySeconds?: number | undefined;
  readonly minRows?: number | undefined;
  readonly thresholds?: Partially<MonitorSettings['thresholds']> | undefined;
  readonly performance?: Partially<MonitorSettings['performance']> | undefined;
  readonly retraining?: RetrainingChange | null | undefined;
};
type RetrainingChange = Partially<NonNullable<MonitorSettings['retraining']>> & { readonly executor: string };
type Partially<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Every endpoint gets a monitor of its own name: a subscriber of `endpoint.created`. */
export async function monitorEndpoint(ctx: Context, { subject }: Pick<CairnEvent, 'subject'>): Promise<void> {
  const endpoint = subject['endpoint'];
  if (endpoint === undefined) throw new Error('An endpoint.created event names no endpoint.');
  // It may be deleted by now, and nothing would end what is made here.
  if (!(await unlessCode(getEndpoint(ctx, endpoint), 'not-found'))) return;
  await create(ctx, endpoint, { endpoint, ...defaultSettings });
  // By then it may have been changed.
  const { doc } = await readMonitor(ctx, endpoint);
  await putOnAgenda(ctx, doc);
}

/** A monitor with the etag that {@link putMonitor} takes; `not-found` where there is none. */
export const getMonitor = readMonitor;

/** The monitors of the workspace whose endpoints the caller may see, by name. */
export async function listMonitors(ctx: Context): Promise<Monitor[]> {
  const conditions: Condition[] = [
    (bind) => `c.workspace = ${bind(ctx.workspace)} AND c.type = 'monitor'`,
    ...onlyVisible(['endpoint'], ctx.access.visible('endpoint')),
  ];
  const monitors = await container(ctx).query<Monitor>(queryOf('*', conditions), { key: [ctx.workspace] });
  return monitors.toSorted((a, b) => (a.monitorId < b.monitorId ? -1 : 1));
}

/**
 * Changes the settings of a monitor, or makes a new one when `endpoint` says what it watches. With
 * `ifMatch`, a monitor that changed since it was read is left alone (`conflict`). Throws `forbidden` where it is to
 * retrain a model that the caller may not change.
 */
export async function putMonitor(
  ctx: Context,
  monitorId: string,
  change: MonitorChange,
  ifMatch?: string,
): Promise<Stored<Monitor>> {
  const stored = await findMonitor(ctx, monitorId);
  if (ifMatch !== undefined && ifMatch !== stored?.etag) throw changed(monitorId);
  const endpointName = stored?.doc.endpoint ?? change.endpoint;
  if (endpointName === undefined) throw noMonitorYet(monitorId);
  if (change.endpoint !== undefined && change.endpoint !== endpointName)
    throw new CairnError(
      'invalid',
      `Monitor '${monitorId}' watches '${endpointName}'; make another for '${change.endpoint}'.`,
      {
        field: 'endpoint',
      },
    );
  const main = requireMain(await getEndpoint(ctx, endpointName));
  // A retraining registers versions and moves an alias of the model, in the platform's name.
  if (change.retraining) ctx.access.require('contributor', { type: 'model', id: main.modelId });
  const settings = merge(ctx, stored?.doc ?? defaultSettings, change, aliasOf(main));
  const written = stored
    ? await replace(ctx, stored, settings)
    : await create(ctx, monitorId, { endpoint: endpointName, ...settings });
  if (!written) throw changed(monitorId);
  // Each time, also where nothing changed: repeating a call that broke off here completes it.
  await putOnAgenda(ctx, written.doc);
  return written;
}

/** The words where a monitor is to be changed that there is not, and nothing says what it would watch. */
export function noMonitorYet(monitorId: string): CairnError {
  return new CairnError(
    'not-found',
    `There is no monitor named '${monitorId}'; give 'endpoint' to make one.`,
    { field: 'endpoint' },
  );
}

/** Results, newest window first. */
export async function listResults(ctx: Context, monitorId: string, limit: number): Promise<MonitorResult[]> {
  await readMonitor(ctx, monitorId);
  return container(ctx).query<MonitorResult>(
    { text: "SELECT * FROM c WHERE c.type = 'result' ORDER BY c.windowEnd DESC" },
    { key: keyOf(ctx, monitorId), limit },
  );
}

/** The result of the window that ends at `windowEnd`, milliseconds since 1970. Throws `not-found` for a monitor or a window. */
export async function getResult(ctx: Context, monitorId: string, windowEnd: number): Promise<MonitorResult> {
  const stored = await readResult(ctx, monitorId, windowEnd);
  if (stored) return stored.doc;
  await readMonitor(ctx, monitorId);
  throw new CairnError(
    'not-found',
    `Monitor '${monitorId}' has no result for a window that ends at ${new Date(windowEnd).toISOString()}.`,
    { field: 'windowEnd' },
  );
}

/** `undefined` where it exists already. What is left of one of this name gives its place. */
async function create(
  ctx: Context,
  monitorId: string,
  settings: MonitorSettings & { endpoint: string },
): Promise<Stored<Monitor> | undefined> {
  const gone = await readAnyMonitor(ctx, monitorId);
  if (gone && isThere(gone)) return undefined;
  const now = ctx.clock.now();
  const doc: Monitor = {
    ...settings,
    id: 'monitor',
    type: 'monitor',
    v: 1,
    workspace: ctx.workspace,
    monitorId,
    createdAt: now,
    updatedAt: now,
    seq: (gone?.doc.seq ?? 0) + 1,
  };
  return commit(ctx, gone ? { op: 'replace', doc, etag: gone.etag } : { op: 'create', doc }, doc);
}

/** `undefined` where it changed since it was read. */
function replace(
  ctx: Context,
  { doc: before, etag }: Stored<Monitor>,
  settings: MonitorSettings,
): Promise<Stored<Monitor> | undefined> {
  const { retraining: _, ...rest } = before;
  const doc: Monitor = { ...rest, ...settings, updatedAt: ctx.clock.now(), seq: before.seq + 1 };
  return commit(ctx, { op: 'replace', doc, etag }, doc, before);
}

/** Writes a monitor and the event that tells of it; `undefined` where somebody else was faster. */
async function commit(
  ctx: Context,
  write: Write,
  doc: Monitor,
  before?: Monitor,
): Promise<Stored<Monitor> | undefined> {
  const { monitorId, endpoint, seq } = doc;
  const key = keyOf(ctx, monitorId);
  const event = eventWrite(
    ctx,
    {
      type: 'monitor.changed',
      aggregate: `monitor/${monitorId}`,
      seq,
      subject: { monitorId, endpoint },
      before,
      after: doc,
    },
    { workspace: ctx.workspace, monitorId },
  );
  const result = await container(ctx).batch(key, [write, event]);
  if (result.outcome !== 'applied') return undefined;
  relay(ctx, 'monitors', key, event);
  return { doc, etag: result.etags[0] ?? '' };
}

function putOnAgenda(ctx: Context, { monitorId, everySeconds }: Monitor): Promise<void> {
  return schedule(ctx, agendaName(ctx, monitorId), {
    dueAt: nextCheckAt(everySeconds, ctx.clock.now()),
    everySeconds,
    workspace: ctx.workspace,
    message: { kind: 'check-monitor', monitorId },
  });
}

function merge(
  ctx: Context,
  old: MonitorSettings,
  change: MonitorChange,
  endpointAlias: string | undefined,
): MonitorSettings {
  const { retraining } = change;
  if (retraining && !Object.hasOwn(ctx.settings.executors, retraining.executor)) {
    const known = Object.keys(ctx.settings.executors);
    throw new CairnError(
      'invalid',
      `No executor is named '${retraining.executor}'; ${known.length > 0 ? `there is ${known.join(', ')}` : 'none is set up'}. Declare it in CAIRN_EXECUTORS.`,
      { field: 'retraining.executor' },
    );
  }
  const alias = retraining?.alias ?? old.retraining?.alias ?? endpointAlias;
  if (retraining && alias === undefined)
    throw new CairnError(
      'invalid',
      "The endpoint follows no alias; name the one that a better model gets in 'retraining.alias'.",
      { field: 'retraining.alias' },
    );
  const policy = retraining
    ? {
        on: 'performance' as const,
        alias: alias ?? '',
        margin: 0,
        ...old.retraining,
        ...defined(retraining),
      }
    : retraining === null
      ? undefined
      : old.retraining;
  return {
    windowSeconds: change.windowSeconds ?? old.windowSeconds,
    everySeconds: change.everySeconds ?? old.everySeconds,
    minRows: change.minRows ?? old.minRows,
    thresholds: { ...old.thresholds, ...defined(change.thresholds ?? {}) },
    performance: { ...old.performance, ...defined(change.performance ?? {}) },
    ...(policy === undefined ? {} : { retraining: policy }),
  };
}

/** The fields that were given. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function changed(monitorId: string): CairnError {
  return new CairnError(
    'conflict',
    `Monitor '${monitorId}' changed meanwhile; read it again and repeat the change.`,
  );
}
