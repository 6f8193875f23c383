import type { AlertingSetting, Bounds, Verdict } from '../monitoring/index.ts';

/** What one window said of a signal and segment. */
export type WindowVerdict = {
  /** Milliseconds since 1970; one verdict for each window. */
  readonly windowEnd: number;
  readonly verdict: Verdict;
  readonly value: number | null;
  readonly bounds: Bounds | null;
};

/** Without trouble; with breaches too few to fire; firing; over. */
export type AlertState = 'ok' | 'pending' | 'firing' | 'resolved';

export type AlertStanding = {
  readonly state: AlertState;
  /** The end of the window that brought the state; `null` where no window has. */
  readonly since: number | null;
  /** The end of the window at which it last began to fire. */
  readonly firedAt: number | null;
};

export type AlertPolicy = Pick<AlertingSetting, 'breaches' | 'of' | 'clear' | 'hysteresis'>;

/**
 * The state of an alert after windows: a function of their verdicts in order of time, in whatever order they are
 * given. It fires at `breaches` breaches of the last `of` windows that had a verdict, and is resolved by `clear`
 * windows in a row that are {@link isClear}; then it counts anew. `firedAt` says that it was firing before the first
 * of the windows, since that one.
 */
export function alertState(
  verdicts: readonly WindowVerdict[],
  policy: AlertPolicy,
  firedAt: number | null = null,
): AlertStanding {
  let standing: AlertStanding = { state: firedAt === null ? 'ok' : 'firing', since: firedAt, firedAt };
  let recent: boolean[] = [];
  let clearInRow = 0;
  for (const each of verdicts.toSorted((a, b) => a.windowEnd - b.windowEnd)) {
    if (each.verdict === 'insufficient-data') continue;
    const breached = each.verdict === 'breached';
    clearInRow = isClear(each, policy.hysteresis) ? clearInRow + 1 : 0;
    recent = [...recent, breached].slice(-policy.of);
    const state = next(standing, recent, clearInRow, policy);
    if (standing.state === 'firing' && state === 'resolved') recent = [];
    if (state === standing.state) continue;
    standing = {
      state,
      since: each.windowEnd,
      firedAt: state === 'firing' ? each.windowEnd : standing.firedAt,
    };
  }
  return standing;
}

function next(
  { state, firedAt }: AlertStanding,
  recent: readonly boolean[],
  clearInRow: number,
  { breaches, clear }: AlertPolicy,
): AlertState {
  if (state === 'firing') return clearInRow >= clear ? 'resolved' : 'firing';
  const count = recent.filter(Boolean).length;
  if (count >= breaches) return 'firing';
  if (count > 0) return 'pending';
  return firedAt === null ? 'ok' : 'resolved';
}

/**
 * Whether a window counts towards the end of an alert: no breach, and its figure at least `1 - hysteresis` of the
 * bound away from it. Below 1 a lower bound is one of a share, which ends at 1: there it is that part of the way to 1;
 * between two bounds it is that part of the way to their middle.
 */
export function isClear(
  { verdict, value, bounds }: Pick<WindowVerdict, 'verdict' | 'value' | 'bounds'>,
  hysteresis: number,
): boolean {
  if (verdict !== 'ok') return false;
  if (value === null || bounds === null) return true;
  const { lower, upper } = bounds;
  const part = 1 - hysteresis;
  if (lower !== undefined && upper !== undefined) {
    const margin = (part * (upper - lower)) / 2;
    return value >= lower + margin && value <= upper - margin;
  }
  if (upper !== undefined) return value <= upper - part * Math.abs(upper);
  if (lower === undefined) return true;
  const room = lower >= 0 && lower <= 1 ? 1 - lower : Math.abs(lower);
  return value >= lower + part * room;
}
