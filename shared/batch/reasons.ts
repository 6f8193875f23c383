import type { BadReason } from './chunk.ts';

/** Reasons that are told apart; all others are one. */
const reasonsMax = 20;

/** Why so many rows were bad; of a row by itself without `rows`. */
type Reason = Omit<BadReason, 'rows'> & { readonly rows?: number };

/** Counts reasons why rows were bad by column and wording, those of `more` behind those that are known. */
export function addReasons(known: readonly BadReason[], more: readonly Reason[]): BadReason[] {
  const counts = new Map<string, BadReason>();
  let others = 0;
  const add = ({ column, reason, rows: count = 1 }: Reason) => {
    if (reason === undefined) {
      others += count;
      return;
    }
    const key = JSON.stringify([column, reason]);
    const found = counts.get(key);
    if (!found && counts.size >= reasonsMax) others += count;
    else
      counts.set(key, {
        ...(column === undefined ? {} : { column }),
        reason,
        rows: (found?.rows ?? 0) + count,
      });
  };
  for (const each of [...known, ...more]) add(each);
  return [...counts.values(), ...(others > 0 ? [{ rows: others }] : [])];
}
