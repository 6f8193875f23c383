import type { Context } from '../context.ts';
import { type DataPolicy, type NamedRules, retentionDaysDefault } from '../privacy/index.ts';
import { checkColumns, checkMasked, checkRetention } from './check-policy.ts';
import { changedPolicy } from './data-policy.ts';
import type { Endpoint } from './endpoint.ts';
import type { LoggingChange } from './input.ts';

/** What a data policy says its purpose is that was given with the logging of an endpoint. */
const purposeDefault = 'Monitoring, quality control and retraining of the models of this endpoint.';

/**
 * An endpoint that logs otherwise. Which columns are masked and for how long rows are kept stands in its data policy,
 * which it gets by either; what else that says stays. Throws `invalid` as the change of a data policy does.
 */
export async function loggedAs(
  ctx: Context,
  endpoint: Endpoint,
  { maskedColumns: columns, retentionDays, ...logging }: LoggingChange = {},
): Promise<Endpoint> {
  const next: Endpoint = { ...endpoint, logging: { ...endpoint.logging, ...logging } };
  const before = endpoint.dataPolicy;
  if (retentionDays === undefined && (columns === undefined || (!before && columns.length === 0)))
    return next;
  const { purpose, subjectKey } = before ?? { purpose: purposeDefault, subjectKey: undefined };
  const days = retentionDays ?? before?.retentionDays ?? defaultDays(ctx);
  const pii = columns ? masked(before?.pii ?? {}, columns) : (before?.pii ?? {});
  if (before && days === before.retentionDays && isSameRules(pii, before.pii)) return next;
  if (columns) {
    const field = 'logging.masked_columns';
    const masks = masked({}, columns);
    checkMasked(masks, subjectKey, field);
    await checkColumns(ctx, next, { pii: masks, field });
  }
  await checkRetention(ctx, next, days, 'logging.retention_days');
  const said = { purpose, pii, retentionDays: days, subjectKey };
  return { ...next, dataPolicy: changedPolicy(ctx, before, said) };
}

/** Days that rows are kept where nobody has said for how long. */
export function defaultDays({ settings }: Pick<Context, 'settings'>): number {
  return Math.min(retentionDaysDefault, settings.retentionDaysMax);
}

/** The columns that a data policy masks. */
export function maskedColumns(policy: DataPolicy | undefined): string[] {
  const pii = policy?.pii ?? {};
  return Object.keys(pii).filter((name) => pii[name] === 'mask');
}

function masked(pii: NamedRules, columns: readonly string[]): NamedRules {
  const hashed = Object.entries(pii).filter(([name, how]) => how === 'hash' && !columns.includes(name));
  return Object.fromEntries([...hashed, ...columns.map((name) => [name, 'mask'] as const)]);
}

function isSameRules(a: NamedRules, b: NamedRules): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
