import type { Write } from '../azure/index.ts';
import type { Context } from '../context.ts';
import type { Stored } from '../documents.ts';
import { eventWrite, relay, unschedule } from '../events/index.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { getReady, getVersion } from '../registry/index.ts';
import { type Endpoint, getEndpoint, mainOf, rulesOf } from '../endpoints/index.ts';
import { lost, swap } from '../swap.ts';
import { checkWindow } from './check.ts';
import { breachReasons, type Drift, type Monitor, type MonitorResult } from './model.ts';
import { judgePerformance } from './performance.ts';
import { evaluationBaseline, readReference } from './reference.ts';
import type { Reference } from './sample.ts';
import {
  agendaName,
  container,
  findMonitor,
  fixedBaseline,
  keyOf,
  readMonitor,
  readResult,
  resultId,
} from './store.ts';
import { answeredBy, readWindow } from './window-rows.ts';
import { isSettled, latestWindow, type Window } from './windows.ts';

const windowSecondsMax = 31 * 86_400;

/** Work of kind `check-monitor`: checks what is due. A monitor that has ended, with its endpoint, goes off the agenda. */
export async function checkOnTime(ctx: Context, { monitorId }: { monitorId: string }): Promise<void> {
  const monitor = (await findMonitor(ctx, monitorId))?.doc;
  const endpoint = monitor && (await unlessCode(getEndpoint(ctx, monitor.endpoint), 'not-found'));
  if (endpoint) await checkDue(ctx, { monitorId });
  else await unschedule(ctx, agendaName(ctx, monitorId));
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

/** Checks a window again whose rows were changed. What it finds now is no news, and announces nothing. */
export function recheck(ctx: Context, monitorId: string, window: Window): Promise<MonitorResult> {
  return check(ctx, monitorId, window, () => true, 'quietly');
}

/**
 * One result per window, whoever checks it and however often. A breach is announced in the batch that
 * first finds it: two checks at once contend for that batch, and the one that loses starts over.
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
    const result = await judge(ctx, monitor.doc, window, existing?.doc, manner);
    return (await store(ctx, monitor, result, existing)) ? result : lost;
  });
}

async function judge(
  ctx: Context,
  monitor: Monitor,
  window: Window,
  existing: MonitorResult | undefined,
  manner: 'quietly' | undefined,
): Promise<MonitorResult> {
  const now = ctx.clock.now();
  const endpoint = await getEndpoint(ctx, monitor.endpoint);
  const { model, otherVersionsRows } = await answeredBy(ctx, monitor.endpoint, window);
  const figures = model ? await measure(ctx, monitor, endpoint, window, model) : nothingAnswered(monitor);
  const isPinned = model !== null && model.version === mainOf(endpoint)?.stable?.version;
  const reasons = breachReasons(
    monitor.retraining?.on ?? 'either',
    figures.drift.verdict,
    figures.performance.verdict,
  );
  return {
    id: resultId(window.to),
    type: 'result',
    v: 1,
    workspace: ctx.workspace,
    monitorId: monitor.monitorId,
    endpoint: monitor.endpoint,
    windowStart: window.from,
    windowEnd: window.to,
    checkedAt: now,
    settled: isSettled(window, now),
    model,
    otherVersionsRows,
    ...figures,
    // A version that no longer answers cannot be helped by an alarm.
    breach: existing?.breach ?? (isPinned && reasons.length > 0 && !manner ? { reasons, at: now } : null),
  };
}

type Figures = Pick<MonitorResult, 'reference' | 'drift' | 'performance'>;

async function measure(
  ctx: Context,
  monitor: Monitor,
  endpoint: Endpoint,
  window: Window,
  model: NonNullable<MonitorResult['model']>,
): Promise<Figures> {
  const ready = await getReady(ctx, model.modelId, model.version);
  const { createdAt } = await getVersion(ctx, model.modelId, model.version);
  const rules = await rulesOf(ctx, endpoint, { modelId: model.modelId, stable: model });
  const since = Math.max(createdAt, endpoint.createdAt);
  const reference = await readReference(ctx, monitor, ready, since, rules);
  const after = reference.source.source === 'first-predictions' ? reference.source.until : 0;
  const { sample, tally } = await readWindow(ctx, monitor.endpoint, window, model, ready.features, after);
  const isEnough = tally.labelled >= monitor.performance.minLabelled;
  const baseline = isEnough
    ? await fixedBaseline(ctx, monitor.monitorId, model.digest, async () => {
        const evaluated = await evaluationBaseline(ctx, ready, rules);
        if (evaluated || !isSettled(window, ctx.clock.now())) return evaluated;
        return {
          source: 'first-labelled-window',
          accuracy: tally.correct / tally.labelled,
          rows: tally.labelled,
          window,
        };
      })
    : undefined;
  return {
    reference: reference.source,
    drift: driftOf(monitor, reference, sample),
    performance: judgePerformance(tally, baseline, monitor.performance),
  };
}

function driftOf(
  monitor: Monitor,
  { source, sample: reference }: Reference,
  current: Parameters<typeof checkWindow>[1],
): Drift {
  if (reference) return checkWindow(reference, current, monitor);
  const reason = source.source === 'none' ? source.why : 'There is no reference.';
  return { verdict: 'insufficient-data', reason, rows: { reference: 0, current: current.rows } };
}

function nothingAnswered(monitor: Monitor): Figures {
  const why = 'The window has no predictions.';
  return {
    reference: { source: 'none', why },
    drift: { verdict: 'insufficient-data', reason: why, rows: { reference: 0, current: 0 } },
    performance: judgePerformance({ rows: 0, labelled: 0, correct: 0 }, undefined, monitor.performance),
  };
}

/** Whether the result was written: `false` when the result or, at a breach, the monitor changed meanwhile. */
async function store(
  ctx: Context,
  monitor: Stored<Monitor>,
  result: MonitorResult,
  existing: Stored<MonitorResult> | undefined,
): Promise<boolean> {
  const { monitorId } = result;
  const key = keyOf(ctx, monitorId);
  const write: Write = existing
    ? { op: 'replace', doc: result, etag: existing.etag }
    : { op: 'create', doc: result };
  if (!result.breach || existing?.doc.breach)
    return (await container(ctx).write(key, write)).outcome === 'applied';
  const seq = monitor.doc.seq + 1;
  const event = eventWrite(
    ctx,
    {
      type: 'monitor.breached',
      aggregate: `monitor/${monitorId}`,
      seq,
      subject: {
        monitorId,
        endpoint: result.endpoint,
        windowEnd: String(result.windowEnd),
        reasons: result.breach.reasons.join(','),
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
