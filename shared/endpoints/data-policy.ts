import type { Context } from '../context.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import {
  canHash,
  type DataPolicy,
  highRiskDaysMin,
  isHighRisk,
  noKeyStore,
  retentionDaysDefault,
} from '../privacy/index.ts';
import { excerpt } from '../redaction/index.ts';
import { getReady, getVersion, modelById, type VersionReady } from '../registry/index.ts';
import { mainOf, pinnedOf } from './deployment.ts';
import type { Endpoint } from './endpoint.ts';
import { changeEndpoint, getEndpoint } from './store.ts';

const textCharsMax = 1000;

export type NewDataPolicy = Pick<DataPolicy, 'purpose' | 'pii'> & {
  readonly retentionDays?: number | undefined;
  readonly subjectKey?: string | undefined;
};

/** The data policy of an endpoint; `not-found` where it has none. */
export async function getDataPolicy(ctx: Context, name: string): Promise<DataPolicy> {
  const { dataPolicy } = await getEndpoint(ctx, name);
  if (dataPolicy) return dataPolicy;
  throw new CairnError('not-found', `Endpoint '${name}' has no data policy; PUT one to give it one.`, {
    field: 'name',
  });
}

/**
 * Replaces the data policy of an endpoint; every instance follows it within 10 seconds, for what is logged from
 * then on. With `ifMatch` (the version, or `*` for any) only where it is still that one: `conflict` otherwise.
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
    const dataPolicy: DataPolicy = {
      version: (endpoint.dataPolicy?.version ?? 0) + 1,
      purpose: input.purpose,
      retentionDays: input.retentionDays ?? retentionDaysDefault,
      pii: input.pii,
      ...(input.subjectKey === undefined ? {} : { subjectKey: input.subjectKey }),
      changedAt: ctx.clock.now(),
      changedBy: ctx.principal.id,
    };
    const subject = changed(dataPolicy, endpoint.dataPolicy);
    return { next: { ...endpoint, dataPolicy }, type: 'endpoint.changed', subject };
  });
  if (!doc.dataPolicy) throw new Error('A data policy was put and is not there.');
  return doc.dataPolicy;
}

/**
 * What a policy says where it says other than the one before, as texts: the audit log tells it, without what looks like a
 * secret and no longer than can be read.
 */
function changed(policy: DataPolicy, before: DataPolicy | undefined): Record<string, string> {
  const now = textsOf(policy);
  const old: Record<string, string> = before ? textsOf(before) : {};
  return Object.fromEntries(
    Object.entries(now)
      .filter(([field, text]) => text !== (old[field] ?? ''))
      .map(([field, text]) => [field, excerpt(text, textCharsMax)]),
  );
}

function textsOf({ purpose, retentionDays, pii, subjectKey = '' }: DataPolicy): Record<string, string> {
  const columns = (how: 'mask' | 'hash') =>
    Object.keys(pii)
      .filter((name) => pii[name] === how)
      .toSorted()
      .join(', ');
  return {
    purpose,
    retentionDays: String(retentionDays),
    masked: columns('mask'),
    hashed: columns('hash'),
    subjectKey,
  };
}

function checkMatch({ name, dataPolicy }: Endpoint, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  const isSame = ifMatch === '*' ? dataPolicy !== undefined : ifMatch === String(dataPolicy?.version);
  if (isSame) return;
  throw new CairnError(
    'conflict',
    `The data policy of '${name}' ${dataPolicy ? `is at version ${dataPolicy.version} by now` : 'does not exist'}; read it again and repeat the change.`,
    { field: 'If-Match' },
  );
}

async function check(ctx: Context, endpoint: Endpoint, input: NewDataPolicy): Promise<void> {
  const { pii, subjectKey } = input;
  if (subjectKey !== undefined && Object.hasOwn(pii, subjectKey) && pii[subjectKey] === 'mask')
    throw new CairnError(
      'invalid',
      `'${subjectKey}' is the subject key, which is always hashed so that its rows can be found; it cannot be masked.`,
      { field: 'pii' },
    );
  const hashed = subjectKey === undefined ? Object.keys(pii).find((name) => pii[name] === 'hash') : undefined;
  if (!canHash(ctx) && (subjectKey ?? hashed) !== undefined)
    throw noKeyStore(subjectKey === undefined ? `pii.${hashed}` : 'subject_key');
  await checkColumns(ctx, endpoint, input);
  await checkRetention(ctx, endpoint, input.retentionDays ?? retentionDaysDefault);
}

async function checkColumns(ctx: Context, endpoint: Endpoint, { pii, subjectKey }: NewDataPolicy) {
  const main = mainOf(endpoint);
  const ready =
    main?.stable &&
    (await unlessCode(
      getReady(ctx, main.modelId, main.stable.version),
      'not-found',
      'conflict',
      'unavailable',
    ));
  if (!ready) return;
  const inputs = columnsOf(ready, 'in');
  const known = [...inputs, ...columnsOf(ready, 'out')];
  const isKnown = (name: string, among: readonly string[]) =>
    among.some((each) => name === each || isPart(name, each));
  for (const name of Object.keys(pii)) if (!isKnown(name, known)) throw unknownColumn(name, known, 'pii');
  if (subjectKey !== undefined && !isKnown(subjectKey, inputs))
    throw unknownColumn(subjectKey, inputs, 'subject_key');
}

/** Features, inputs and outputs, bare and with `in.` or `out.`. */
function columnsOf({ features, signature }: VersionReady, side: 'in' | 'out'): string[] {
  const tensors = side === 'in' ? signature.inputs : signature.outputs;
  const names = [...(side === 'in' ? (features ?? []) : []), ...tensors.map(({ name }) => name)];
  return names.flatMap((name) => [name, `${side}.${name}`]);
}

/** A column of a tensor that has several, by its number or label. */
function isPart(name: string, tensor: string): boolean {
  return name.length > tensor.length + 1 && name.startsWith(`${tensor}.`);
}

function unknownColumn(name: string, known: readonly string[], field: string): CairnError {
  const some = known.filter((each) => !/^(in|out)\./.test(each)).slice(0, 50);
  return new CairnError(
    'invalid',
    `The model has no column '${name.slice(0, 100)}'; it has ${some.map((each) => `'${each}'`).join(', ')}.`,
    { field },
  );
}

async function checkRetention(ctx: Context, endpoint: Endpoint, days: number): Promise<void> {
  const most = ctx.settings.retentionDaysMax;
  if (days > most)
    throw new CairnError(
      'invalid',
      `'retention_days' is ${days}, but this deployment keeps nothing for longer than ${most} days (CAIRN_RETENTION_DAYS_MAX).`,
      { field: 'retention_days' },
    );
  if (days < highRiskDaysMin && (await isEndpointHighRisk(ctx, endpoint)))
    throw new CairnError(
      'invalid',
      `'retention_days' is ${days}, but logs of a system tagged 'risk: high' are kept for at least ${highRiskDaysMin} days: six months, by Articles 19 and 26(6) of the EU AI Act (2024/1689).`,
      { field: 'retention_days' },
    );
}

/** Whether the endpoint, a model of it or a version that answers is tagged `risk: high`. */
export async function isEndpointHighRisk(ctx: Context, endpoint: Endpoint): Promise<boolean> {
  if (isHighRisk(endpoint.labels)) return true;
  const models = new Set(
    endpoint.deployments.flatMap((each) => (each.kind === 'model' ? [each.modelId] : [])),
  );
  const tagged = await Promise.all([
    ...[...models].map((modelId) => unlessCode(modelById(ctx, modelId), 'not-found')),
    ...pinnedOf(endpoint).map(({ modelId, pinned }) =>
      unlessCode(getVersion(ctx, modelId, pinned.version), 'not-found'),
    ),
  ]);
  return isHighRisk(...tagged.map((each) => each?.tags));
}
