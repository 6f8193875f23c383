import { type CountedFiles, countedPart, type EdgeSet, type Segmentation } from '../profiles/index.ts';
import { tableOf } from './counted.ts';
import type { RowBlock } from './gathered.ts';
import { encodePart, type PartHead } from './part.ts';
import { predictionIds } from './prediction-id.ts';
import { joinRows, type Rows, rowsOfBlocks } from './rows.ts';

/** What a part is made of; plain data, so that it can be made in another thread. */
export type PartJob = {
  readonly head: PartHead;
  /** By which its rows are counted; without them they are not. */
  readonly edges: EdgeSet | undefined;
  /** By which what is counted is split as well. */
  readonly segmentation?: Segmentation | undefined;
} & (BufferedRows | TakenRows);

type BufferedRows = {
  readonly blocks: readonly RowBlock[];
  /** Whether its rows become a part; others are counted alone. */
  readonly isLogged: boolean;
  /** Rows of the endpoint that were lost before it. */
  readonly lostRows: number;
};

/** Rows out of a queue, of call after call, with the ids that they were answered with. */
type TakenRows = { readonly taken: readonly Rows[]; readonly ids: readonly string[] };

/** The files of a part, as they are stored. */
export type MadePart = { readonly part?: Uint8Array; readonly counted?: CountedFiles };

/** Makes the files of a part, personal data masked or hashed as its head says. */
export function makePart(job: PartJob): MadePart {
  const { head } = job;
  if ('taken' in job) {
    const rows = joinRows(job.taken);
    return { part: encodePart(head, rows, job.ids, { isQueued: true }), ...counted(job, rows, job.ids) };
  }
  const { blocks, isLogged, lostRows } = job;
  const rows = rowsOfBlocks(head, blocks);
  const owner = `${head.workspace}/${head.endpoint}`;
  const ids = isLogged ? predictionIds(owner, head.hour, head.buffer, 0, rows.rows) : [];
  return {
    ...(isLogged ? { part: encodePart(head, rows, ids, { lostRows }) } : {}),
    ...counted(job, rows, ids),
  };
}

function counted(
  { head, edges, segmentation }: PartJob,
  rows: Rows,
  ids: readonly string[],
): Pick<MadePart, 'counted'> {
  return edges ? { counted: countedPart(head, tableOf(rows, ids), edges, segmentation) } : {};
}
