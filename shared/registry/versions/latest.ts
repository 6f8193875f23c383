import type { Context } from '../../context.ts';
import { CairnError } from '../../http/index.ts';
import { type Condition, queryOf } from '../../search/index.ts';
import { aliasTarget } from '../aliases/aliases.ts';
import type { ModelRoot, ModelVersion } from '../model.ts';
import { modelByName } from '../models/models.ts';
import { type StageName, stageNames } from '../stages.ts';
import { readVersion, versionOf, versionRef } from './versions.ts';

/** Models whose versions are asked for in one query. */
const modelsPerQueryMax = 100;

/** The numbers of the highest version in each of some stages, ascending. */
export function latestNumbers(root: ModelRoot, stages: readonly StageName[] = stageNames): number[] {
  const numbers = [...new Set(stages)].flatMap((stage) =>
    stage === 'None' ? newestStageless(root) : (root.stages[stage] ?? []).slice(-1),
  );
  return numbers.toSorted((a, b) => a - b);
}

/** The highest version of each stage of a model, or of some of them. */
export async function latestVersions(
  ctx: Context,
  root: ModelRoot,
  stages?: readonly StageName[],
): Promise<ModelVersion[]> {
  const numbers = latestNumbers(root, stages);
  const stored = await Promise.all(numbers.map((number) => readVersion(ctx, root.modelId, number)));
  return stored.flatMap((each) => (each ? [each.doc] : []));
}

/** The same of many models, by model id, at a query for each hundred of them. */
export async function latestOfModels(
  ctx: Context,
  roots: readonly ModelRoot[],
): Promise<ReadonlyMap<string, ModelVersion[]>> {
  const byModel = new Map<string, ModelVersion[]>();
  for (let i = 0; i < roots.length; i += modelsPerQueryMax)
    for (const version of await versionsOf(ctx, roots.slice(i, i + modelsPerQueryMax)))
      byModel.set(version.modelId, [...(byModel.get(version.modelId) ?? []), version]);
  return byModel;
}

/** The version that an alias of a model stands for, or `latest` for the newest of all, and the model. */
export async function versionByAlias(
  ctx: Context,
  name: string,
  alias: string,
): Promise<{ root: ModelRoot; version: ModelVersion }> {
  const root = await modelByName(ctx, name);
  const number = alias.toLowerCase() === 'latest' ? newestNumber(root) : aliasTarget(root, alias);
  return { root, version: await versionOf(ctx, root, number) };
}

/** The number of the newest version. Throws `not-found` where there is none. */
export function newestNumber(root: ModelRoot, stage?: StageName): number {
  const newest = latestNumbers(root, stage === undefined ? undefined : [stage]).at(-1);
  if (newest !== undefined) return newest;
  throw new CairnError(
    'not-found',
    stage === undefined
      ? `Latest version not found for model ${root.name}.`
      : `No versions of model with name '${root.name}' and stage '${stage}' found`,
  );
}

function newestStageless(root: ModelRoot): number[] {
  const others = new Set([...root.gone, ...Object.values(root.stages).flat()]);
  for (let number = root.nextVersion - 1; number >= 1; number--) if (!others.has(number)) return [number];
  return [];
}

function versionsOf(ctx: Context, roots: readonly ModelRoot[]): Promise<ModelVersion[]> {
  const refs = roots.flatMap((root) => latestNumbers(root).map((number) => versionRef(root.modelId, number)));
  if (refs.length === 0) return Promise.resolve([]);
  const found: Condition = (bind) => `c.type = 'version' AND c.ref IN (${refs.map(bind).join(', ')})`;
  return ctx.stores
    .documents('models')
    .query<ModelVersion>(queryOf('*', [found], 'c.version'), { key: [ctx.workspace] });
}
