import type { BadReason } from './job.ts';

/** Reasons that are told apart; all others are one. */
const reasonsMax = 20;

type Reason = { readonly column?: string; readonly reason?: string; readonly rows?: number };

/** Counts reasons why rows were bad by column and wording, those of `more` behind those that are known. */
export function addReasons(known: readonly BadReason[], more: readonly (Reason | BadReason)[]): BadReason[] {
  const counts = new Map<string, BadReason>();
  let others = 0;
  const add = ({ column, reason }: Reason, count: number) => {
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
  for (const each of known) add(each, each.rows);
  for (const each of more) add(each, each.rows ?? 1);
  return [...counts.values(), ...(others > 0 ? [{ rows: others }] : [])];
}
