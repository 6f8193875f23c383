export type { Edge, EdgeKind } from './edge.ts';
export type { LineageNode } from './facts.ts';
export type { NodeId } from './node.ts';
export { type BatchAnswer, recordOpenLineage, recordOpenLineageBatch } from './openlineage/batch.ts';
export { announceEnded, emitLineage, type EmitMessage } from './openlineage/emit.ts';
export {
  recordLineage,
  requestRecording,
  traceBatchJob,
  traceConversion,
  traceDatasets,
  traceEndpoint,
  traceLoggedModel,
  traceRetraining,
  traceRun,
  traceVersion,
} from './record.ts';
export {
  facetsOf,
  type LineageGraph,
  lineageOf,
  type LineageQuery,
} from './walk.ts';
