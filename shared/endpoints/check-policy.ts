import type { Context } from '../context.ts';
import { CairnError, unlessCode } from '../http/index.ts';
import { highRiskDaysMin, isHighRisk, type NamedRules } from '../privacy/index.ts';
import { aliasHolder, getReady, getVersion, modelById, type VersionReady } from '../registry/index.ts';
import { modelIdsOf, type ModelDeployment, type Pinned, pinnedOf } from './deployment.ts';
import type { Logged } from './endpoint.ts';

/** Throws `invalid` where the column that tells people apart would be masked. `field` is what callers know it by. */
export function checkMasked(pii: NamedRules, subjectKey: string | undefined, field: string): void {
  if (subjectKey === undefined || !Object.hasOwn(pii, subjectKey) || pii[subjectKey] !== 'mask') return;
  throw new CairnError(
    'invalid',
    `'${subjectKey}' is the subject key, which is always hashed so that its rows can be found; it cannot be masked.`,
    { field },
  );
}

/**
 * Throws `invalid` for a column that no model of the endpoint has. While one of its models cannot be read, or one of
 * its deployments is elsewhere, any column may be one.
 */
export async function checkColumns(
  ctx: Context,
  endpoint: Logged,
  { pii, subjectKey, field }: { pii: NamedRules; subjectKey?: string | undefined; field: string },
): Promise<void> {
  const versions = await readyVersions(ctx, endpoint);
  if (!versions) return;
  const inputs = [...new Set(versions.flatMap((each) => columnsOf(each, 'in')))];
  const known = [...new Set([...inputs, ...versions.flatMap((each) => columnsOf(each, 'out'))])];
  const isKnown = (name: string, among: readonly string[]) =>
    among.some((each) => name === each || isPart(name, each));
  for (const name of Object.keys(pii)) if (!isKnown(name, known)) throw unknownColumn(name, known, field);
  if (subjectKey !== undefined && !isKnown(subjectKey, inputs))
    throw unknownColumn(subjectKey, inputs, 'subject_key');
}

/** Throws `invalid` for days below what the law or above what the deployment keeps. */
export async function checkRetention(
  ctx: Context,
  endpoint: Logged,
  days: number,
  field: string,
): Promise<void> {
  const most = ctx.settings.retentionDaysMax;
  if (days > most)
    throw new CairnError(
      'invalid',
      `'retention_days' is ${days}, but this deployment keeps nothing for longer than ${most} days (CAIRN_RETENTION_DAYS_MAX).`,
      { field },
    );
  if (days < highRiskDaysMin && (await isEndpointHighRisk(ctx, endpoint)))
    throw new CairnError(
      'invalid',
      `'retention_days' is ${days}, but logs of a system tagged 'risk: high' are kept for at least ${highRiskDaysMin} days: six months, by Articles 19 and 26(6) of the EU AI Act (2024/1689).`,
      { field },
    );
}

/**
 * Whether the endpoint, a model of it or a version that answers is tagged `risk: high`, or its log may still hold rows
 * of an endpoint of its name that was.
 */
export async function isEndpointHighRisk(ctx: Context, endpoint: Logged): Promise<boolean> {
  if (isHighRisk(endpoint.labels) || ctx.clock.now() < (endpoint.highRiskUntil ?? 0)) return true;
  const tagged = await Promise.all([
    ...modelIdsOf(endpoint).map((modelId) => unlessCode(modelById(ctx, modelId), 'not-found')),
    ...pinnedOf(endpoint).map(({ modelId, pinned }) =>
      unlessCode(getVersion(ctx, modelId, pinned.version), 'not-found'),
    ),
  ]);
  return isHighRisk(...tagged.map((each) => each?.tags));
}

/**
 * Every version that answers or is about to; `undefined` where one of them cannot be read, or answers are given
 * elsewhere.
 */
export async function readyVersions(ctx: Context, endpoint: Logged): Promise<VersionReady[] | undefined> {
  const models = modelsOf(endpoint);
  const read = await Promise.all(
    models.map(async (each) => {
      const numbers = await versionsOf(ctx, each);
      return numbers.length === 0
        ? [undefined]
        : Promise.all(
            numbers.map((version) =>
              unlessCode(getReady(ctx, each.modelId, version), 'not-found', 'conflict', 'unavailable'),
            ),
          );
    }),
  );
  const known = read.flat().filter((each) => each !== undefined);
  const isWhole = models.length === endpoint.deployments.length && known.length === read.flat().length;
  return isWhole && known.length > 0 ? known : undefined;
}

/** The versions that a deployment answers with, or is to answer with as soon as it has any. */
async function versionsOf(
  ctx: Context,
  { modelId, follows, stable, rollout }: ModelDeployment,
): Promise<number[]> {
  const pinned = [stable, rollout?.to].filter((each): each is Pinned => each !== undefined);
  if (pinned.length > 0) return pinned.map(({ version }) => version);
  if ('version' in follows) return [follows.version];
  const model = await unlessCode(modelById(ctx, modelId), 'not-found');
  const held = model && aliasHolder(model, follows.alias);
  return held === undefined ? [] : [held];
}

function modelsOf({ deployments }: Logged): ModelDeployment[] {
  return deployments.filter((each): each is ModelDeployment => each.kind === 'model');
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
