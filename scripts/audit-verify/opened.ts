import type { SegmentSource } from '../../shared/audit/index.ts';
import type { PublicKey } from '../../shared/azure/index.ts';

/** Segments that can be read, and the keys that are found with them. */
export type Opened = {
  readonly source: SegmentSource;
  keys(): Promise<readonly PublicKey[]>;
  /** The last entry that there is, exported or not, where that can be asked. */
  lastSeq?(): Promise<number>;
  close(): Promise<void>;
};
