import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay, unschedule } from '../events/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { getEndpoint } from '../endpoints/index.ts';
import { lost, swap } from '../swap.ts';
import { answeredBy } from './answered.ts';
import { writeDetail } from './detail.ts';
import { labelsOf, reopenLate } from './late-labels.ts';
import { measure } from './measure.ts';
import { breachedSignals, type Monitor, type MonitorResult } from './model.ts';
import { pastResults } from './past.ts';
import { agendaName, container, findMonitor, keyOf, readMonitor, readResult, resultId } from './store.ts';
import { isSettled, latestWindow, type Window } from './windows.ts';

const windowSecondsMax = 31 * 86_400;

/** Work of kind `check-monitor`: checks what is due. A monitor that has ended, with its endpoint, goes off the agenda. */
export async function checkOnTime(ctx: Context, { monitorId }: { monitorId: string }): Promise<void> {
  const monitor = (await findMonitor(ctx, monitorId))?.doc;
  const endpoint = monitor && (await unlessCode(getEndpoint(ctx, monitor.endpoint), 'not-found'));
  if (endpoint) {
    await checkDue(ctx, { monitorId });
    await reopenLate(ctx, monitorId);
  } else await unschedule(ctx, agendaName(ctx, monitorId));
}

/** Checks the latest settled window, unless it has been checked as such already. */
export async function checkDue(ctx: Context, message: { monitorId: string }): Promise<MonitorResult> {
  const { doc: monitor } = await readMonitor(ctx, message.monitorId);
  const window = latestWindow(monitor, ctx.clock.now());
  return check(ctx, message.monitorId, window, (existing) => !existing.settled);
}

/**
 * Checks a window now, again if it has been checked before: labels may have come since. Times are
 * milliseconds since 1970; `to` is the end of the latest settled window unless given, `from` a window's
 * length before it. Throws `invalid` for a window that is empty, longer than 31 days or in the future.
 */
export async function checkNow(
  ctx: Context,
  monitorId: string,
  given: { readonly from?: number | undefined; readonly to?: number | undefined },
): Promise<MonitorResult> {
  const { doc: monitor } = await readMonitor(ctx, monitorId);
  const now = ctx.clock.now();
  const to = given.to ?? latestWindow(monitor, now).to;
  const from = given.from ?? to - monitor.windowSeconds * 1000;
  if (to > now) throw new CairnError('invalid', "'to' must not lie in the future.", { field: 'to' });
  if (!(from >= 0 && from < to) || to - from > windowSecondsMax * 1000)
    throw new CairnError('invalid', "'from' must lie before 'to', by at most 31 days.", { field: 'from' });
  return check(ctx, monitorId, { from, to }, () => true);
}

/** Checks a window of the grid again, whatever was found before: a subscriber of the queue. */
export async function checkWindow(
  ctx: Context,
  { monitorId, windowEnd }: { monitorId: string; windowEnd: number },
): Promise<void> {
  const monitor = (await findMonitor(ctx, monitorId))?.doc;
  if (!monitor || windowEnd > ctx.clock.now()) return;
  const before = await readResult(ctx, monitorId, windowEnd);
  const from = before?.doc.windowStart ?? windowEnd - monitor.windowSeconds * 1000;
  await check(ctx, monitorId, { from, to: windowEnd }, () => true);
}

/** Checks a window again whose rows were changed. What it finds now is no news, and announces nothing. */
export function recheck(ctx: Context, monitorId: string, window: Window): Promise<MonitorResult> {
  return check(ctx, monitorId, window, () => true, 'quietly');
}

/**
 * One result per window, whoever checks it and however often. What it says is announced in the batch that writes it, where
 * it says something new: two checks at once contend for that batch, and the one that loses starts over.
 */
async function check(
  ctx: Context,
  monitorId: string,
  window: Window,
  again: (existing: MonitorResult) => boolean,
  manner?: 'quietly',
): Promise<MonitorResult> {
  return swap(ctx, `Monitor '${monitorId}'`, async () => {
    const existing = await readResult(ctx, monitorId, window.to);
    if (existing && !again(existing.doc)) return existing.doc;
    const monitor = await readMonitor(ctx, monitorId);
    const result = await judge(ctx, monitor.doc, window);
    return (await store(ctx, monitor, result, existing, manner)) ? result : lost;
  });
}

async function judge(ctx: Context, monitor: Monitor, window: Window): Promise<MonitorResult> {
  const now = ctx.clock.now();
  const endpoint = await getEndpoint(ctx, monitor.endpoint);
  // Before the labels are read: what comes in between is found as late.
  const labels = await labelsOf(ctx, monitor.endpoint, window);
  const answered = await answeredBy(ctx, endpoint, window);
  const pastOf = await pastResults(ctx, monitor, window);
  const { judged, ...figures } = await measure(ctx, { monitor, endpoint, window, pastOf }, answered);
  const { monitorId } = monitor;
  await writeDetail(
    ctx,
    { endpoint: monitor.endpoint, monitorId, windowEnd: window.to },
    {
      v: 1,
      windowStart: window.from,
      windowEnd: window.to,
      checkedAt: now,
      signals: judged.map(({ result: { signal, segment }, details }) => ({
        signal,
        segment,
        items: details,
      })),
    },
  );
  return {
    id: resultId(window.to),
    type: 'result',
    v: 2,
    workspace: ctx.workspace,
    monitorId,
    endpoint: monitor.endpoint,
    windowStart: window.from,
    windowEnd: window.to,
    checkedAt: now,
    settled: isSettled(window, now),
    ...answered,
    ...figures,
    signals: judged.map(({ result }) => result),
    labels,
  };
}

/** Whether the result was written: `false` when the result or, with news, the monitor changed meanwhile. */
async function store(
  ctx: Context,
  monitor: Stored<Monitor>,
  result: MonitorResult,
  existing: Stored<MonitorResult> | undefined,
  manner: 'quietly' | undefined,
): Promise<boolean> {
  const { monitorId, endpoint, windowEnd } = result;
  const key = keyOf(ctx, monitorId);
  const write: Write = existing
    ? { op: 'replace', doc: result, etag: existing.etag }
    : { op: 'create', doc: result };
  const isNews = !existing || JSON.stringify(existing.doc.signals) !== JSON.stringify(result.signals);
  if (manner || !isNews) return (await container(ctx).write(key, write)).outcome === 'applied';
  const seq = monitor.doc.seq + 1;
  const event = eventWrite(
    ctx,
    {
      type: 'monitor.checked',
      aggregate: `monitor/${monitorId}`,
      seq,
      subject: {
        monitorId,
        endpoint,
        windowEnd: String(windowEnd),
        breached: breachedSignals(result).join(','),
      },
      after: result,
    },
    { workspace: ctx.workspace, monitorId },
  );
  const next: Monitor = { ...monitor.doc, seq };
  const root: Write = { op: 'replace', doc: next, etag: monitor.etag };
  const { outcome } = await container(ctx).batch(key, [write, root, event]);
  if (outcome === 'applied') relay(ctx, 'monitors', key, event);
  return outcome === 'applied';
}
