/** When a timer fires: NCRONTAB expressions and time spans. */
import { HostError } from './errors.ts';
import { timeSpan } from './settings.ts';

export interface Schedule {
  text: string;
  /** The first occurrence after `after`, both in epoch milliseconds. */
  next(after: number): number;
}

interface Field {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
}

const fields = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const satisfies readonly Field[];

/** 29 February on a given weekday returns within 40 years at the latest (2072, 2112 …). */
const YEARS_MAX = 41;

/**
 * @param text six NCRONTAB fields (seconds first), five (seconds are 0), or a time span such as `00:05:00`.
 *   Fields count in the local time zone; day of month and day of week must both hold.
 * @throws HostError naming the field that is wrong.
 */
export function parseSchedule(functionName: string, text: string): Schedule {
  if (text.includes(':')) {
    const every = timeSpan(`Function "${functionName}": the schedule`, text);
    if (every < 1)
      throw new HostError(`Function "${functionName}": the schedule "${text}" is no time at all.`);
    return { text, next: (after) => after + every };
  }
  const parts = text.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift('0');
  if (parts.length !== 6) {
    throw new HostError(
      `Function "${functionName}": the schedule "${text}" has ${parts.length} fields; write six (seconds first) or five.`,
    );
  }
  const sets = fields.map((field, index) => parseField(functionName, text, field, parts[index] ?? ''));
  const next = (after: number): number => {
    const found = search(sets, after);
    if (found !== null) return found;
    throw new HostError(`Function "${functionName}": the schedule "${text}" never occurs.`);
  };
  next(Date.UTC(2000, 0, 1));
  return { text, next };
}

function parseField(functionName: string, text: string, field: Field, part: string): Set<number> {
  const fail = (): never => {
    throw new HostError(
      `Function "${functionName}": "${part}" in the schedule "${text}" is not a ${field.name} (${field.min} to ${field.max}).`,
    );
  };
  const value = (item: string): number => {
    const named = field.names?.indexOf(item.toLowerCase().slice(0, 3)) ?? -1;
    if (named >= 0 && /^[a-z]+$/i.test(item)) return named + field.min;
    const number = /^\d+$/.test(item) ? Number(item) : Number.NaN;
    return number >= field.min && number <= field.max ? number : fail();
  };
  const set = new Set<number>();
  for (const item of part.split(',')) {
    const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d+))?$/.exec(item) ?? fail();
    const [from, to] = bounds(range, item.includes('/'), field, value);
    const by = Number(step);
    if (by < 1 || from > to) fail();
    for (let at = from; at <= to; at += by) set.add(at);
  }
  return set;
}

function bounds(
  range: string,
  stepped: boolean,
  field: Field,
  value: (item: string) => number,
): [from: number, to: number] {
  if (range === '*') return [field.min, field.max];
  const [first = '', last] = range.split('-');
  if (last !== undefined) return [value(first), value(last)];
  return [value(first), stepped ? field.max : value(first)];
}

/**
 * Walks forward through instants, so an hour that the clock repeats or skips is taken as it comes; a
 * schedule bound to certain hours does not run again in the repeated one.
 */
function search(sets: Set<number>[], after: number): number | null {
  const [seconds, minutes, hours, days, months, weekdays] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  const limit = new Date(after).getFullYear() + YEARS_MAX;
  let at = new Date(Math.floor(after / 1000) * 1000 + 1000);
  while (at.getFullYear() <= limit) {
    if (!months.has(at.getMonth() + 1)) {
      at = new Date(at.getFullYear(), at.getMonth() + 1, 1);
    } else if (!days.has(at.getDate()) || !weekdays.has(at.getDay())) {
      at = new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1);
    } else if (!hours.has(at.getHours()) || (hours.size < 24 && isRepeated(at))) {
      at = new Date(at.getTime() + 3_600_000 - (at.getMinutes() * 60 + at.getSeconds()) * 1000);
    } else if (!minutes.has(at.getMinutes())) {
      at = new Date(at.getTime() + (60 - at.getSeconds()) * 1000);
    } else if (!seconds.has(at.getSeconds())) {
      at = new Date(at.getTime() + 1000);
    } else {
      return at.getTime();
    }
  }
  return null;
}

function isRepeated(at: Date): boolean {
  return new Date(at.getTime() - 3_600_000).getHours() === at.getHours();
}
