export type { Edge, EdgeKind } from './edge.ts';
export type { LineageNode } from './facts.ts';
export { type NodeId, nodeKinds } from './node.ts';
export {
  batchFinished,
  endpointMoved,
  loggedModelCreated,
  recordVersion,
  retrainingFinished,
  runChanged,
  versionCreated,
  versionReady,
} from './record.ts';
export {
  type LineageGraph,
  type LineageLimits,
  lineageLimits,
  lineageOf,
  type LineageQuery,
} from './walk.ts';
