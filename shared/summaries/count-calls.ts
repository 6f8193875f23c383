import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { outsideLedgers } from '../ledger.ts';
import { count } from './counts.ts';
import { latencyBucket } from './latency.ts';
import { minute } from './names.ts';
import { type Answered, emptyTally, outcomeOf, type Tally } from './summary.ts';
import { type InstanceFiles, newFiles, type OwnedTally, writeTallies } from './write.ts';

/** Above this many tallies (about 100 MB) that wait for a store which does not answer, the oldest are given up. */
const waitingMax = 20_000;
const shutdownMilliseconds = 3_000;

/** A call that has ended. */
export type CountedCall = {
  /** Of the answer, as in HTTP. */
  readonly status: number;
  readonly rows: number;
  /** Absent: not counted among the latencies. */
  readonly latencyMicros?: number;
  /** Whether NaN or an infinity is in the answer. */
  readonly nonFinite?: boolean;
  /** The bin of the score of its first row. */
  readonly score?: number;
};

type Book = {
  /** What is counted in now, by what answers. */
  readonly open: Map<string, OwnedTally<Tally>>;
  /** Minutes that are over, oldest first. */
  over: OwnedTally<Tally>[];
  readonly files: InstanceFiles;
  timer: NodeJS.Timeout | undefined;
  writing: Promise<void> | undefined;
};

const books = new WeakMap<Stores, Book>();

/**
 * Counts a call of an endpoint, in memory: it costs a microsecond or so. What was counted is written with the rhythm of
 * the prediction log, which is what a crash can lose; where nobody calls, nothing is written.
 */
export function countCall(ctx: Context, endpoint: string, answered: Answered, call: CountedCall): void {
  const tally = tallyOf(ctx, endpoint, answered);
  tally.calls[outcomeOf(call.status)]++;
  if (call.status < 400) tally.rows += call.rows;
  if (call.latencyMicros !== undefined) count(tally.latency, latencyBucket(call.latencyMicros));
  if (call.nonFinite) tally.nonFinite++;
  if (call.score !== undefined) count(tally.scores, call.score);
}

/** Counts a run of a model and its rows, which may be of several calls; it belongs to the first of them. */
export function countRun(ctx: Context, endpoint: string, answered: Answered, rows: number): void {
  const tally = tallyOf(ctx, endpoint, answered);
  tally.runs++;
  tally.runRows += rows;
}

/** Counts a copy of a call that its mirror did not get. */
export function countDropped(ctx: Context, endpoint: string, answered: Answered): void {
  tallyOf(ctx, endpoint, answered).dropped++;
}

/** Writes all that was counted: before the process ends (at most 3 seconds), and in tests. */
export async function flushSummaries(stores: Stores): Promise<void> {
  const book = books.get(stores);
  if (!book) return;
  clearTimeout(book.timer);
  book.timer = undefined;
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    deadline = setTimeout(resolve, shutdownMilliseconds);
  });
  await Promise.race([outsideLedgers(() => write(book)), late]).finally(() => clearTimeout(deadline));
}

function tallyOf(ctx: Context, endpoint: string, answered: Answered): Tally {
  const book = bookOf(ctx);
  const now = ctx.clock.now();
  const { deployment, variant, version, digest } = answered;
  const key = `${ctx.workspace}/${endpoint}/${deployment}/${variant}/${version}/${digest}`;
  let open = book.open.get(key);
  const isOver = open !== undefined && Math.floor(now / minute) !== Math.floor(open.tally.at / minute);
  if (open && isOver) book.over.push(open);
  if (!open || isOver) {
    open = { owner: { workspace: ctx.workspace, endpoint }, tally: emptyTally(answered, now) };
    book.open.set(key, open);
    giveUpOldest(ctx, book);
    book.timer ??= outsideLedgers(() => writeLater(ctx, book));
  }
  return open.tally;
}

function bookOf(ctx: Context): Book {
  let book = books.get(ctx.stores);
  if (!book) {
    const files = newFiles(ctx.stores, ctx.ids.hex(8));
    books.set(
      ctx.stores,
      (book = { open: new Map(), over: [], files, timer: undefined, writing: undefined }),
    );
  }
  return book;
}

function writeLater(ctx: Context, book: Book): NodeJS.Timeout {
  return setTimeout(() => {
    book.timer = undefined;
    write(book).catch((error: unknown) => {
      ctx.log.warn('summaries wait', { reason: String(error) });
      book.timer ??= writeLater(ctx, book);
    });
  }, ctx.settings.predictionFlushSeconds * 1000).unref();
}

/** Writes what was counted up to now; a writer at work is joined, and what came behind it is written next. */
async function write(book: Book): Promise<void> {
  while (book.writing) await book.writing.catch(() => undefined);
  const taken = [...book.over, ...book.open.values()];
  book.over = [];
  book.open.clear();
  book.writing = writeTaken(book, taken).finally(() => {
    book.writing = undefined;
  });
  await book.writing;
}

async function writeTaken(book: Book, taken: readonly OwnedTally<Tally>[]): Promise<void> {
  const { tallies, error } = await writeTallies(book.files, taken);
  book.over.unshift(...tallies);
  if (error !== undefined) throw error;
}

function giveUpOldest(ctx: Context, book: Book): void {
  const more = book.over.length - waitingMax;
  if (more <= 0) return;
  book.over.splice(0, more);
  ctx.log.error('summaries lost', { tallies: more });
}
