import type { SegmentSource } from '../../shared/audit/index.ts';
import type { PublicKey } from '../../shared/azure/index.ts';

/** Segments that can be read, and the keys that are found with them. */
export type Opened = {
  readonly source: SegmentSource;
  keys(): Promise<readonly PublicKey[]>;
  close(): Promise<void>;
};
