import { type Context, platform } from '../context.ts';
import { inLedger, newLedger } from '../ledger.ts';
import { accountOf } from './accounts.ts';

/**
 * What `work` gives that no request asked for. What it takes stands in the platform's own account in the workspace;
 * what is done for all workspaces stands in none.
 */
export function inOwnName<T>(ctx: Context, work: () => T): T {
  if (ctx.workspace === '*') return work();
  return inLedger(newLedger(accountOf(ctx, ctx.workspace, platform)), work);
}
