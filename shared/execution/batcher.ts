import { CairnError } from '../http/index.ts';
import { cutRows, joinRows, kindOfRow, rowsOf, tensorBytes, type Tensors } from '../sessions/index.ts';
import type { Cost } from './cost.ts';
import { Gone } from './place.ts';

export type Asked = {
  /** When the caller gives up, in ms as `performance.now()` counts; infinite where they do not. */
  readonly deadline: number;
  /** Rows that calls are run together by; 1 runs the call alone. */
  readonly rowsMax: number;
  /** In one run with nobody else's rows: sums over many weights then come out the same to the last bit. */
  readonly whole: boolean;
  /** Told of the rows of each run that this call is the first of, whoever's they are: of each run one call is. */
  readonly onRun?: ((rows: number) => void) | undefined;
};

export type BatcherOptions = {
  /** Runs the model; one run at a time is asked for. `deadline` is when nobody waits for it any more. */
  readonly run: (feeds: Tensors, deadline: number) => Promise<Tensors>;
  /** Whether rows may be run together, and apart, whoever they are of. */
  readonly rowsFree: boolean;
  /** Whether rows of several calls may share a run. */
  readonly shares: boolean;
  readonly cost: Cost;
  /** How long a run may take before others get their turn. */
  readonly runMillisecondsMax: number;
};

type Waiting = Asked & {
  readonly feeds: Tensors;
  readonly bytes: number;
  /** `null` where the tensors are no rows, or what the model gave for some showed that it does not take them so. */
  rows: number | null;
  kind?: string;
  /** Rows that were run, or are on their way. */
  taken: number;
  parts: Tensors[];
  /** It was in a run that failed: it shares no other. */
  alone: boolean;
  settled: boolean;
  settle(result: Tensors | Error): void;
};

type Piece = { readonly of: Waiting; readonly first: number; readonly end: number };

const callsMax = 2_000;
const bytesMax = 256 * 1024 * 1024;
const retrySecondsMax = 60;

/**
 * Runs the calls to one model, one run after the other: calls that meet go together where that changes nothing
 * for any of them, and long ones are cut so that others get their turn. Nobody waits for others to come: what
 * is there when a run can begin is what it takes. Each caller gets its own rows, in its order, or its own error.
 */
export class Batcher {
  /** Runs and rows so far. */
  readonly counts = { runs: 0, rows: 0 };
  readonly #options: BatcherOptions;
  #rowsFree: boolean;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #isBusy = false;

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#rowsFree = options.rowsFree;
  }

  get rowsFree(): boolean {
    return this.#rowsFree;
  }

  /** Throws `timeout`, `too-many`, or what the run of this call throws. */
  call(feeds: Tensors, asked: Asked): Promise<Tensors> {
    return new Promise((resolve, reject) => {
      const bytes = tensorBytes(feeds);
      if (!asked.whole) this.#refuseBeyond(bytes);
      const rows = rowsOf(feeds);
      let timer: NodeJS.Timeout | undefined;
      const call: Waiting = {
        ...asked,
        feeds,
        bytes,
        rows,
        taken: 0,
        parts: [],
        alone: false,
        settled: false,
        settle: (result) => {
          if (call.settled) return;
          call.settled = true;
          clearTimeout(timer);
          this.#bytes -= bytes;
          if (performance.now() >= call.deadline || isLate(result)) reject(late());
          else if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      this.#bytes += bytes;
      if (Number.isFinite(call.deadline))
        timer = setTimeout(() => call.settle(late()), millisecondsUntil(call.deadline));
      this.#waiting.push(call);
      this.#next();
    });
  }

  #refuseBeyond(bytes: number): void {
    const isFull = () => this.#waiting.length >= callsMax || this.#bytes + bytes > bytesMax;
    if (!isFull()) return;
    this.#dropSettled();
    if (this.#waiting.length === 0 || !isFull()) return;
    const rows = this.#waiting.reduce((sum, call) => sum + (call.rows ?? 1) - call.taken, 0);
    const { cost } = this.#options;
    const seconds = Math.ceil(cost.of(rows) / 1000);
    throw new CairnError('too-many', 'The model has as many calls waiting as it takes; try again later.', {
      retryAfterSeconds: Math.min(retrySecondsMax, Math.max(1, seconds)),
    });
  }

  /** What is said in the same turn of the event loop meets; whoever comes later has not been waited for. */
  #next(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    setImmediate(() => {
      void this.#turn().finally(() => {
        this.#isBusy = false;
        this.#next();
      });
    });
  }

  async #turn(): Promise<void> {
    const pieces = this.#take();
    if (pieces.length === 0) return;
    const [head] = pieces;
    const isWhole = pieces.length === 1 && head !== undefined && isAll(head);
    const rows = pieces.reduce((sum, { first, end }) => sum + end - first, 0);
    const begun = performance.now();
    let outputs: Tensors;
    try {
      const feeds = isWhole ? head.of.feeds : joinRows(pieces.map(feedsOf));
      outputs = await this.#options.run(feeds, Math.max(...pieces.map(({ of }) => of.deadline)));
    } catch (error) {
      this.#failed(pieces, error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#options.cost.ran(rows, performance.now() - begun);
    this.counts.runs++;
    this.counts.rows += rows;
    head?.of.onRun?.(rows);
    if (isWhole) head.of.settle(outputs);
    else if (rowsOf(outputs) === rows) this.#hand(pieces, outputs);
    else this.#takeBack(pieces);
  }

  /** The next run: the call that waits longest, or as much of it as is its turn, and what goes with it. */
  #take(): Piece[] {
    this.#dropSettled();
    const head = this.#waiting.shift();
    if (!head) return [];
    const turn = this.#options.cost.rowsWithin(this.#options.runMillisecondsMax);
    const isCut = this.#rowsFree && !head.whole && head.rows !== null;
    const left = (head.rows ?? 1) - head.taken;
    const pieces = [taken(head, isCut ? Math.min(left, turn) : left)];
    if (!this.#canShare(head) || left > turn) return pieces;
    let rows = left;
    let most = Math.min(turn, head.rowsMax);
    this.#waiting = this.#waiting.filter((call) => {
      const more = (call.rows ?? 1) - call.taken;
      if (
        !this.#canShare(call) ||
        kindOf(call) !== kindOf(head) ||
        rows + more > Math.min(most, call.rowsMax)
      )
        return true;
      pieces.push(taken(call, more));
      rows += more;
      most = Math.min(most, call.rowsMax);
      return false;
    });
    return pieces;
  }

  /** Those who have given up are no longer waiting, even while a run that does not end keeps anybody from being taken. */
  #dropSettled(): void {
    this.#waiting = this.#waiting.filter(({ settled }) => !settled);
  }

  #canShare({ rows, rowsMax, whole, alone }: Waiting): boolean {
    return this.#options.shares && this.#rowsFree && !whole && !alone && rowsMax > 1 && (rows ?? 0) > 0;
  }

  #hand(pieces: readonly Piece[], outputs: Tensors): void {
    let at = 0;
    for (const { of: call, first, end } of pieces) {
      call.parts.push(pieces.length === 1 ? outputs : cutRows(outputs, at, at + end - first));
      at += end - first;
      if (call.settled) continue;
      if (call.taken < (call.rows ?? 1)) this.#waiting.push(call);
      else if (call.parts.length === 1 || areAlike(call.parts)) call.settle(joinRows(call.parts));
      else this.#again(call);
    }
  }

  /** The answers are no rows of the calls': the model is not what it was found to be, whatever it is asked. */
  #takeBack(pieces: readonly Piece[]): void {
    this.#rowsFree = false;
    for (const { of: call } of pieces) this.#again(call);
  }

  #again(call: Waiting): void {
    Object.assign(call, { rows: null, taken: 0, parts: [], alone: true });
    this.#waiting.unshift(call);
  }

  /** One that was run alone has failed; of several, each is tried alone. So is one whose place has ended for another's sake. */
  #failed(pieces: readonly Piece[], error: Error): void {
    const isOver = (call: Waiting) =>
      call.alone ||
      (pieces.length === 1 && !(error instanceof Gone && (error.why === 'ended' || error.why === 'killed')));
    for (const { of: call, first } of pieces.toReversed())
      if (isOver(call)) call.settle(error);
      else if (!call.settled) {
        Object.assign(call, { taken: first, alone: true });
        this.#waiting.unshift(call);
      }
  }
}

function kindOf(call: Waiting): string {
  return (call.kind ??= kindOfRow(call.feeds));
}

function taken(call: Waiting, rows: number): Piece {
  const first = call.taken;
  call.taken += rows;
  return { of: call, first, end: call.taken };
}

function isAll({ of: call, first, end }: Piece): boolean {
  return call.rows === null || (first === 0 && end === call.rows);
}

function feedsOf(piece: Piece): Tensors {
  const { of: call, first, end } = piece;
  return isAll(piece) ? call.feeds : cutRows(call.feeds, first, end);
}

function areAlike(parts: readonly Tensors[]): boolean {
  return new Set(parts.map(kindOfRow)).size === 1;
}

const timerMillisecondsMax = 2 ** 31 - 1;

function millisecondsUntil(deadline: number): number {
  return Math.min(timerMillisecondsMax, Math.max(0, deadline - performance.now()));
}

function isLate(result: unknown): boolean {
  return result instanceof Gone && result.why === 'late';
}

function late(): CairnError {
  return new CairnError('timeout', 'The model did not answer in time.');
}
