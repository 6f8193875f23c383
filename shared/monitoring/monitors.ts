import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { type CairnEvent, eventWrite, relay, schedule } from '../events/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { type Condition, onlyVisible, queryOf } from '../search/index.ts';
import { aliasOf, getEndpoint, requireMain } from '../endpoints/index.ts';
import { changedSettings, type SettingsChange } from './change.ts';
import { defaultSettings } from './defaults.ts';
import { readDetail, type ResultDetail } from './detail.ts';
import type { Monitor, MonitorResult } from './model.ts';
import { keepSplit, requireOneSplit } from './segments.ts';
import type { MonitorSettingsV2 } from './settings.ts';
import {
  agendaName,
  container,
  findMonitor,
  isThere,
  keyOf,
  readAnyMonitor,
  readMonitor,
  readResult,
  readResults,
} from './store.ts';
import { type MonitorV1, upcastMonitor } from './upcast.ts';
import { nextCheckAt } from './windows.ts';

/** What {@link putMonitor} changes: settings, and of a new one what it watches. */
export type MonitorChange = SettingsChange & { readonly endpoint?: string | undefined };

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
  const monitors = await container(ctx).query<Monitor | MonitorV1>(queryOf('*', conditions), {
    key: [ctx.workspace],
  });
  return monitors
    .map((each) => upcastMonitor(each) as Monitor)
    .toSorted((a, b) => (a.monitorId < b.monitorId ? -1 : 1));
}

/**
 * Changes the settings of a monitor, or makes a new one when `endpoint` says what it watches. With
 * `version`, the etag that was read, a monitor that changed since is left alone (`conflict`), and with `null` one that is
 * there already. Throws `forbidden` where it is to
 * retrain a model that the caller may not change, and `conflict` where another monitor of the endpoint splits it by
 * another column.
 */
export async function putMonitor(
  ctx: Context,
  monitorId: string,
  change: MonitorChange,
  version?: string | null,
): Promise<Stored<Monitor>> {
  const stored = await findMonitor(ctx, monitorId);
  if (version === null && stored) throw taken(monitorId);
  if (typeof version === 'string' && version !== stored?.etag) throw changed(monitorId);
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
  const settings = changedSettings(settingsOf(stored?.doc), change, {
    alias: aliasOf(main),
    executors: Object.keys(ctx.settings.executors),
    now: ctx.clock.now(),
  });
  if (settings.segments) await requireOneSplit(ctx, endpointName, monitorId, settings.segments);
  const written = stored
    ? await replace(ctx, stored, settings)
    : await create(ctx, monitorId, { endpoint: endpointName, ...settings });
  if (!written) throw version === null ? taken(monitorId) : changed(monitorId);
  // Each time, also where nothing changed: repeating a call that broke off here completes it.
  await keepSplit(ctx, written.doc);
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

/** Results of the windows that end in [from, to], milliseconds since 1970, newest first: the latest `limit` of them. */
export async function listResults(
  ctx: Context,
  monitorId: string,
  limit: number,
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined } = {},
): Promise<MonitorResult[]> {
  await readMonitor(ctx, monitorId);
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return readResults(ctx, monitorId, range, limit);
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

/** All that a check found of a window. Throws `not-found` as {@link getResult}, and for a result without a detail. */
export async function getResultDetail(
  ctx: Context,
  monitorId: string,
  windowEnd: number,
): Promise<ResultDetail> {
  const { endpoint } = await getResult(ctx, monitorId, windowEnd);
  return readDetail(ctx, { endpoint, monitorId, windowEnd });
}

/** `undefined` where it exists already. What is left of one of this name gives its place. */
async function create(
  ctx: Context,
  monitorId: string,
  settings: MonitorSettingsV2 & { endpoint: string },
): Promise<Stored<Monitor> | undefined> {
  const gone = await readAnyMonitor(ctx, monitorId);
  if (gone && isThere(gone)) return undefined;
  const now = ctx.clock.now();
  const doc: Monitor = {
    ...settings,
    id: 'monitor',
    type: 'monitor',
    v: 2,
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
  settings: MonitorSettingsV2,
): Promise<Stored<Monitor> | undefined> {
  const doc: Monitor = { ...before, ...settings, updatedAt: ctx.clock.now(), seq: before.seq + 1 };
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

function putOnAgenda(ctx: Context, monitor: Monitor): Promise<void> {
  const { monitorId, everySeconds } = monitor;
  return schedule(ctx, agendaName(ctx, monitorId), {
    dueAt: nextCheckAt(monitor, ctx.clock.now()),
    everySeconds,
    workspace: ctx.workspace,
    message: { kind: 'check-monitor', monitorId },
  });
}

function settingsOf(monitor: Monitor | undefined): MonitorSettingsV2 {
  return monitor ?? defaultSettings;
}

function taken(monitorId: string): CairnError {
  return new CairnError(
    'conflict',
    `There is a monitor named '${monitorId}' already; give the new one another name.`,
    { field: 'name' },
  );
}

function changed(monitorId: string): CairnError {
  return new CairnError(
    'conflict',
    `Monitor '${monitorId}' changed meanwhile; read it again and repeat the change.`,
  );
}
