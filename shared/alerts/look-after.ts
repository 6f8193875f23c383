import type { QueryOptions } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { type CairnEvent, scheduleUntil, standsUntil, unschedule } from '../events/index.ts';
import { inTurns } from '../turns.ts';
import { lateness, skewSeconds, sweepSeconds } from './late.ts';
import { alertmanagerPartition, type Incident } from './model.ts';
import { settleSeconds } from '../monitoring/index.ts';

/** So long the sweeps go on after the last monitor and the last open incident: far longer than clocks are apart. */
const standSeconds = 3_600;
const readsAtOnce = 4;
const sendsAtOnce = 8;

/** The one entry for all monitors, so that the agenda does not grow with them. */
const entry = 'alerts';

/** Has the timer look after monitors and incidents from now on: before the first of them is there, so that it finds it. */
export async function lookAfterAlerts(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  await scheduleUntil(
    ctx,
    entry,
    {
      dueAt: now + sweepSeconds * 1000,
      everySeconds: sweepSeconds,
      until: now + standSeconds * 1000,
      workspace: '*',
      message: { kind: 'sweep-alerts' },
    },
    now + (standSeconds / 2) * 1000,
  );
}

/** What a look is for: the alerts of one monitor. */
type Place = { readonly workspace: string; readonly monitorId: string };

/**
 * Work of kind `sweep-alerts`: has those monitors looked at of which a check is late or was, and those with an incident
 * that may have to be told: after a silence, or once more. While nothing is wrong it reads, in all workspaces, one row of each monitor and
 * those of its last windows; where there is no monitor it ends.
 */
export async function sweepAlerts(ctx: Context): Promise<void> {
  // Before what is there: what comes after that moves it on, and then it stays.
  const until = await standsUntil(ctx, entry);
  const now = ctx.clock.now();
  const [monitors, incidents] = await Promise.all([readMonitors(ctx), openIncidents(ctx)]);
  if (monitors.length > 0 || incidents.length > 0) await lookAfterAlerts(ctx);
  else if (until !== undefined && until < now) await unschedule(ctx, entry, until);
  const places = [
    ...(await lateOnes(ctx, monitors, now)),
    ...(monitors.length > 0 ? await calledLate(ctx) : []),
    ...incidents.filter((incident) => mayBeToTell(incident, monitors, now)),
  ];
  await send(ctx, places);
}

/**
 * Has the monitors looked at that have an open incident, since a silence of them, or of all, has begun or ended. Subscriber
 * of `silence.created` and `silence.ended`.
 */
export async function followSilence(ctx: Context, { subject }: CairnEvent): Promise<void> {
  const { monitorId } = subject;
  const open = await openIncidents(ctx, { key: [ctx.workspace], consistency: 'strong' });
  await send(
    ctx,
    open.filter((each) => (monitorId ?? each.monitorId) === each.monitorId),
  );
}

async function send(ctx: Context, places: readonly Place[]): Promise<void> {
  const once = new Map(places.map((place) => [JSON.stringify([place.workspace, place.monitorId]), place]));
  await inTurns([...once.values()], sendsAtOnce, ({ workspace, monitorId }) =>
    ctx.stores.queues.send(
      { ...ctx, workspace },
      'work',
      { kind: 'look-at-alerts', monitorId },
      // Where it has not come by then, the next sweep has been.
      { keptSeconds: 2 * sweepSeconds },
    ),
  );
}

type Watched = Place & {
  readonly everySeconds: number;
  /** Absent of monitors of the first version. */
  readonly offsetSeconds?: number;
  readonly cooldownSeconds?: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

function readMonitors({ stores }: Context): Promise<Watched[]> {
  return stores.documents('monitors').query<Watched>({
    text:
      'SELECT c.workspace, c.monitorId, c.everySeconds, c.offsetSeconds, c.alerting.cooldownSeconds, ' +
      "c.createdAt, c.updatedAt FROM c WHERE c.type = 'monitor'",
  });
}

type OpenIncident = Place & Pick<Incident, 'toldAt' | 'acknowledged' | 'silencedBy'>;

function openIncidents({ stores }: Context, options: QueryOptions = {}): Promise<OpenIncident[]> {
  return stores.documents('monitors').query<OpenIncident>(
    {
      text:
        'SELECT c.workspace, c.monitorId, c.toldAt, c.acknowledged, c.silencedBy FROM c ' +
        "WHERE c.type = 'incident' AND c.state = 'open' AND c.monitorId != @other",
      // What another system tells, it tells again itself.
      values: { other: alertmanagerPartition },
    },
    options,
  );
}

/** Monitors of which it is said that their checks do not run. */
function calledLate({ stores }: Context): Promise<Place[]> {
  return stores.documents('monitors').query<Place>({
    text:
      "SELECT c.workspace, c.monitorId FROM c WHERE c.type = 'alert' AND c.state IN ('pending', 'firing') " +
      "AND c.signal = 'check'",
  });
}

/** Those without a window of late; whether they are late indeed, the look finds. */
async function lateOnes(ctx: Context, monitors: readonly Watched[], now: number): Promise<Watched[]> {
  const groups = Map.groupBy(monitors, ({ everySeconds, offsetSeconds = 0 }) =>
    JSON.stringify([everySeconds, offsetSeconds]),
  );
  const late: Watched[] = [];
  await inTurns([...groups], readsAtOnce, async ([pace, group]) => {
    const [everySeconds, offsetSeconds] = JSON.parse(pace) as [number, number];
    const settled = settleSeconds + offsetSeconds;
    const rows = await ctx.stores.documents('monitors').query<Place>({
      text:
        "SELECT c.workspace, c.monitorId FROM c WHERE c.type = 'result' AND c.windowEnd >= @from " +
        'AND c.windowEnd <= @to AND c.windowEnd % @step = 0',
      values: {
        from: now - (2 * everySeconds + settled) * 1000,
        to: now + skewSeconds * 1000,
        step: everySeconds * 1000,
      },
    });
    const checked = new Set(rows.map(({ workspace, monitorId }) => JSON.stringify([workspace, monitorId])));
    for (const each of group) {
      if (checked.has(JSON.stringify([each.workspace, each.monitorId]))) continue;
      const { seconds, bound } = lateness({ ...each, offsetSeconds }, undefined, now);
      if (seconds > bound) late.push(each);
    }
  });
  return late;
}

/** Whether channels may have to be told of an incident: nobody has been, a silence may be over, or it is long ago. */
function mayBeToTell(
  { workspace, monitorId, toldAt, acknowledged, silencedBy = {} }: OpenIncident,
  monitors: readonly Watched[],
  now: number,
): boolean {
  if (toldAt === null || Object.keys(silencedBy).length > 0) return true;
  if (acknowledged) return false;
  const monitor = monitors.find((each) => each.workspace === workspace && each.monitorId === monitorId);
  return now - toldAt >= (monitor?.cooldownSeconds ?? 0) * 1000;
}
