import { AsyncLocalStorage } from 'node:async_hooks';

/** What is gathered of one request while it is answered, wherever the work for it is done. */
export type Ledger = {
  /** What its store calls took, until it is known in whose account they are entered. */
  requestUnits: number;
  /** Who pays, once that is known: store calls behind the answer are entered there, too. */
  account?: { requestUnits: number };
  /** What was kept without its secret: `params/<key>`, `tags/<key>` or the name of a field. */
  readonly redacted: Set<string>;
};

const ledgers = new AsyncLocalStorage<Ledger>();

/** What `work` gives; all that it does, also behind its back, is entered in `ledger`. */
export function inLedger<T>(ledger: Ledger, work: () => T): T {
  return ledgers.run(ledger, work);
}

/** The ledger of the request that is being answered; `undefined` where nobody asked. */
export function currentLedger(): Ledger | undefined {
  return ledgers.getStore();
}

export function newLedger(): Ledger {
  return { requestUnits: 0, redacted: new Set() };
}

/** Enters the cost of a store call, in request units. */
export function spend(requestUnits: number): void {
  const ledger = ledgers.getStore();
  if (ledger) (ledger.account ?? ledger).requestUnits += requestUnits;
}
