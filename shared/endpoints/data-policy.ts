import type { Context } from '../context.ts';
import { CairnError } from '../http/index.ts';
import { canHash, type DataPolicy, noKeyStore, retentionDaysDefault } from '../privacy/index.ts';
import { checkColumns, checkMasked, checkRetention } from './check-policy.ts';
import type { Endpoint } from './endpoint.ts';
import { changeEndpoint, getEndpoint } from './store.ts';
import { toldOfPolicy } from './told.ts';

export type NewDataPolicy = Pick<DataPolicy, 'purpose' | 'pii'> & {
  readonly retentionDays?: number | undefined;
  readonly subjectKey?: string | undefined;
};

/** The data policy of an endpoint; `undefined` where nobody has given it one. */
export async function getDataPolicy(ctx: Context, name: string): Promise<DataPolicy | undefined> {
  return (await getEndpoint(ctx, name)).dataPolicy;
}

/**
 * Replaces the data policy of an endpoint; every instance follows it within 10 seconds, for what is logged from
 * then on. With `ifMatch` (the version, 0 for none yet, or `*` for any) only where it is still that one: `conflict`
 * otherwise.
 * Throws `invalid` for a column that the model does not have, for a hash without keys to hash by, and for a
 * retention below what the law or above what the deployment keeps.
 */
export async function putDataPolicy(
  ctx: Context,
  name: string,
  input: NewDataPolicy,
  ifMatch?: string,
): Promise<DataPolicy> {
  const { doc } = await changeEndpoint(ctx, name, async (endpoint) => {
    checkMatch(endpoint, ifMatch);
    await check(ctx, endpoint, input);
    const { purpose, retentionDays = retentionDaysDefault, pii, subjectKey } = input;
    const dataPolicy = changedPolicy(ctx, endpoint.dataPolicy, { purpose, retentionDays, pii, subjectKey });
    const subject = toldOfPolicy(dataPolicy, endpoint.dataPolicy);
    return { next: { ...endpoint, dataPolicy }, type: 'endpoint.changed', subject };
  });
  if (!doc.dataPolicy) throw new Error('A data policy was put and is not there.');
  return doc.dataPolicy;
}

/** The next version of a data policy. */
export function changedPolicy(
  ctx: Context,
  before: DataPolicy | undefined,
  next: Pick<DataPolicy, 'purpose' | 'pii' | 'retentionDays'> & { readonly subjectKey: string | undefined },
): DataPolicy {
  const { subjectKey, ...said } = next;
  return {
    version: (before?.version ?? 0) + 1,
    ...said,
    ...(subjectKey === undefined ? {} : { subjectKey }),
    changedAt: ctx.clock.now(),
    changedBy: ctx.principal.id,
  };
}

function checkMatch({ name, dataPolicy }: Endpoint, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  const isSame = ifMatch === '*' ? dataPolicy !== undefined : ifMatch === String(dataPolicy?.version ?? 0);
  if (isSame) return;
  throw new CairnError(
    'conflict',
    `The data policy of '${name}' ${dataPolicy ? `is at version ${dataPolicy.version} by now` : 'does not exist'}; read it again and repeat the change.`,
    { field: 'If-Match' },
  );
}

async function check(ctx: Context, endpoint: Endpoint, input: NewDataPolicy): Promise<void> {
  const { pii, subjectKey, retentionDays = retentionDaysDefault } = input;
  checkMasked(pii, subjectKey, 'pii');
  const hashed = subjectKey === undefined ? Object.keys(pii).find((name) => pii[name] === 'hash') : undefined;
  if (!canHash(ctx) && (subjectKey ?? hashed) !== undefined)
    throw noKeyStore(subjectKey === undefined ? `pii.${hashed}` : 'subject_key');
  await checkColumns(ctx, endpoint, { pii, subjectKey, field: 'pii' });
  await checkRetention(ctx, endpoint, retentionDays, 'retention_days');
}
