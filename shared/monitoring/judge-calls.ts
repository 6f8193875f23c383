import type { Context } from '../context.ts';
import { readSummaries } from '../summaries/index.ts';
import type { Judged } from './drift/drift.ts';
import type { Check } from './measure.ts';
import { type JudgedSignal, latency, latencyOf, traffic, trafficOf } from './signals/index.ts';
import type { Window } from './windows.ts';

const day = 86_400_000;
const hour = 3_600_000;
/** Earlier windows at the same time of the day, and at the same time of the week. */
const comparedDays = 7;
const comparedWeeks = 4;

/** What was counted of the calls of an endpoint, whichever version answered them: how many came, and how long they took. */
export async function judgeCalls(ctx: Context, check: Check): Promise<Judged[]> {
  const { monitor, window, pastOf } = check;
  const { signals, minRows } = monitor;
  const found: Judged[] = [];
  if (!signals.traffic.enabled && !signals.latency.enabled) return found;
  const now = await summariesIn(ctx, monitor.endpoint, window);
  if (signals.traffic.enabled) {
    const [days, weeks] = await Promise.all([
      earlier(ctx, check, day, comparedDays),
      earlier(ctx, check, 7 * day, comparedWeeks),
    ]);
    const past = pastOf('traffic', '');
    found.push(judged(traffic({ segment: '', traffic: trafficOf(now), days, weeks, past }, signals.traffic)));
  }
  if (signals.latency.enabled) {
    const past = pastOf('latency', '');
    found.push(judged(latency({ segment: '', latency: latencyOf(now), minRows, past }, signals.latency)));
  }
  return found;
}

/** The same window so many times earlier, as long as the endpoint was there. */
async function earlier(ctx: Context, { monitor, endpoint, window }: Check, step: number, times: number) {
  const windows = Array.from({ length: times }, (_, i) => ({
    from: window.from - (i + 1) * step,
    to: window.to - (i + 1) * step,
  }));
  const there = windows.filter(({ from }) => from >= endpoint.createdAt);
  return Promise.all(there.map(async (each) => trafficOf(await summariesIn(ctx, monitor.endpoint, each))));
}

function summariesIn(ctx: Context, endpoint: string, { from, to }: Window) {
  const isWhole = from % hour === 0 && to % hour === 0;
  return readSummaries(ctx, endpoint, from, to, isWhole ? 'hour' : 'minute');
}

/** What was learnt is in the bounds; the windows it was learnt of are in the history. */
export function judged({ learnt: _, ...result }: JudgedSignal): Judged {
  return { result, details: result.items };
}
