/** A timer trigger: one host of several fires it, never twice at once, and a missed occurrence is made up for. */
import { describe, messageOf } from './errors.ts';
import type { TimerFunction } from './functions.ts';
import type { Track } from './in-flight.ts';
import { type App, invoke } from './invoke.ts';
import type { Coordination, TimerStatus } from './coordination.ts';
import type { QueueWriter } from './outputs.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface TimerListenerOptions {
  app: App;
  fn: TimerFunction;
  clock: Clock;
  coordination: Coordination;
  outputs: QueueWriter;
  track: Track;
}

/** Timers beyond this many milliseconds overflow in Node; a longer wait is made in parts. */
const WAIT_MS_MAX = 2 ** 31 - 1;
/** Schedules closer than this are not worth a monitor: what was missed is due again at once. */
const MONITORED_MS_MIN = 60_000;

export function listenTimer(options: TimerListenerOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { fn, coordination, app } = options;
  const running = coordination
    .whileLeader(fn.name, stopping.signal, (leading) => fire(options, leading))
    .catch((error: unknown) => {
      app.log({ level: 'error', function: fn.name, message: `The timer stopped: ${describe(error)}` });
    });
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Runs the timer for as long as this host leads. */
async function fire(options: TimerListenerOptions, leading: AbortSignal): Promise<void> {
  const { fn, clock } = options;
  const { schedule } = fn;
  const started = clock.now();
  const monitored = fn.useMonitor && intervalOf(fn, started) >= MONITORED_MS_MIN;
  const status = monitored ? await readStatus(options) : null;

  let last = status === null ? null : Date.parse(status.Last);
  let next = schedule.next(started);
  if (status !== null) {
    const stored = Date.parse(status.Next);
    // A schedule that was changed since says nothing about what was missed.
    const unchanged = stored === schedule.next(Date.parse(status.LastUpdated));
    if (unchanged && stored <= started) {
      await run(options, { last, next, pastDue: true });
      last = started;
      next = await settle(options, last, monitored);
    } else if (unchanged) next = stored;
  } else {
    if (fn.runOnStartup) await run(options, { last, next, pastDue: false });
    next = await settle(options, null, monitored);
  }

  while (!leading.aborted) {
    const left = next - clock.now();
    if (left > 0) {
      await clock.wait(Math.min(left, WAIT_MS_MAX), leading);
      continue;
    }
    const due = next;
    await run(options, { last, next: schedule.next(due), pastDue: false });
    last = due;
    next = await settle(options, last, monitored);
  }
}

interface Occurrence {
  last: number | null;
  next: number;
  pastDue: boolean;
}

async function run(options: TimerListenerOptions, { last, next, pastDue }: Occurrence): Promise<void> {
  const { app, fn, outputs, track } = options;
  const input = timerInput(pastDue, {
    Last: isoTime(last),
    Next: isoTime(next),
    LastUpdated: isoTime(last),
  });
  try {
    const { response } = await track(invoke(app, fn, { data: { json: input } }));
    await outputs.write(fn, response);
  } catch (error) {
    // The next occurrence is the retry.
    app.log({ level: 'error', function: fn.name, message: describe(error) });
  }
}

/** What the function gets, as JSON; `status` is null when it was started by hand. */
export function timerInput(pastDue: boolean, status: TimerStatus | null): string {
  return JSON.stringify({ Schedule: { AdjustForDST: true }, ScheduleStatus: status, IsPastDue: pastDue });
}

function intervalOf({ schedule }: TimerFunction, from: number): number {
  const first = schedule.next(from);
  return schedule.next(first) - first;
}

async function readStatus({ app, fn, coordination }: TimerListenerOptions): Promise<TimerStatus | null> {
  try {
    return await coordination.readStatus(fn.name);
  } catch (error) {
    const message = `The timer's status cannot be read: ${messageOf(error)}`;
    app.log({ level: 'warning', function: fn.name, message });
    return null;
  }
}

/** Stores where the timer stands, and returns its next occurrence. */
async function settle(
  options: TimerListenerOptions,
  last: number | null,
  monitored: boolean,
): Promise<number> {
  const { app, fn, coordination, clock } = options;
  const at = clock.now();
  const next = fn.schedule.next(at);
  if (!monitored) return next;
  const status = { Last: isoTime(last), Next: isoTime(next), LastUpdated: isoTime(at) };
  try {
    await coordination.writeStatus(fn.name, status);
  } catch (error) {
    const message = `The timer's status cannot be stored: ${messageOf(error)}`;
    app.log({ level: 'warning', function: fn.name, message });
  }
  return next;
}

/** .NET's smallest time stands for "never". */
function isoTime(ms: number | null): string {
  return ms === null || Number.isNaN(ms) ? '0001-01-01T00:00:00.000Z' : new Date(ms).toISOString();
}
