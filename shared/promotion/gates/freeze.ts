import { type FreezeWindow, type GateOf, type Verdict, weekdays } from '../model.ts';

type Weekly = Extract<FreezeWindow, { weekdays: readonly unknown[] }>;
/** A moment on the clocks and calendars of a time zone. */
type Wall = { readonly year: number; readonly month: number; readonly day: number; readonly minute: number };

const dayMilliseconds = 86_400_000;
const minuteMilliseconds = 60_000;
/** Windows that follow each other without a gap are looked through as far as this. */
const joinedMax = 200;

/** Waits while a window holds; `until` is when none does any more, `null` where no such time is in sight. */
export function freeze({ windows }: GateOf<'freeze'>, now: number): Verdict {
  const first = holding(windows, now);
  if (!first) return { status: 'passed', says: 'No freeze holds.', inputs: { at: now } };
  const until = endOf(windows, now);
  return {
    status: 'waiting',
    says: `A freeze holds${until === null ? '' : ` until ${new Date(until).toISOString()}`}: ${first.window.reason}`,
    inputs: { at: now, until, reason: first.window.reason },
  };
}

/** When the windows let go that hold now, one after the other. */
function endOf(windows: readonly FreezeWindow[], now: number): number | null {
  let at = now;
  for (let i = 0; i < joinedMax; i++) {
    const held = holding(windows, at);
    if (!held) return at;
    at = held.until;
  }
  return null;
}

function holding(
  windows: readonly FreezeWindow[],
  at: number,
): { readonly window: FreezeWindow; readonly until: number } | undefined {
  for (const window of windows) {
    const until =
      'weekdays' in window ? weeklyEnd(window, at) : at >= window.from && at < window.to && window.to;
    if (until !== false && until !== undefined) return { window, until };
  }
  return undefined;
}

/** When the window that holds at a moment ends: it began today or, where it goes past midnight, yesterday. */
function weeklyEnd(window: Weekly, at: number): number | undefined {
  const { timezone } = window;
  const today = wallAt(timezone, at);
  const [from, to] = [minuteOf(window.from), minuteOf(window.to)];
  for (const back of [0, 1]) {
    const day = shifted(today, -back);
    if (!window.weekdays.includes(weekdayOf(day))) continue;
    const begins = instantOf(timezone, { ...day, minute: from });
    const ends = instantOf(timezone, { ...shifted(day, to > from ? 0 : 1), minute: to });
    if (at >= begins && at < ends) return ends;
  }
  return undefined;
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function weekdayOf({ year, month, day }: Wall) {
  // Day 0 of Date is Sunday, of the list Monday.
  return weekdays[(new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7] ?? 'mon';
}

function shifted({ year, month, day, minute }: Wall, days: number): Wall {
  const date = new Date(Date.UTC(year, month - 1, day) + days * dayMilliseconds);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), minute };
}

/**
 * The moment at which clocks of a time zone show a time. Where they show it twice (clocks went back) it is
 * the first; where they never do (clocks went forward), the one at which they would have, had they not gone.
 */
function instantOf(timezone: string, wall: Wall): number {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day) + wall.minute * minuteMilliseconds;
  // The offset before and after any change of that day.
  const offsets = [-dayMilliseconds, dayMilliseconds].map((by) => offsetAt(timezone, asUtc + by));
  const candidates = offsets.map((offset) => asUtc - offset).toSorted((a, b) => a - b);
  const shown = candidates.find((at) => at + offsetAt(timezone, at) === asUtc);
  return shown ?? Math.max(...candidates);
}

/** Milliseconds that clocks of a time zone are ahead of UTC. */
function offsetAt(timezone: string, at: number): number {
  const { year, month, day, minute } = wallAt(timezone, at);
  const wall = Date.UTC(year, month - 1, day) + minute * minuteMilliseconds;
  return wall - Math.floor(at / minuteMilliseconds) * minuteMilliseconds;
}

function wallAt(timezone: string, at: number): Wall {
  const parts = formatOf(timezone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((each) => each.type === type)?.value ?? Number.NaN);
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    minute: part('hour') * 60 + part('minute'),
  };
}

/** Making a format takes a hundred times as long as using one. */
const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  formats.set(timeZone, format);
  return format;
}
