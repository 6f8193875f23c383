import type { Context } from '../../context.ts';
import type { Stored } from '../../documents.ts';
import { CairnError, type Page, pageOf, positionIn } from '../../http/index.ts';
import type { ModelRoot, ModelVersion } from '../model.ts';
import { partition, readByName } from '../models/models.ts';

/** A version by model name and number. */
export async function versionByName(ctx: Context, name: string, version: number): Promise<ModelVersion> {
  return versionOf(ctx, (await readByName(ctx, name)).doc, version);
}

/** A version of a model that is known already. */
export async function versionOf(ctx: Context, root: ModelRoot, version: number): Promise<ModelVersion> {
  const stored = await readVersion(ctx, root.modelId, version);
  if (stored) return stored.doc;
  throw unknownVersion(root.name, version);
}

/** Whether a model has a version of this number, as its root knows. */
export function hasVersion({ nextVersion, gone }: ModelRoot, version: number): boolean {
  return Number.isInteger(version) && version >= 1 && version < nextVersion && !gone.includes(version);
}

/** MLflow's words where a model has no such version. */
export function unknownVersion(name: string, version: number): CairnError {
  return new CairnError('not-found', `Model Version (name=${name}, version=${version}) not found`, {
    field: 'version',
  });
}

/** A version by model id and number. Throws `not-found`. */
export async function getVersion(ctx: Context, modelId: string, version: number): Promise<ModelVersion> {
  return (await storedVersion(ctx, modelId, version)).doc;
}

/** The same with the etag that a conditional write needs. */
export async function storedVersion(
  ctx: Context,
  modelId: string,
  version: number,
): Promise<Stored<ModelVersion>> {
  const stored = await readVersion(ctx, modelId, version);
  if (stored) return stored;
  throw new CairnError('not-found', `Model Version (id=${modelId}, version=${version}) not found`, {
    field: 'version',
  });
}

/** The versions of a model, newest first. */
export async function listVersions(
  ctx: Context,
  root: ModelRoot,
  { limit, pageToken }: { limit: number; pageToken?: string | undefined },
): Promise<Page<ModelVersion>> {
  const before = positionIn(pageToken, { version: 0 })?.version ?? root.nextVersion;
  const rows = await ctx.stores.documents('models').query<ModelVersion>(
    {
      text: "SELECT * FROM c WHERE c.modelId = @modelId AND c.type = 'version' AND c.version < @before ORDER BY c.version DESC",
      values: { modelId: root.modelId, before },
    },
    { key: partition(ctx, root.modelId), limit: limit + 1, consistency: 'strong' },
  );
  return pageOf(rows, limit, ({ version }) => ({ version }));
}

/** A version with the etag that a conditional write needs; `undefined` where there is none, or none any more. */
export async function readVersion(
  ctx: Context,
  modelId: string,
  version: number,
): Promise<Stored<ModelVersion> | undefined> {
  const stored = await ctx.stores
    .documents('models')
    .read<ModelVersion>(partition(ctx, modelId), versionId(version));
  // What is left of a deleted one lies at the same place.
  return stored?.doc.type === 'version' ? stored : undefined;
}

/** What the events of a version are counted under. */
export function versionAggregate(modelId: string, version: number): string {
  return `version/${modelId}/${version}`;
}

/** The `ref` of a version. */
export function versionRef(modelId: string, version: number): string {
  return `${modelId}/${version}`;
}

/** The id of a version's document; ids sort as the numbers do. */
export function versionId(version: number): string {
  return `version:${String(version).padStart(8, '0')}`;
}
