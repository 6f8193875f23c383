import { accessState, type WorkspaceLimits } from '../access/index.ts';
import type { Stores } from '../azure/index.ts';
import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { batchRowsOf, monthEnd, monthOf, storedBytes } from '../usage/index.ts';

/** How old what is known of a workspace's use may be: over its limit by what is written meanwhile, not more. */
const freshMilliseconds = 30_000;
/** Space is freed by people; clients that wait must not wait for hours. */
const storageRetrySeconds = 60;

export const bytesPerGb = 1_000_000_000;

type Known = { readonly value: Promise<number>; readonly until: number };
const known = new WeakMap<Stores, Map<string, Known>>();

/** The limits of the workspace, where it has its own. */
export async function limitsOf(ctx: Context): Promise<WorkspaceLimits> {
  return (await accessState(ctx)).workspaces.get(ctx.workspace)?.limits ?? {};
}

/** Refuses what would be stored, with `too-many`, where the workspace holds as much as it may already. */
export async function checkStorage(ctx: Context): Promise<void> {
  const { storageGb } = await limitsOf(ctx);
  if (storageGb === undefined) return;
  const bytes = await remembered(ctx, 'storage', () => storedBytes(ctx, ctx.workspace));
  if (bytes < storageGb * bytesPerGb) return;
  throw new CairnError(
    'too-many',
    `Workspace '${ctx.workspace}' holds ${(bytes / bytesPerGb).toFixed(1)} GB of artifacts and batch files, and its limit is ${storageGb} GB. ` +
      'Space is free again when files are deleted (it is counted anew each day); an admin of the deployment can raise the limit storage_gb.',
    { retryAfterSeconds: storageRetrySeconds },
  );
}

/** Refuses another file to be scored, with `too-many`, where the workspace has scored as many rows this month as it may. */
export async function checkBatchRows(ctx: Context): Promise<void> {
  const { batchRowsPerMonth } = await limitsOf(ctx);
  if (batchRowsPerMonth === undefined) return;
  const now = ctx.clock.now();
  const month = monthOf(now);
  const rows = await remembered(ctx, `rows ${month}`, () => batchRowsOf(ctx, ctx.workspace, month));
  if (rows < batchRowsPerMonth) return;
  const end = monthEnd(now);
  throw new CairnError(
    'too-many',
    `Workspace '${ctx.workspace}' has scored ${rows} rows of files this month, and its limit is ${batchRowsPerMonth}. ` +
      `It begins anew at ${new Date(end).toISOString()}; an admin of the deployment can raise the limit batch_rows_per_month.`,
    { retryAfterSeconds: Math.ceil((end - now) / 1000) },
  );
}

function remembered(ctx: Context, what: string, load: () => Promise<number>): Promise<number> {
  let values = known.get(ctx.stores);
  if (!values) known.set(ctx.stores, (values = new Map()));
  const key = `${ctx.workspace} ${what}`;
  const held = values.get(key);
  const now = ctx.clock.now();
  if (held && now < held.until) return held.value;
  const value = load();
  values.set(key, { value, until: now + freshMilliseconds });
  value.catch(() => values.delete(key));
  return value;
}
