import * as z from 'zod';
import type { Context } from '../../shared/context.ts';
import { CairnError, problem, route, type Surface } from '../../shared/http/index.ts';
import { bytesPerGb, limitsOf } from '../../shared/limits/index.ts';
import { monthOf, type UsageReport, usageIn } from '../../shared/usage/index.ts';

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month, YYYY-MM');

/** What was used, by whom. */
export const usage: Surface = {
  name: 'usage',
  part: 'control',
  errors: problem,
  routes: [
    route('GET', '/api/v1/usage', {
      operation: 'usage',
      role: 'signed-in',
      input: z.strictObject({
        month: month.optional(),
        workspace: z.string().optional(),
        principal: z.string().optional(),
      }),
      handle: async (ctx, input) => {
        const asked = { ...input, month: input.month ?? monthOf(ctx.clock.now()) };
        const scope = scopeOf(ctx, asked);
        const [report, limits] = await Promise.all([
          usageIn(ctx, { month: asked.month, ...scope }),
          limitsOf(ctx),
        ]);
        return {
          month: asked.month,
          rows: report.rows.map(rowJson),
          totals: totalsJson(report, scope.principal === undefined),
          limits: {
            calls_per_minute: limits.callsPerMinute ?? ctx.settings.callsPerMinute,
            storage_gb: limits.storageGb ?? null,
            batch_rows_per_month: limits.batchRowsPerMonth ?? null,
          },
        };
      },
    }),
  ],
};

type Asked = { readonly workspace?: string | undefined; readonly principal?: string | undefined };

/**
 * Whose usage the caller sees: their own with any role in the workspace, everyone's in it as its admin, and that of
 * other workspaces (`*`: of all) as admin of the deployment. Throws `forbidden`.
 */
function scopeOf({ access, workspace, principal }: Context, asked: Asked): Asked {
  const own = principal.id;
  const where = asked.workspace ?? workspace;
  if (access.inDeployment === 'admin')
    return { workspace: where === '*' ? undefined : where, principal: asked.principal };
  if (where !== workspace)
    throw new CairnError('forbidden', 'This needs the role admin in the whole deployment.', {
      field: 'workspace',
    });
  if (access.may('admin')) return { workspace, principal: asked.principal };
  if (!access.isMember)
    throw new CairnError('forbidden', `This needs a role in workspace '${workspace}'.`, {
      field: 'workspace',
    });
  if ((asked.principal ?? own) !== own)
    throw new CairnError('forbidden', `This needs the role admin in workspace '${workspace}'.`, {
      field: 'principal',
    });
  return { workspace, principal: own };
}

type Quantities = UsageReport['totals'];

function quantitiesJson(used: Quantities) {
  return {
    calls: used.calls,
    refused_calls: used.refusedCalls,
    request_units: Math.round(used.requestUnits * 100) / 100,
    stored_gb: used.storedBytes / bytesPerGb,
    predictions: used.predictions,
    batch_rows: used.batchRows,
  };
}

/** `stored_gb` of a row is what the principal wrote in the month, less what they removed. */
function rowJson(row: UsageReport['rows'][number]) {
  return {
    workspace: row.workspace,
    principal_id: row.principalId,
    principal_name: row.principalName,
    ...quantitiesJson(row),
  };
}

/** `stored_gb` of a whole workspace is what it holds now. */
function totalsJson({ totals, heldBytes }: UsageReport, isWhole: boolean) {
  const held = isWhole && heldBytes !== undefined ? { stored_gb: heldBytes / bytesPerGb } : {};
  return { ...quantitiesJson(totals), ...held };
}
