import type { Context } from '../context.ts';
import { getEndpoint, rulesOf } from '../endpoints/index.ts';
import { isCode } from '../http/index.ts';
import { ruleOf } from '../privacy/index.ts';
import { excerpt } from '../redaction/index.ts';
import type { VersionReady } from '../registry/index.ts';
import type { RowProblem } from './formats/rows.ts';
import type { BatchFailure, BatchJob, BatchModel, Owner } from './job.ts';

/**
 * What may be told of bad rows: without the value where its column is personal data, by the rules of the endpoint and
 * of the version that scores, or where they can no longer be known, or where no column is known that it stood in.
 */
export async function tellingOf(
  ctx: Context,
  { owner, model }: { readonly owner: Owner; readonly model: BatchModel },
  { signature }: Pick<VersionReady, 'signature'>,
): Promise<(problem: RowProblem) => RowProblem> {
  const rules = await rulesOfJob(ctx, owner, model);
  // A rule may name the one input that all columns are parts of; of several, each is a column of its own.
  const [only, ...others] = signature.inputs;
  const whole = only && others.length === 0 ? [only.name] : [];
  const isPersonal = (column: string) =>
    rules === undefined ||
    [column, ...whole].some((tensor) => ruleOf(rules, { side: 'in', tensor, name: column }) !== undefined);
  return ({ row, column, value, reason }) => ({
    row,
    ...(column === undefined ? {} : { column: shownName(column) }),
    ...(column === undefined || value === undefined || isPersonal(column) ? {} : { value }),
    reason,
  });
}

/** A failure as it is told: without the value that was wrong, unless it is known that no column is personal data. */
export async function shownFailure(
  ctx: Context,
  { workspace, owner, model }: BatchJob,
  failure: BatchFailure,
): Promise<BatchFailure> {
  const { value, ...rest } = failure;
  const named = rest.column === undefined ? rest : { ...rest, column: shownName(rest.column) };
  if (value === undefined) return named;
  const rules = model && (await rulesOfJob({ ...ctx, workspace }, owner, model));
  if (rules?.columns.size === 0) return { ...named, value };
  return { ...named, reason: `The value ${rest.reason}; it is not shown, since columns are personal data` };
}

const nameCharactersMax = 200;

/** The name of a column as it is told: a key of JSON may be of any size. */
function shownName(column: string): string {
  return excerpt(column, nameCharactersMax);
}

/** Which columns of a job are personal data; `undefined` where the endpoint or the version is gone. */
export async function rulesOfJob(ctx: Context, owner: Owner, { modelId, ...stable }: BatchModel) {
  try {
    const endpoint = owner.type === 'endpoint' ? await getEndpoint(ctx, owner.id) : {};
    return await rulesOf(ctx, endpoint, { modelId, stable });
  } catch (error) {
    if (isCode(error, 'not-found')) return undefined;
    throw error;
  }
}
