import type { Run } from '../api/types.ts';

/** A run as it is drawn wherever it is compared: always in the same colour. */
export type Compared = {
  readonly run: Run;
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly dash: readonly number[];
};

/** The runs' ids in an address without one of them. */
export function without(runs: string | null, runId: string): string {
  return (runs ?? '')
    .split(',')
    .filter((each) => each !== runId)
    .join(',');
}
