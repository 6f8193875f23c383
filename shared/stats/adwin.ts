import { type Detection, expectFinite } from './detection.ts';

export type AdwinSettings = {
  /** Chance that a stream without drift is found to have one; lower finds fewer. */
  readonly delta: number;
  /** A look for drift every so many values. */
  readonly clock: number;
  /** Buckets of one size before the two oldest of them become one. */
  readonly bucketsMax: number;
  /** Least values on either side of a cut. */
  readonly partMin: number;
  /** Values that are too few to look at. */
  readonly rowsMin: number;
};

const defaults: AdwinSettings = { delta: 0.002, clock: 32, bucketsMax: 5, partMin: 5, rowsMin: 10 };

/** Sum, and squared distance from the mean, of so many neighbouring values as its row says. */
type Bucket = { total: number; variance: number };

/** The window in O(log width) numbers. */
export type Adwin = {
  readonly detector: 'adwin';
  readonly settings: AdwinSettings;
  /** Of 2ⁱ values each in row i, oldest first. */
  rows: Bucket[][];
  /** Values in the window, their sum, and Σ (x − mean)². */
  width: number;
  total: number;
  variance: number;
  /** Values since the start, by which the clock goes. */
  ticks: number;
  isDrifted: boolean;
};

/**
 * ADWIN watches the mean of a stream of numbers of any scale: it keeps the longest window of latest values whose parts
 * do not differ, and finds a drift where it has to shorten it. Bifet and Gavaldà, Learning from time-changing data with
 * adaptive windowing, SIAM SDM 2007; the same as ADWIN of river 0.26.1, value by value.
 */
export function newAdwin(settings: Partial<AdwinSettings> = {}): Adwin {
  return fresh({ ...defaults, ...settings });
}

/** Takes the next value into the state. */
export function observeAdwin(state: Adwin, value: number): Detection {
  expectFinite(value);
  if (state.isDrifted) Object.assign(state, fresh(state.settings));
  insert(state, value);
  merge(state);
  state.ticks++;
  const { clock, rowsMin } = state.settings;
  if (state.ticks % clock !== 0 || state.width <= rowsMin) return 'none';
  while (hasCut(state)) {
    dropOldest(state);
    state.isDrifted = true;
  }
  return state.isDrifted ? 'drift' : 'none';
}

function fresh(settings: AdwinSettings): Adwin {
  const empty = { rows: [[]], width: 0, total: 0, variance: 0, ticks: 0, isDrifted: false };
  return { detector: 'adwin', settings, ...empty };
}

function insert(state: Adwin, value: number): void {
  const before = state.width++;
  state.rows[0].push({ total: value, variance: 0 });
  const gap = value - state.total / before;
  if (before > 0) state.variance += (before * gap * gap) / state.width;
  state.total += value;
}

/** The two oldest buckets of a row that has too many become one of the next. */
function merge({ rows, settings }: Adwin): void {
  for (let row = 0; rows[row].length > settings.bucketsMax; row++) {
    const size = 2 ** row;
    const [a, b] = rows[row].splice(0, 2);
    if (row + 1 === rows.length) rows.push([]);
    const gap = a.total / size - b.total / size;
    const apart = (size * size * gap * gap) / (size + size);
    rows[row + 1].push({ total: a.total + b.total, variance: a.variance + b.variance + apart });
  }
}

function dropOldest(state: Adwin): void {
  const row = state.rows.length - 1;
  const size = 2 ** row;
  const oldest = state.rows[row].shift();
  if (!oldest) return;
  state.width -= size;
  state.total -= oldest.total;
  const gap = oldest.total / size - state.total / state.width;
  state.variance -= oldest.variance + (size * state.width * gap * gap) / (size + state.width);
  if (state.rows[row].length === 0) state.rows.pop();
}

/** Is there a place in the window where the means before and after it differ by more than chance allows? */
function hasCut({ rows, width, total, variance, settings }: Adwin): boolean {
  const { delta, partMin } = settings;
  const spread = variance / width;
  const confidence = Math.log((2 * Math.log(width)) / delta);
  let before = 0;
  let sum = 0;
  for (let row = rows.length - 1; row >= 0; row--) {
    for (const bucket of rows[row]) {
      before += 2 ** row;
      sum += bucket.total;
      const after = width - before;
      if (before < partMin || after < partMin) continue;
      const weight = 1 / (before - partMin + 1) + 1 / (after - partMin + 1);
      const bound = Math.sqrt(2 * weight * spread * confidence) + (2 / 3) * confidence * weight;
      if (Math.abs(sum / before - (total - sum) / after) > bound) return true;
    }
  }
  return false;
}
