import { watchAlerts } from '../../shared/alerts/index.ts';
import type { Alert, Incident } from '../../shared/alerts/model.ts';
import type { Context } from '../../shared/context.ts';
import type { CairnEvent } from '../../shared/events/index.ts';
import { classifier, deploy, hour } from '../monitoring/support.ts';
import type { TestServer } from '../support/server.ts';

/** Window 0 ends then. */
export const start = Date.UTC(2026, 2, 2);
export const windowEnd = (window: number) => start + window * hour;

/** What a signal said: breached, within its bound, clear of it, or nothing. */
type Letter = 'x' | 'o' | '.' | '?';
const values = { x: 2, o: 0.9, '.': 0.1, '?': null };
const verdicts = { x: 'breached', o: 'ok', '.': 'ok', '?': 'insufficient-data' };

function signalOf(name: string, letter: string) {
  const said = letter as Letter;
  const [signal = '', segment = ''] = name.split(' of ');
  const severity = signal === 'performance' ? 'critical' : 'warning';
  const figure = { metric: 'm', value: values[said], bounds: { upper: 1 }, items: [] };
  return { signal, segment, severity, verdict: verdicts[said], ...figure };
}

const documents = (ctx: Context) => ctx.stores.documents('monitors');

/** Writes the result of the hour that ends then, or writes it anew: a letter for each signal, `<signal> of <segment>`. */
export async function writeResult(
  ctx: Context,
  monitorId: string,
  end: number,
  letters: Readonly<Record<string, string>>,
  windowStart = end - hour,
): Promise<void> {
  const key = ['default', monitorId];
  const doc = {
    ...{ id: `result:${String(end).padStart(14, '0')}`, type: 'result', v: 2, workspace: 'default' },
    ...{ monitorId, endpoint: monitorId, windowStart, windowEnd: end, checkedAt: end },
    ...{ settled: true, model: { modelId: 'm', version: 3, digest: 'sha256:0' }, otherVersionsRows: 0 },
    signals: Object.entries(letters).map(([signal, letter]) => signalOf(signal, letter)),
  };
  const existing = await documents(ctx).read(key, doc.id);
  await documents(ctx).write(
    key,
    existing ? { op: 'replace', doc, etag: existing.etag } : { op: 'create', doc },
  );
}

/** The same of a window by its number. */
export const write = (
  ctx: Context,
  monitorId: string,
  window: number,
  letters: Readonly<Record<string, string>>,
) => writeResult(ctx, monitorId, windowEnd(window), letters);

export const checkedEvent = (monitorId: string, end?: number): CairnEvent =>
  ({
    subject: { monitorId, ...(end === undefined ? {} : { windowEnd: String(end) }) },
  }) as unknown as CairnEvent;

/** Serves the event that a window was checked, or that any was. */
export const checked = (ctx: Context, monitorId: string, window?: number) =>
  watchAlerts(ctx, checkedEvent(monitorId, window === undefined ? undefined : windowEnd(window)));

/** One window after the other, from `first` on: written, and its event served. */
export async function windows(
  ctx: Context,
  monitorId: string,
  letters: Readonly<Record<string, string>>,
  first = 0,
): Promise<void> {
  const count = Math.max(...Object.values(letters).map(({ length }) => length));
  for (let i = 0; i < count; i++) {
    const each = Object.entries(letters).map(([signal, line]) => [signal, line[i] ?? '.']);
    await write(ctx, monitorId, first + i, Object.fromEntries(each) as Record<string, string>);
    await checked(ctx, monitorId, first + i);
  }
}

/** Everything that was recorded of alerts and incidents of a monitor. */
export const eventsOf = (ctx: Context, monitorId: string): Promise<CairnEvent[]> =>
  documents(ctx).query<CairnEvent>(
    {
      text: "SELECT VALUE c.event FROM c WHERE c.type = 'event' AND (STARTSWITH(c.event.type, 'alert.') OR STARTSWITH(c.event.type, 'incident.'))",
    },
    { key: ['default', monitorId], consistency: 'strong' },
  );

/** What was recorded of incidents, in order: `opened`, `updated joined`, with `untold` where channels are not told. */
export async function toldOf(ctx: Context, monitorId: string): Promise<string[]> {
  const events = (await eventsOf(ctx, monitorId)).filter(({ type }) => type.startsWith('incident.'));
  return events
    .toSorted((a, b) => Number(a.subject['incident']) - Number(b.subject['incident']) || a.seq - b.seq)
    .map(({ type, subject: { why, told, signals } }) =>
      [
        type.slice('incident.'.length),
        ...(why === undefined ? [] : [why]),
        ...(signals ? [`(${signals})`] : []),
        ...(told === 'false' ? ['untold'] : []),
      ].join(' '),
    );
}

export async function alertsOf(ctx: Context, monitorId: string): Promise<Alert[]> {
  return documents(ctx).query<Alert>(
    { text: "SELECT * FROM c WHERE c.type = 'alert'" },
    { key: ['default', monitorId], consistency: 'strong' },
  );
}

/** How each alert stands, by signal. */
export async function statesOf(ctx: Context, monitorId: string): Promise<Record<string, string>> {
  const alerts = await alertsOf(ctx, monitorId);
  return Object.fromEntries(
    alerts.map(({ signal, segment, state }) => [segment ? `${signal} of ${segment}` : signal, state]),
  );
}

/** The last incident of a monitor. */
export async function incidentOf(ctx: Context, monitorId: string): Promise<Incident> {
  const [last] = await documents(ctx).query<Incident>(
    { text: "SELECT * FROM c WHERE c.type = 'incident' ORDER BY c.id DESC" },
    { key: ['default', monitorId], consistency: 'strong' },
  );
  if (!last) throw new Error(`Monitor '${monitorId}' has no incident.`);
  return last;
}

/** What its timeline has, by kind. */
export const timelineOf = async (ctx: Context, monitorId: string): Promise<string[]> =>
  (await incidentOf(ctx, monitorId)).timeline.map(({ kind }) => kind);

/** An endpoint with a monitor of its own name. */
export async function deployed(server: TestServer, name: string): Promise<string> {
  await deploy(server, server.ctx, name, classifier([1, 1, 1]));
  return name;
}

const bases = new WeakMap<TestServer, Promise<string>>();

/** One more monitor of an endpoint that all of a server share. */
export async function monitored(server: TestServer, name: string): Promise<string> {
  const base = bases.get(server) ?? deployed(server, 'base');
  bases.set(server, base);
  const { status } = await server.call('PUT', `/api/v1/monitors/${name}`, { endpoint: await base });
  if (status >= 300) throw new Error(`Monitor '${name}' was not made: ${status}.`);
  await server.drain();
  return name;
}
