export { type Account, accountOf, flushUsage, type UsagePort } from './accounts.ts';
export { monthEnd, monthOf } from './model.ts';
export { inOwnName } from './platform.ts';
export { batchRowsOf, usageIn, type UsageReport, type UsageRow } from './report.ts';
export { addStored, countStorage, storedBytes } from './storage.ts';
