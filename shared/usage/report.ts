import type { Context } from '../context.ts';
import { flushUsage, type UsagePort } from './accounts.ts';
import { add, nothingUsed, type UsageDocument, type Used } from './model.ts';
import { storedBytes } from './storage.ts';

export type UsageRow = Readonly<Used> & {
  readonly workspace: string;
  readonly principalId: string;
  readonly principalName: string;
};

export type UsageReport = {
  readonly rows: readonly UsageRow[];
  /** The sum of the rows. */
  readonly totals: Readonly<Used>;
  /** Bytes that the workspace holds now, of whatever month; `undefined` where several are asked for. */
  readonly heldBytes: number | undefined;
};

/**
 * What was used in a month (`YYYY-MM`, by UTC): in one workspace or all, by one principal or all. What other instances
 * have not written yet is not in it: at most the last half minute.
 */
export async function usageIn(
  ctx: Context,
  asked: {
    readonly month: string;
    readonly workspace?: string | undefined;
    readonly principal?: string | undefined;
  },
): Promise<UsageReport> {
  await flushUsage(ctx);
  const { month, workspace, principal } = asked;
  const docs = await ctx.stores.documents('usage').query<UsageDocument>(
    {
      text: `SELECT * FROM c WHERE c.type = 'usage' AND c.month = @month${principal === undefined ? '' : ' AND c.principalId = @principal'}`,
      values: { month, ...(principal === undefined ? {} : { principal }) },
    },
    workspace === undefined ? {} : { key: [workspace, month], consistency: 'strong' },
  );
  const totals = nothingUsed();
  for (const doc of docs) add(totals, doc);
  return {
    rows: docs.toSorted((a, b) => compare(a.workspace, b.workspace) || compare(a.principalId, b.principalId)),
    totals,
    heldBytes: workspace === undefined ? undefined : await storedBytes(ctx, workspace),
  };
}

/** Rows of files that were scored in a workspace this month, as far as they are written. */
export async function batchRowsOf(port: UsagePort, workspace: string, month: string): Promise<number> {
  const rows = await port.stores
    .documents('usage')
    .query<{ batchRows: number }>(
      { text: "SELECT c.batchRows FROM c WHERE c.type = 'usage'" },
      { key: [workspace, month], consistency: 'strong' },
    );
  return rows.reduce((sum, row) => sum + row.batchRows, 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
