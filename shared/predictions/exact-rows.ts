import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { readPart } from './part.ts';
import { inHours, onceEach, within } from './predictions.ts';
import type { HiddenColumn } from './tensor-columns.ts';

/** Some rows of a window, as the log has them: what is personal in them is masked or hashed. */
export type ExactRows = {
  readonly rows: number;
  /** By column, in the order of the rows; `null` where a part does not have it. */
  readonly columns: ReadonlyMap<string, readonly (string | number | null)[]>;
  /** Columns that were masked or hashed in any of the parts. */
  readonly hidden: ReadonlyMap<string, HiddenColumn>;
  /** Parts whose rows these are some of. */
  readonly parts: number;
  /** Parts that the window's hours have, of all versions. */
  readonly partsOfWindow: number;
};

const partsMax = 64;
/** Parts that are looked at: those of other versions are told by what is in them. */
const looksMax = 256;
const rowsMax = 10_000;

type Row = {
  readonly hash: number;
  readonly id: string;
  readonly cells: readonly (string | number | null)[];
};

/**
 * A sample of the rows that a version answered in a window (`from <= ts < to`), the same for whoever draws it: of the 64
 * of its parts whose names have the smallest hashes, the 10,000 rows whose prediction ids have. It is one by clusters:
 * rows of a part were answered at about one time. Copies that mirrors answered are not among them.
 */
export async function exactRows(
  ctx: Context,
  endpoint: string,
  { from, to }: { readonly from: number; readonly to: number },
  { digest, columns }: { readonly digest: string; readonly columns: readonly string[] },
): Promise<ExactRows> {
  const names: { name: string; hash: string }[] = [];
  for await (const { name } of inHours(ctx, endpoint, 'parts', from, to))
    names.push({ name, hash: createHash('sha256').update(name).digest('hex') });
  const drawn = names.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)).slice(0, looksMax);
  const wanted = [...new Set([...columns, 'predictionId', 'ts', 'digest', 'source'])];
  const hidden = new Map<string, HiddenColumn>();
  const once = new Map<string, ReturnType<typeof onceEach>>();
  let rows: Row[] = [];
  let parts = 0;
  for (const { name } of drawn) {
    if (parts === partsMax) break;
    const bytes = await ctx.stores.blobs('predictions').read(name);
    // Expired by the lifecycle policy between the listing and now.
    if (!bytes) continue;
    const whole = await readPart(bytes, wanted);
    if (whole.column('digest')[0] !== digest || whole.column('source')[0] === 'mirror') continue;
    const folder = name.slice(0, name.lastIndexOf('/'));
    const firstSeen = once.get(folder) ?? onceEach();
    once.set(folder, firstSeen);
    const table = firstSeen(within(whole, from, to));
    if (table.rows === 0) continue;
    parts++;
    for (const column of columns) {
      const how = table.hidden.get(column);
      if (how) hidden.set(column, how);
    }
    const cells = columns.map((column) => table.column(column));
    const ids = table.column('predictionId').map(String);
    for (const [row, id] of ids.entries())
      rows.push({
        id,
        hash: Number.parseInt(id.slice(-8), 16),
        cells: cells.map((column) => column[row] ?? null),
      });
    if (rows.length > 2 * rowsMax) rows = smallest(rows);
  }
  const sample = smallest(rows);
  return {
    rows: sample.length,
    columns: new Map(columns.map((column, i) => [column, sample.map(({ cells }) => cells[i] ?? null)])),
    hidden,
    parts,
    partsOfWindow: names.length,
  };
}

function smallest(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1)).slice(0, rowsMax);
}
