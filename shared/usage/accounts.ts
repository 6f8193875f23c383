import type { Stores } from '../azure/index.ts';
import type { Context, Principal } from '../context.ts';
import type { Stored } from '../documents.ts';
import { outsideLedgers } from '../ledger.ts';
import { flush } from './flush.ts';
import { monthEnd, monthOf, nothingUsed, type UsageDocument, type Used } from './model.ts';

/** At most this much of what was used is lost when an instance crashes. */
const flushSeconds = 30;
/** Above this many, accounts in which nothing is entered any more are closed. */
const accountsKept = 1000;
const shutdownMilliseconds = 3000;

/** What is needed to write accounts. */
export type UsagePort = Pick<Context, 'stores' | 'clock' | 'ids' | 'log'>;

/** What a principal uses in a workspace this month, as this instance saw it and has not written yet. */
export type Account = Used & {
  readonly workspace: string;
  readonly principal: Principal;
  readonly month: string;
  readonly monthEnd: number;
  /** Calls that may be made at once, as of `callsAt` (milliseconds since 1970); `undefined` before the first one. */
  callsLeft: number | undefined;
  callsAt: number;
  /** Calls a minute, of late: those seen here, and those that other instances wrote. */
  minePerMinute: number;
  othersPerMinute: number;
  /** The document as this instance last wrote it, and when. */
  known: (Stored<UsageDocument> & { readonly at: number }) | undefined;
};

type Books = {
  readonly open: Map<string, Map<string, Account>>;
  /** Accounts of a month that has ended, to be written once more. */
  readonly ended: Set<Account>;
  count: number;
  timer: NodeJS.Timeout | undefined;
  flushing: Promise<void> | undefined;
};

const allBooks = new WeakMap<Stores, Books>();

/**
 * The account of a principal in a workspace, in memory. What is entered in it is written within
 * {@link flushSeconds} by a compare-and-swap, with that of other instances; where nothing happens, nothing is
 * written. A crash of the instance loses what it had not written: at most the last {@link flushSeconds}.
 */
export function accountOf(port: UsagePort, workspace: string, principal: Principal): Account {
  const books = booksOf(port.stores);
  let inWorkspace = books.open.get(workspace);
  if (!inWorkspace) books.open.set(workspace, (inWorkspace = new Map()));
  const now = port.clock.now();
  let account = inWorkspace.get(principal.id);
  if (!account || now >= account.monthEnd) {
    if (account) books.ended.add(account);
    else books.count++;
    account = newAccount(workspace, principal, now, account);
    inWorkspace.set(principal.id, account);
  }
  if (books.timer === undefined) books.timer = outsideLedgers(() => flushLater(port, books));
  return account;
}

/** Writes what is entered and not written yet, at most 3 seconds: before the process ends, and before a report. */
export async function flushUsage(port: UsagePort): Promise<void> {
  const books = allBooks.get(port.stores);
  if (!books) return;
  clearTimeout(books.timer);
  books.timer = undefined;
  let deadline: NodeJS.Timeout | undefined;
  await Promise.race([
    outsideLedgers(() => write(port, books)),
    new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, shutdownMilliseconds);
    }),
  ]);
  clearTimeout(deadline);
}

function booksOf(stores: Stores): Books {
  let books = allBooks.get(stores);
  if (!books) {
    books = { open: new Map(), ended: new Set(), count: 0, timer: undefined, flushing: undefined };
    allBooks.set(stores, books);
  }
  return books;
}

function newAccount(
  workspace: string,
  principal: Principal,
  now: number,
  before: Account | undefined,
): Account {
  return {
    ...nothingUsed(),
    workspace,
    principal,
    month: monthOf(now),
    monthEnd: monthEnd(now),
    callsLeft: before?.callsLeft,
    callsAt: before?.callsAt ?? 0,
    minePerMinute: before?.minePerMinute ?? 0,
    othersPerMinute: before?.othersPerMinute ?? 0,
    known: undefined,
  };
}

function flushLater(port: UsagePort, books: Books): NodeJS.Timeout {
  return setTimeout(() => {
    books.timer = undefined;
    write(port, books).catch((error: unknown) => {
      port.log.warn('usage not written yet', { reason: String(error) });
      books.timer ??= flushLater(port, books);
    });
  }, flushSeconds * 1000).unref();
}

/** Writes all accounts; a writer at work is joined, and what came behind it is written next. */
async function write(port: UsagePort, books: Books): Promise<void> {
  while (books.flushing) await books.flushing;
  const open = [...books.open.values()].flatMap((inWorkspace) => [...inWorkspace.values()]);
  const writing = flush(port, [...books.ended, ...open]);
  const free = () => {
    books.flushing = undefined;
  };
  books.flushing = writing.then(free, free);
  const written = await writing;
  for (const account of written) books.ended.delete(account);
  if (books.count > accountsKept) closeIdle(port, books, new Set(open));
}

/** Forgets accounts in which nothing was entered since they were written, nor for a minute: they may make all calls again. */
function closeIdle(port: UsagePort, books: Books, seen: ReadonlySet<Account>): void {
  const now = port.clock.now();
  for (const [workspace, inWorkspace] of books.open) {
    for (const [id, account] of inWorkspace) {
      const isIdle = account.calls === 0 && account.refusedCalls === 0 && account.requestUnits === 0;
      if (!isIdle || now - account.callsAt < 60_000 || !seen.has(account)) continue;
      inWorkspace.delete(id);
      books.count--;
    }
    if (inWorkspace.size === 0) books.open.delete(workspace);
  }
}
