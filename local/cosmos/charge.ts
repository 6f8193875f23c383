/**
 * What operations cost, in request units, at session consistency. The sizes and prices are those that the service
 * publishes for reads and writes; prices between two sizes are on the line between them.
 * https://learn.microsoft.com/azure/cosmos-db/understand-your-bill and key-value-store-cost
 */
const PRICES: readonly { kilobytes: number; read: number; write: number }[] = [
  { kilobytes: 1, read: 1, write: 4.95 },
  { kilobytes: 4, read: 1.14, write: 6.67 },
  { kilobytes: 16, read: 1.67, write: 9.52 },
  { kilobytes: 64, read: 4.76, write: 22.67 },
  { kilobytes: 256, read: 20.28, write: 98.29 },
  { kilobytes: 1024, read: 145.9, write: 625 },
  { kilobytes: 2048, read: 291.8, write: 1250 },
];

/** For each index entry that a write adds or removes. */
const PER_TERM = 0.2;
const PER_PATCH_OPERATION = 0.4;

/** A query: a start price, and what it loads. The service publishes no formula; this one is a model. */
const QUERY_BASE = 2.25;
const PER_LOADED_ITEM = 0.05;
const PER_LOADED_KILOBYTE = 0.05;

export function readCharge(bytes: number): number {
  return round(price(bytes, 'read'));
}

export function createCharge(bytes: number, terms: number): number {
  return round(price(bytes, 'write') + terms * PER_TERM);
}

/** A replace costs about two creates, plus the index entries that change. */
export function replaceCharge(bytes: number, changedTerms: number): number {
  return round(2 * price(bytes, 'write') + changedTerms * PER_TERM);
}

/** A patch costs what the replace that it amounts to costs, plus each of its operations. */
export function patchCharge(replaceCharged: number, operations: number): number {
  return round(replaceCharged + operations * PER_PATCH_OPERATION);
}

export function deleteCharge(bytes: number, terms: number): number {
  return createCharge(bytes, terms);
}

export function queryCharge(loadedItems: number, loadedBytes: number): number {
  return round(QUERY_BASE + loadedItems * PER_LOADED_ITEM + (loadedBytes / 1024) * PER_LOADED_KILOBYTE);
}

/** Reading the change feed: as a query, without the price of running one. */
export function feedCharge(items: number, bytes: number): number {
  return round(1 + items * PER_LOADED_ITEM + (bytes / 1024) * PER_LOADED_KILOBYTE);
}

/** Reads at strong or bounded staleness ask two replicas and cost double. */
export function atConsistency(charge: number, isRelaxed: boolean): number {
  return isRelaxed ? charge : round(charge * 2);
}

export function round(charge: number): number {
  return Math.round(charge * 100) / 100;
}

function price(bytes: number, kind: 'read' | 'write'): number {
  const kilobytes = bytes / 1024;
  let lower = PRICES[0];
  for (const upper of PRICES) {
    if (kilobytes <= upper.kilobytes) {
      if (upper === lower) return upper[kind];
      const share = (kilobytes - lower.kilobytes) / (upper.kilobytes - lower.kilobytes);
      return lower[kind] + share * (upper[kind] - lower[kind]);
    }
    lower = upper;
  }
  return (lower[kind] * kilobytes) / lower.kilobytes;
}
