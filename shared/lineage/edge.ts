import type { NodeId } from './node.ts';

/**
 * How two nodes are related. An edge leads from what was first to what came of it, so that `down` follows
 * it and `up` goes against it, whichever way its kind reads:
 *
 * | edge | kind |
 * |---|---|
 * | code → run | `built-from`: the run ran this commit |
 * | dataset, logged model → run | `used`: the run had it as input |
 * | run → run | `parent-of` |
 * | run → logged model, run → version, retraining → version | `generated` |
 * | logged model → version | `registered-as` |
 * | version → version | `copied-to` |
 * | dataset → version | `reference-of`, `evaluation-of` |
 * | version → file | `converted-to`: the ONNX file that is served of it |
 * | version → endpoint | `deployed-to`: the endpoint answered by it |
 * | version, endpoint → batch job | `scored-by`: the job scored its file by it |
 * | file → batch job, OpenLineage dataset → OpenLineage run or job | `read` |
 * | batch job → file, OpenLineage run or job → OpenLineage dataset | `wrote` |
 * | endpoint, version → retraining | `used`: its predictions, and the champion they were of |
 * | OpenLineage job → OpenLineage run | `ran-as` |
 * | OpenLineage dataset – dataset | `same-as`, which leads both ways |
 */
export type EdgeKind =
  | 'built-from'
  | 'used'
  | 'parent-of'
  | 'generated'
  | 'registered-as'
  | 'copied-to'
  | 'converted-to'
  | 'reference-of'
  | 'evaluation-of'
  | 'deployed-to'
  | 'scored-by'
  | 'read'
  | 'wrote'
  | 'ran-as'
  | 'same-as';

export type Edge = {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly kind: EdgeKind;
  /** When it came to be, in milliseconds since 1970. */
  readonly at: number;
};
