export type { Edge, EdgeKind } from './edge.ts';
export type { LineageNode } from './facts.ts';
export type { NodeId } from './node.ts';
export { type BatchAnswer, recordEvents, recordOne } from './openlineage/batch.ts';
export { announce, emit, type EmitMessage } from './openlineage/emit.ts';
export {
  batchFinished,
  endpointMoved,
  loggedModelCreated,
  recordAgain,
  requestRecording,
  retrainingFinished,
  runChanged,
  versionConverted,
  versionCreated,
  versionReady,
} from './record.ts';
export {
  facetsOf,
  type LineageGraph,
  lineageOf,
  type LineageQuery,
} from './walk.ts';
