import type { Context } from '../context.ts';
import { exactRows, type HiddenColumn, inputColumns, readPredictions } from '../predictions/index.ts';
import type { VersionReady } from '../registry/index.ts';
import { answersOf, columnOf, type Column, type Hidden, hiddenAs, type Sample } from './sample.ts';
import type { Window } from './windows.ts';

/**
 * A sample of the rows that a version answered in a window, from after `after`, as the log has them. A feature that none
 * of them has, and that the model does not declare, is not among its columns.
 */
export async function windowSample(
  ctx: Context,
  endpoint: string,
  window: Window,
  { digest, features }: Pick<VersionReady, 'digest' | 'features'>,
  { names = [], after = 0 }: { readonly names?: readonly string[]; readonly after?: number } = {},
): Promise<Sample> {
  const known = features ?? (names.length > 0 ? [] : await loggedNames(ctx, endpoint, window, digest));
  const wanted = [...new Set([...known, ...names])];
  const found = await exactRows(ctx, endpoint, window, {
    digest,
    columns: [...wanted.map((name) => `in.${name}`), 'ts', 'score', 'class'],
  });
  const times = found.columns.get('ts') ?? [];
  const rows = times.flatMap((at, row) => (Number(at) > after ? [row] : []));
  const cellsOf = (name: string) => {
    const column = found.columns.get(name) ?? [];
    return rows.map((row) => column[row] ?? null);
  };
  const columns = wanted.flatMap((name): [string, Column][] => {
    const cells = cellsOf(`in.${name}`);
    const how = hiddenBy(found.hidden.get(`in.${name}`), cells);
    if (how === undefined && !known.includes(name) && cells.every((cell) => cell === null)) return [];
    return [[name, hiddenAs(columnOf(cells), how)]];
  });
  return {
    rows: rows.length,
    features: new Map(columns),
    ...answersOf(cellsOf('score'), cellsOf('class')),
  };
}

/** How the rows of a column were hidden; `mixed` where some were not, or by another key. */
function hiddenBy(
  how: HiddenColumn | undefined,
  cells: readonly (string | number | null)[],
): Hidden | undefined {
  if (how?.rule !== 'hash') return how?.rule;
  const isOf = (cell: string | number | null) =>
    cell === null || (typeof cell === 'string' && cell.startsWith(`hashed:${how.key}:`));
  return cells.every(isOf) ? `hash:${how.key}` : 'mixed';
}

/** The inputs of a version that does not declare any, as its first part in the window has them. */
async function loggedNames(
  ctx: Context,
  endpoint: string,
  window: Window,
  digest: string,
): Promise<string[]> {
  for await (const part of readPredictions(ctx, { endpoint, ...window }))
    if (part.column('digest')[0] === digest) return inputColumns(part).map(([name]) => name);
  return [];
}
