import { AsyncLocalStorage } from 'node:async_hooks';
import { outsideSpans } from './telemetry/index.ts';

/** What is spent in somebody's name. */
export type Spent = {
  requestUnits: number;
  /** Rows that a model scored in answer to a request. */
  predictions: number;
  /** Rows of files that were scored. */
  batchRows: number;
  /** Bytes of artifacts and files written, less those removed. */
  storedBytes: number;
};

/** What is gathered of one request while it is answered, wherever the work for it is done. */
export type Ledger = {
  /** What was spent; once it is known who asks, their account, to which work behind the answer is charged, too. */
  spent: Spent;
  /** What was kept without its secret: `params/<key>`, `tags/<key>` or the name of a field. */
  readonly redacted: Set<string>;
  /** Headers of the answer by name, which also one has that says what failed. */
  readonly headers: Map<string, string>;
};

const ledgers = new AsyncLocalStorage<Ledger>();

export function newLedger(spent: Spent = nothingSpent()): Ledger {
  return { spent, redacted: new Set(), headers: new Map() };
}

export function nothingSpent(): Spent {
  return { requestUnits: 0, predictions: 0, batchRows: 0, storedBytes: 0 };
}

/** Charges what was spent so far, and all that follows, to an account. */
export function chargeTo(ledger: Ledger, account: Spent): void {
  for (const what of ['requestUnits', 'predictions', 'batchRows', 'storedBytes'] as const)
    account[what] += ledger.spent[what];
  ledger.spent = account;
}

/** What `work` gives; all that it does, also behind its back, is entered in `ledger`. */
export function inLedger<T>(ledger: Ledger, work: () => T): T {
  return ledgers.run(ledger, work);
}

/** What `work` gives, which is done for no request, though one may be its occasion. */
export function outsideLedgers<T>(work: () => T): T {
  return ledgers.exit(() => outsideSpans(work));
}

/** The ledger of the request that is being answered; `undefined` where nobody asked. */
export function currentLedger(): Ledger | undefined {
  return ledgers.getStore();
}

/** Sets a header of the answer to the current request, whatever becomes of it. */
export function setHeader(name: string, value: string): void {
  ledgers.getStore()?.headers.set(name, value);
}

/** Enters what was spent just now in the current ledger, if there is one. */
export function spend(what: keyof Spent, amount: number): void {
  const ledger = ledgers.getStore();
  if (ledger) ledger.spent[what] += amount;
}
