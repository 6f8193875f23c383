import type { Errors } from '../../outcomes/index.ts';
import { boundsOf } from '../../profiles/index.ts';
import { murmur3 } from '../../stats/index.ts';
import {
  type DetectorSettings,
  type DetectorStates,
  type Drifts,
  newDetectors,
  observeAll,
} from './detectors.ts';

/**
 * What detectors know of the errors of one version, carried from window to window. It says of which errors of which hours
 * that is, so that hours which late labels changed are found, and goes back to where they begin. JSON keeps it: some 30 KB.
 */
export type ConceptState = {
  readonly v: 1;
  readonly kind: Errors['kind'];
  readonly settings: DetectorSettings;
  /** In order: those of the last days. */
  readonly hours: readonly SeenHour[];
  /** In order: after the last hour of each of the last days. */
  readonly checkpoints: readonly Checkpoint[];
};

export type SeenHour = {
  readonly hour: string;
  /** Of its errors: other ones have another. */
  readonly print: string;
  readonly rows: number;
  /** Σ of the errors. */
  readonly sum: number;
  readonly drifts: Drifts;
};

type Checkpoint = {
  /** The last hour that it has taken in. */
  readonly after: string;
  /** What |e| of numbers are measured by; `null` of classes. */
  readonly scale: number | null;
  readonly states: DetectorStates;
};

/** So many days before the latest hour can change and be gone back to: labels may come a week late. */
const daysKept = 9;
const day = 86_400_000;

/**
 * From when errors are to be given for a window that begins at `from`, in milliseconds since 1970, so that whatever has
 * changed in the window can be gone back to: about a day earlier at most.
 */
export function conceptErrorsFrom(state: ConceptState | null, from: number): number {
  const first = hourAt(from);
  const before = state?.checkpoints.findLast(({ after }) => after < first);
  const known = before ? boundsOf(before.after).to : boundsOf(state?.hours[0]?.hour ?? first).from;
  return Math.min(known, from);
}

/**
 * Takes the errors of all hours in [from, to) into a state, each hour once: hours that it knows as they are now are left,
 * and from the first one on that has changed all are taken in anew, from the checkpoint before it. Where the errors
 * between that checkpoint and the change are not given they are left out. It is a pure function: carried from window to
 * window, in steps of whatever length, it gives the same state as all hours at once.
 */
export function takeErrors(
  before: ConceptState | null,
  errors: readonly Errors[],
  range: { readonly from: number; readonly to: number },
  settings: DetectorSettings,
): ConceptState | null {
  const kind = kindOf(errors) ?? before?.kind;
  if (kind === undefined) return null;
  const isSame =
    before?.kind === kind && JSON.stringify(before.settings) === JSON.stringify(settings) ? before : null;
  const [first, end] = [hourAt(range.from), hourAt(range.to + hour - 1)];
  const given = errors
    .filter((each) => each.kind === kind && each.hour >= first && each.hour < end)
    .toSorted((a, b) => (a.hour < b.hour ? -1 : 1))
    .map((each) => ({ ...each, print: printOf(each) }));
  const start = isSame ? firstChange(isSame, given, first, end) : '';
  const base = isSame?.checkpoints.findLast(({ after }) => after < start);
  const hours = base && isSame ? isSame.hours.filter((each) => each.hour <= base.after) : [];
  const checkpoints = base && isSame ? isSame.checkpoints.filter(({ after }) => after <= base.after) : [];
  let states = base ? structuredClone(base.states) : newDetectors(settings, kind);
  let scale = base?.scale ?? null;
  for (const each of given) {
    if (base && each.hour <= base.after) continue;
    if (each.kind === 'numbers') scale ??= sumOf(each.values) / each.values.length;
    const values =
      each.kind === 'numbers' ? Float64Array.from(each.values, bounded(scale ?? 0)) : each.values;
    const drifts = observeAll(states, values);
    const sum = sumOf(each.values);
    hours.push({ hour: each.hour, print: each.print, rows: each.values.length, sum, drifts });
    if (checkpoints.at(-1)?.after.slice(0, 8) === each.hour.slice(0, 8)) checkpoints.pop();
    checkpoints.push({ after: each.hour, scale, states });
    states = structuredClone(states);
  }
  const last = hours.at(-1);
  const oldest = last ? hourAt(boundsOf(last.hour.slice(0, 8)).from - (daysKept - 1) * day) : '';
  return {
    v: 1,
    kind,
    settings,
    hours: hours.filter((each) => each.hour >= oldest),
    checkpoints: checkpoints.filter(({ after }) => after >= oldest),
  };
}

/** The first hour that is not as the state knows it; beyond all hours of the range where each is. */
function firstChange(
  { hours }: ConceptState,
  given: readonly { readonly hour: string; readonly print: string }[],
  first: string,
  end: string,
): string {
  const known = new Map(hours.map((each) => [each.hour, each.print]));
  const now = new Map(given.map((each) => [each.hour, each.print]));
  const last = hours.at(-1)?.hour ?? '';
  const changed = [
    ...given.filter((each) => each.hour <= last && known.get(each.hour) !== each.print),
    ...hours.filter((each) => each.hour >= first && each.hour < end && !now.has(each.hour)),
  ].map((each) => each.hour);
  return changed.toSorted()[0] ?? '~';
}

const hour = 3_600_000;

/** `yyyymmddhh` in UTC. */
export function hourAt(at: number): string {
  return new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');
}

/** What most errors are of. */
function kindOf(errors: readonly Errors[]): Errors['kind'] | undefined {
  let classes = 0;
  let numbers = 0;
  for (const { kind, values } of errors)
    if (kind === 'classes') classes += values.length;
    else numbers += values.length;
  if (classes === 0 && numbers === 0) return undefined;
  return numbers > classes ? 'numbers' : 'classes';
}

function printOf({ every, values }: Errors): string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return [every, values.length, murmur3(bytes, 1) >>> 0, murmur3(bytes, 2) >>> 0].map(String).join('-');
}

/** Of those that are finite: an error beyond what 32 bits hold is not. */
function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) if (Number.isFinite(value)) sum += value;
  return sum;
}

/** |e| / (|e| + scale), between 0 and 1 as detectors want it, whatever |e| is measured in; ½ for an error as large as the scale. */
function bounded(scale: number): (error: number) => number {
  return (error) => {
    if (error === 0) return 0;
    return Number.isFinite(error) ? error / (error + scale) : 1;
  };
}
