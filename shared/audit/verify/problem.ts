/** What can be wrong with a log. */
export type ProblemKind =
  /** A line is not how an entry or a checkpoint is written. */
  | 'malformed'
  /** An entry is not what its hash was made of. */
  | 'tampered'
  /** Entries between two others are gone. */
  | 'missing'
  /** An entry stands again, or behind one that came after it. */
  | 'out-of-order'
  /** An entry does not follow from the one before: one of them was put in place of another. */
  | 'broken-chain'
  /** A segment ends before what its checkpoint vouches for. */
  | 'truncated'
  /** A segment has entries that no checkpoint counts, though it is closed. */
  | 'inserted'
  /** The entries fit one another and not the checkpoint over them: the chain was made anew. */
  | 'rebuilt'
  /** An entry or a checkpoint stands in another hour than its own. */
  | 'misplaced'
  /** Time goes back from one entry or checkpoint to the next. */
  | 'clock'
  /** Checkpoints are gone, or in another order. */
  | 'missing-checkpoint'
  /** The last entries have no signature over them though they should. */
  | 'unsigned'
  | 'unknown-key'
  | 'signature'
  /** An aggregate has events that are not in the log. */
  | 'gap'
  /** Two entries are of the same event. */
  | 'duplicate'
  /** The log does not reach what it is known to have reached. */
  | 'head'
  /** An entry in the store is not the one in the segment. */
  | 'store';

export type Problem = {
  readonly kind: ProblemKind;
  readonly segment: string | null;
  readonly seq?: number;
  /** A sentence. */
  readonly message: string;
};

export type Report = (kind: ProblemKind, segment: string | null, message: string, seq?: number) => void;
