export { type CountedCall, countCall, countDropped, countRun, flushSummaries } from './count-calls.ts';
export { addCounts, type Counts, mergeCounts, totalOf } from './counts.ts';
export { bucketAt, bucketStart, latencyAt, latencyBucket, slowerThan } from './latency.ts';
export { type Metrics, metricsOf, type MetricsRange, type Point, type Series } from './metrics.ts';
export { readSummaries } from './read.ts';
export { removeSummaries } from './remove.ts';
export { rollUpSummaries } from './roll-up.ts';
export { classBin, isClassBin, valueBin } from './scores.ts';
export {
  type Answered,
  type CallOutcome,
  emptyTally,
  mergeSummaries,
  requestsOf,
  type Summary,
  type Variant,
} from './summary.ts';
export {
  continueTotals,
  durationBounds,
  greaterTotals,
  readTotals,
  seriesOf,
  type Total,
  type Totals,
} from './totals.ts';
